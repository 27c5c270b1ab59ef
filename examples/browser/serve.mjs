/**
 * Serves the page: `npm run example:browser [-- --port 8080 --no-isolation]`. With the two isolation headers a page may use
 * threads; without them everything works on one.
 */
import { parseArgs } from "node:util";
import { serve } from "./server.mjs";

const { values } = parseArgs({
  options: { port: { type: "string", default: "8080" }, "no-isolation": { type: "boolean", default: false } },
});
const isolated = !values["no-isolation"];
const { port } = await serve({ port: Number(values.port), isolated });
console.log(`http://localhost:${port}/ ${isolated ? "with" : "without"} isolation headers; Ctrl+C ends`);
