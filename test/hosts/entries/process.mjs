/** The suite in a process of Node, Deno or Bun: one line of JSON, and then the process must end by itself. */
import * as whetstone from "whetstone";
import { runSuite } from "./suite.js";

const options = JSON.parse(process.argv[2] ?? "{}");
console.log(JSON.stringify(await runSuite(whetstone, options)));
