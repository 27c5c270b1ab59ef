/**
 * `npm run check:stress [-- --host deno --runs 1000 --seed 1]`: bench/stress.ts in a current Node, Deno and Bun, which it installs
 * beside the project, one after the other. Ends with a status other than 0 if one of them has a fault, hangs or is missing.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build } from "esbuild";
import { currentNode } from "../bench/node.mjs";

const root = join(import.meta.dirname, "..");
const [flag, chosen] = process.argv.slice(2);
const [only, rest] = flag === "--host" ? [chosen, process.argv.slice(4)] : [undefined, process.argv.slice(2)];

currentNode(); // installs all hosts if they are not there
const { missing, processHosts, versionOf } = await import("../test/hosts/processes.mjs");
const hosts = processHosts.filter(({ name }) => ["node 26", "deno", "bun"].includes(name) && (only === undefined || name.includes(only)));
if (hosts.length === 0) {
  console.error(`check:stress: --host must be part of node 26, deno or bun, got ${only}`);
  process.exit(1);
}

const outfile = join(root, "build", "run", "stress.mjs");
// Without tsconfig.json, whose paths lead to the sources.
await build({
  entryPoints: [join(root, "bench/stress.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  tsconfigRaw: {},
  logLevel: "warning",
});
for (const host of hosts) {
  const { name, program, flags } = host;
  const fault = missing(host);
  if (fault) {
    console.error(`FAILED: ${fault}`);
    process.exitCode = 1;
    continue;
  }
  console.log(`${name} ${versionOf(host)}`);
  // The watchdog ends the process, which Deno has to be allowed.
  const words = [...flags, ...(name === "deno" ? ["--allow-all"] : []), outfile, ...rest];
  const { status } = spawnSync(program, words, { stdio: "inherit" });
  if (status !== 0) {
    console.error(`FAILED: ${name} ended with status ${status}`);
    process.exitCode = 1;
  }
}
