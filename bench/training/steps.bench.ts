/**
 * Training steps through the public facade, one thread, `fast`: data checked and copied, loss returned, as a user's step is.
 * Fails if a task misses its bar, or if another binary than `fast` runs.
 * Run with a current Node: node bench/training/steps.bench.ts [--filter digits] [--quick]
 */
import { parseArgs } from "node:util";
import { createRuntime } from "../../src/index.ts";
import { Module, machine, type Timing, timeInTurns } from "../harness.ts";
import { PEAK_FLOP, peak } from "../kernels/peak.ts";
import { flopOf, stepOf, type Task, tasks } from "./tasks.ts";

const { values: flags } = parseArgs({ options: { filter: { type: "string", default: "" }, quick: { type: "boolean", default: false } } });
// A long step needs long rounds, or a busy machine leaves none of its samples undisturbed.
const LONG_STEP = 1e-3;
const short = { rounds: flags.quick ? 3 : 12, seconds: 0.03 };
const long = { rounds: flags.quick ? 2 : 8, seconds: flags.quick ? 0.2 : 0.6 };

interface Result {
  readonly task: Task;
  readonly step: Timing;
  /** GFLOP/s of the multiply-add loop, measured in turns with the steps. */
  readonly peakSpeed: number;
}

async function measure(task: Task): Promise<Result> {
  const runtime = await createRuntime({ numerics: "fast", threads: 1 });
  if (runtime.info.numerics !== "fast") throw new Error(`the ${runtime.info.numerics} binary runs: ${runtime.info.notes.join("; ")}`);
  const step = await stepOf(task, runtime);
  const isLong = flopOf(task) / 60e9 > LONG_STEP;
  const [own, limit] = timeInTurns([step, peak(new Module("fast"))], isLong ? long : short);
  runtime.dispose();
  return { task, step: own, peakSpeed: PEAK_FLOP / limit.min / 1e9 };
}

function time(seconds: number): string {
  return seconds < 1e-3 ? `${(seconds * 1e6).toFixed(2)} µs` : `${(seconds * 1e3).toFixed(2)} ms`;
}

const chosen = tasks.filter(({ name }) => name.includes(flags.filter));
const results: Result[] = [];
for (const task of chosen) results.push(await measure(task));

const { cpu, cores, node, v8, commit } = machine();
console.log(`Training steps, fast, one thread. ${cpu}, ${cores} cores, Node ${node} (V8 ${v8}), commit ${commit}\n`);
console.log("| task | least | median | steps/s | GFLOP/s | multiply-add loop | share | bar |");
console.log("|---|---|---|---|---|---|---|---|");
const faults: string[] = [];
for (const { task, step, peakSpeed } of results) {
  const speed = flopOf(task) / step.min / 1e9;
  if (task.bar !== undefined && step.min > task.bar) {
    faults.push(`${task.name}: ${time(step.min)} a step, at most ${time(task.bar)} is promised`);
  }
  const cells = [
    `${task.name} ${task.title}`,
    time(step.min),
    time(step.median),
    Math.round(1 / step.min),
    speed.toFixed(1),
    peakSpeed.toFixed(1),
    (speed / peakSpeed).toFixed(2),
    task.bar === undefined ? "" : time(task.bar),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

for (const fault of faults) console.error(`FAILED: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
