/**
 * `npm run bench`: runs the benches on a current Node, which comes with test/hosts as older ones neither strip types nor have
 * relaxed SIMD. Flags: --filter WORD runs the benches and tasks whose name holds it, --quick takes fewer samples.
 * Ends with a status other than 0 if a bench misses a bar.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { currentNode } from "./node.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const { values: flags } = parseArgs({ options: { filter: { type: "string", default: "" }, quick: { type: "boolean", default: false } } });

/** Each bench, what --filter finds it by, and whether it chooses among these names itself. */
const benches = [
  { file: "bench/kernels/gemm.bench.ts", names: ["gemm"], takesFilter: false },
  { file: "bench/kernels/ops.bench.ts", names: ["ops"], takesFilter: false },
  { file: "bench/training/steps.bench.ts", names: ["iris", "digits", "mnist", "wide", "deep", "irisOne", "mnistOne"], takesFilter: true },
  { file: "bench/training/own.bench.ts", names: ["predict", "fit", "dead", "cold"], takesFilter: true },
  // Wants an idle machine of at least two cores, and minutes: only when asked for.
  { file: "bench/threads.bench.ts", names: ["threads"], takesFilter: false, isAskedFor: true },
];

function run(command, words) {
  const { status, error } = spawnSync(command, words, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  return status ?? 1;
}

const chosen = benches.filter(
  ({ names, isAskedFor }) => !(isAskedFor && flags.filter === "") && names.some((name) => name.includes(flags.filter)),
);
if (chosen.length === 0) {
  console.error(`bench: --filter must be part of one of ${benches.flatMap(({ names }) => names).join(", ")}, got "${flags.filter}"`);
  process.exit(1);
}
const node = currentNode();
if (run(process.execPath, ["tools/build-wasm.mjs"]) !== 0) process.exit(1);
for (const { file, takesFilter } of chosen) {
  const words = [...(takesFilter && flags.filter ? ["--filter", flags.filter] : []), ...(flags.quick ? ["--quick"] : [])];
  if (run(node, [file, ...words]) !== 0) process.exitCode = 1;
}
