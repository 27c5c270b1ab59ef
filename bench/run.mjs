/**
 * `npm run bench`: runs the benches on a current Node, which comes with test/hosts as older ones neither strip types nor have
 * relaxed SIMD. Flags: --filter WORD runs the benches and tasks whose name holds it, --quick takes fewer samples.
 * Ends with a status other than 0 if a bench misses a bar.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const hosts = join(root, "test/hosts");
const ownNode = join(hosts, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");

const { values: flags } = parseArgs({ options: { filter: { type: "string", default: "" }, quick: { type: "boolean", default: false } } });

/** Each bench, what --filter finds it by, and whether it chooses among these names itself. */
const benches = [
  { file: "bench/kernels/gemm.bench.ts", names: ["gemm"], takesFilter: false },
  { file: "bench/training/steps.bench.ts", names: ["iris", "digits", "mnist", "wide"], takesFilter: true },
  // Wants an idle machine of at least two cores, and minutes: only when asked for.
  { file: "bench/threads.bench.ts", names: ["threads"], takesFilter: false, isAskedFor: true },
];

function run(command, words) {
  const { status, error } = spawnSync(command, words, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  return status ?? 1;
}

/** The Node of test/hosts, or this one where it is new enough and there is none for the platform. */
function currentNode() {
  if (!existsSync(ownNode)) run("npm", ["ci", "--prefix", hosts]);
  if (existsSync(ownNode)) return ownNode;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  console.error(`bench: test/hosts has no Node for ${process.platform}-${process.arch}; start the benches with Node 22.18 or later`);
  process.exit(1);
}

const chosen = benches.filter(
  ({ names, isAskedFor }) => !(isAskedFor && flags.filter === "") && names.some((name) => name.includes(flags.filter)),
);
if (chosen.length === 0) {
  console.error(`bench: --filter must be part of one of ${benches.flatMap(({ names }) => names).join(", ")}, got "${flags.filter}"`);
  process.exit(1);
}
const node = currentNode();
if (run(process.execPath, ["tools/build-wasm.mjs", "fast"]) !== 0) process.exit(1);
for (const { file, takesFilter } of chosen) {
  const words = [...(takesFilter && flags.filter ? ["--filter", flags.filter] : []), ...(flags.quick ? ["--quick"] : [])];
  if (run(node, [file, ...words]) !== 0) process.exitCode = 1;
}
