/**
 * Serves the page: `npm run example:browser [-- --port 8080 --no-isolation]`. With the two isolation headers a page may use
 * threads; without them everything works on one.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const { values } = parseArgs({
  options: { port: { type: "string", default: "8080" }, "no-isolation": { type: "boolean", default: false } },
});
const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".map": "application/json" };
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
  const file = path === "/" ? "/examples/browser/index.html" : path;
  const isServed = ["/examples/browser/", "/dist/"].some((folder) => file.startsWith(folder));
  try {
    if (!isServed) throw new Error("not served");
    const body = await readFile(join(root, file));
    response.writeHead(200, {
      "Content-Type": types[extname(file)] ?? "application/octet-stream",
      ...(values["no-isolation"] ? {} : isolation),
    });
    response.end(body);
  } catch {
    response.writeHead(404).end("not found");
  }
});

server.listen(Number(values.port), "127.0.0.1", () => {
  console.log(`http://localhost:${server.address().port}/ ${values["no-isolation"] ? "without" : "with"} isolation headers; Ctrl+C ends`);
});
