/**
 * Our own runs beside one another, one thread, `fast`: prediction, `fit` against the bare loop, dead units against live ones, cold start.
 * Fails if one misses its bar.
 * Run with a current Node: node bench/training/own.bench.ts [--filter predict|fit|dead|cold] [--quick]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, createRuntime, type Runtime } from "../../src/index.ts";
import { Module, machine, timeInTurns } from "../harness.ts";
import { PEAK_FLOP, peak } from "../kernels/peak.ts";
import { coldStarts, deadAndLive, fitSpeed } from "./measures.ts";
import { rowsOf, tasks } from "./tasks.ts";

const FIT_BAR = 0.8;
/** Equal, as far as an undisturbed machine repeats itself. */
const DEAD_BAR = 1.05;
/** Milliseconds. */
const COLD_BAR = 30;

const { values: flags } = parseArgs({ options: { filter: { type: "string", default: "" }, quick: { type: "boolean", default: false } } });
const faults: string[] = [];

function hold(what: string, holds: boolean): string {
  if (!holds) faults.push(what);
  return holds ? "yes" : "NO";
}

const time = (seconds: number) => (seconds < 1e-3 ? `${(seconds * 1e6).toFixed(2)} µs` : `${(seconds * 1e3).toFixed(2)} ms`);

async function predictions(runtime: Runtime): Promise<void> {
  const task = tasks.find(({ name }) => name === "mnist")!;
  const model = await build(task.net, { seed: 1, runtime });
  console.log("\n| prediction, mnist net | least | median | µs a row | GFLOP/s | of the multiply-add loop |\n|---|---|---|---|---|---|");
  for (const rows of [1, 2, 8, 9, 32, 128, 1024]) {
    const { x } = rowsOf(task, rows);
    const [own, limit] = timeInTurns([() => void model.predict(x), peak(new Module("fast"))], {
      rounds: flags.quick ? 2 : 6,
      seconds: 0.1,
    });
    const flop = task.widths.slice(1).reduce((sum, width, i) => sum + 2 * rows * width * task.widths[i], 0);
    const ratio = (flop / own.min) * (limit.min / PEAK_FLOP);
    const cells = [`${rows} rows`, time(own.min), time(own.median), ((own.min * 1e6) / rows).toFixed(1)];
    console.log(`| ${[...cells, (flop / own.min / 1e9).toFixed(1), ratio.toFixed(2)].join(" | ")} |`);
  }
}

async function fits(runtime: Runtime): Promise<void> {
  console.log(`\n| fit | a step in the loop | a step in fit | throughput | bar ${FIT_BAR} | a usual call |\n|---|---|---|---|---|---|`);
  for (const [name, usual] of [
    ["iris", "100 epochs"],
    ["digits", "50 epochs"],
  ] as const) {
    const { loop, fit, call } = await fitSpeed(name, runtime, flags.quick ? 2 : 8);
    const share = loop / fit;
    const verdict = hold(`fit of ${name}: ${share.toFixed(2)} of the bare loop, ${FIT_BAR} are promised`, share >= FIT_BAR);
    console.log(`| ${[name, time(loop), time(fit), share.toFixed(2), verdict, `${usual} ${time(call)}`].join(" | ")} |`);
  }
}

async function deaths(runtime: Runtime): Promise<void> {
  const { dead, live } = await deadAndLive(runtime, flags.quick ? 3 : 12);
  const ratio = dead.min / live.min;
  const verdict = hold(`dead units: ${ratio.toFixed(3)} of the time of live ones, at most ${DEAD_BAR} is promised`, ratio <= DEAD_BAR);
  console.log(`\n| dead units | live | dead | ratio | bar ${DEAD_BAR} |\n|---|---|---|---|---|`);
  console.log(`| 64-128-64-10 | ${time(live.min)} | ${time(dead.min)} | ${ratio.toFixed(3)} | ${verdict} |`);
}

async function cold(): Promise<void> {
  const count = flags.quick ? 5 : 20;
  const all = (await coldStarts(count)).sort((a, b) => a.total - b.total);
  const [least, median] = [all[0], all[all.length >> 1]];
  const verdict = hold(`cold start: ${least.total.toFixed(1)} ms, at most ${COLD_BAR} is promised`, least.total <= COLD_BAR);
  console.log(`\n| cold start, ms, ${all.length} processes | least | median |\n|---|---|---|`);
  for (const part of Object.keys(least.parts)) {
    const times = all.map(({ parts }) => parts[part]).sort((a, b) => a - b);
    console.log(`| ${part} | ${times[0].toFixed(1)} | ${times[times.length >> 1].toFixed(1)} |`);
  }
  console.log(`| all, bar ${COLD_BAR}: ${verdict} | ${least.total.toFixed(1)} | ${median.total.toFixed(1)} |`);
  const folder = mkdtempSync(join(tmpdir(), "whetstone-"));
  try {
    const cached = (await coldStarts(count + 1, folder)).slice(1).map(({ total }) => total);
    cached.sort((a, b) => a - b);
    console.log(`| all, with Node's compile cache | ${cached[0].toFixed(1)} | ${cached[cached.length >> 1].toFixed(1)} |`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const parts: Record<string, (runtime: Runtime) => Promise<void>> = { predict: predictions, fit: fits, dead: deaths, cold };
const runtime = await createRuntime({ numerics: "fast", threads: 1 });
if (runtime.info.numerics !== "fast") throw new Error(`the ${runtime.info.numerics} binary runs: ${runtime.info.notes.join("; ")}`);
const { cpu, cores, node, v8, commit } = machine();
console.log(`Our own runs, fast, one thread. ${cpu}, ${cores} cores, Node ${node} (V8 ${v8}), commit ${commit}`);
for (const [name, part] of Object.entries(parts)) if (name.includes(flags.filter)) await part(runtime);
runtime.dispose();

for (const fault of faults) console.error(`FAILED: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
