/**
 * `npm run bench:threads`: what threads are worth, each comparison in turns within one script.
 *   joint   steps of one program on two threads, against the joint throughput of two one-thread runs at the same time
 *   small   steps that must not wake the team: as fast with threads: 2 as with threads: 1
 *   pinned  four threads on one core against one thread on it (where taskset is)
 * Ratios are of the best windows: one that another process disturbed tells nothing. Fails if one misses its bar.
 * Flags: --rounds 10, --only mnist.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createRuntime } from "../src/index.ts";
import { machine } from "./harness.ts";
import { tasks, trainingOf } from "./training/tasks.ts";

const JOINT_BAR = 0.92;
const SMALL_BAR = 0.97; // equal, as far as an undisturbed machine repeats itself
const PINNED_BAR = 3;

/** One run: which steps, on how many threads, for how long. */
interface Job {
  readonly task: string;
  readonly threads: number;
  readonly seconds: number;
  /** The runs that start together wait for this word. */
  readonly go?: Int32Array;
}

interface Run {
  /** Milliseconds of a clock that all threads share, and steps done by then. */
  readonly marks: readonly (readonly [at: number, steps: number])[];
  readonly sharedOps: number;
  readonly workers: string;
}

const clock = () => performance.timeOrigin + performance.now();

async function measure({ task, threads, seconds, go }: Job): Promise<Run> {
  const runtime = await createRuntime({ numerics: "fast", threads });
  const { step, trainer } = await trainingOf(tasks.find(({ name }) => name === task)!, runtime);
  const run = (milliseconds: number): [number, number][] => {
    const start = clock();
    const marks: [number, number][] = [[start, 0]];
    let steps = 0;
    let now = start;
    // Looks at the clock once in about a millisecond.
    for (let burst = 1; now - start < milliseconds; burst = Math.max(1, Math.min(1024, Math.floor(steps / (now - start))))) {
      for (let i = 0; i < burst; i++) step();
      steps += burst;
      now = clock();
      marks.push([now, steps]);
    }
    return marks;
  };
  run(200);
  if (go !== undefined) {
    parentPort!.postMessage("ready");
    Atomics.wait(go, 0, 0);
  }
  const marks = run(seconds * 1000);
  const { workers } = runtime.info;
  const { sharedOps } = trainer;
  runtime.dispose();
  return { marks, sharedOps, workers };
}

/** Steps per second of runs together, in their best window of that length. */
function bestRate(runs: readonly Run[], seconds: number): number {
  const width = seconds * 1000;
  const from = Math.max(...runs.map(({ marks }) => marks[0][0]));
  const to = Math.min(...runs.map(({ marks }) => marks[marks.length - 1][0])) - width;
  let most = 0;
  for (let at = from; at <= to; at += width / 8) {
    const steps = runs.reduce((sum, { marks }) => sum + stepsBy(marks, at + width) - stepsBy(marks, at), 0);
    most = Math.max(most, steps / seconds);
  }
  return most;
}

/** Steps done by a time, with the part of the step that is under way. */
function stepsBy(marks: Run["marks"], at: number): number {
  const next = Math.max(
    1,
    marks.findIndex(([time]) => time >= at),
  );
  const [t0, s0] = marks[next - 1];
  const [t1, s1] = marks[next];
  return s0 + ((at - t0) / (t1 - t0)) * (s1 - s0);
}

/** Runs jobs at the same time, each in a thread of its own, while this one sleeps. */
async function together(jobs: readonly Job[]): Promise<Run[]> {
  const go = new Int32Array(new SharedArrayBuffer(4));
  const workers = jobs.map((job) => new Worker(new URL(import.meta.url), { workerData: { ...job, go } }));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const runs = workers.map((worker) => once(worker, "message"));
  Atomics.store(go, 0, 1);
  Atomics.notify(go, 0);
  const results = (await Promise.all(runs)).map(([run]) => run as Run);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return results;
}

function pinned(task: string, threads: number, seconds: number): Run {
  const job = JSON.stringify({ task, threads, seconds } satisfies Job);
  const own = fileURLToPath(import.meta.url);
  const { stdout, status } = spawnSync("taskset", ["-c", "0", process.execPath, ...process.execArgv, own, "--job", job], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error(`the pinned run ended with status ${status}`);
  return JSON.parse(stdout) as Run;
}

/** Lengths of a window and of a run, in seconds: windows hold at least three steps. */
const times: Record<string, readonly [window: number, run: number]> = {
  mnist: [0.2, 1.5],
  wide: [0.4, 4],
};

interface Comparison {
  readonly what: string;
  readonly task: string;
  readonly bar: number;
  readonly one: readonly number[];
  readonly other: readonly number[];
  readonly sharedOps: number;
}

function report({ what, task, bar, one, other, sharedOps }: Comparison): void {
  const [left, right] = [Math.max(...one), Math.max(...other)];
  const ratio = right / left;
  console.log(`| ${what} | ${task} | ${left.toFixed(1)} | ${right.toFixed(1)} | ${ratio.toFixed(3)} | ${bar.toFixed(2)} | ${sharedOps} |`);
  if (ratio < bar) miss(`${task}, ${what}: ${ratio.toFixed(3)}, at least ${bar.toFixed(2)} is promised`);
}

function miss(text: string): void {
  console.error(`FAILED: ${text}`);
  process.exitCode = 1;
}

async function joint(task: string, rounds: number): Promise<Comparison> {
  const [window, seconds] = times[task];
  const one: number[] = [];
  const other: number[] = [];
  let sharedOps = 0;
  for (let round = 0; round < rounds; round++) {
    const alone = { task, threads: 1, seconds };
    one.push(bestRate(await together([alone, alone]), window));
    const runs = await together([{ task, threads: 2, seconds }]);
    other.push(bestRate(runs, window));
    if (runs[0].workers !== "running") miss(`${task}: the team is ${runs[0].workers}`);
    sharedOps = runs[0].sharedOps;
  }
  return { what: "2 threads / 2 runs", task, bar: JOINT_BAR, one, other, sharedOps };
}

/** Both in this thread, in turns of 8 ms: two processes, or two runs of one, differ by more than is asked here. */
async function small(task: string, rounds: number): Promise<Comparison> {
  const trainings = [];
  for (const threads of [1, 2]) {
    const runtime = await createRuntime({ numerics: "fast", threads });
    trainings.push({ ...(await trainingOf(tasks.find(({ name }) => name === task)!, runtime)), runtime, best: 0 });
  }
  for (let turn = 0; turn < rounds * 40; turn++) {
    for (const training of trainings) {
      const start = performance.now();
      let steps = 0;
      let elapsed = 0;
      for (; elapsed < 8; elapsed = performance.now() - start, steps += 50) for (let i = 0; i < 50; i++) training.step();
      training.best = Math.max(training.best, (steps / elapsed) * 1000);
    }
  }
  const [one, two] = trainings;
  const { sharedOps } = two.trainer;
  const { workers } = two.runtime.info;
  if (sharedOps !== 0 || workers !== "parked") miss(`${task} wakes the team: ${sharedOps} shared ops, ${workers}`);
  return { what: "threads: 2 / threads: 1", task, bar: SMALL_BAR, one: [one.best], other: [two.best], sharedOps };
}

function crowded(task: string, rounds: number): Comparison {
  const [window, seconds] = times[task];
  const one: number[] = [];
  const other: number[] = [];
  let sharedOps = 0;
  for (let round = 0; round < rounds; round++) {
    one.push(bestRate([pinned(task, 1, seconds)], window));
    const run = pinned(task, 4, seconds);
    other.push(bestRate([run], window));
    sharedOps = run.sharedOps;
  }
  return { what: "4 threads / 1, on one core", task, bar: 1 / PINNED_BAR, one, other, sharedOps };
}

async function main(rounds: number, only: string): Promise<void> {
  const { cpu, cores, node, v8, commit } = machine();
  console.log(`Threads. ${cpu}, ${cores} cores, Node ${node} (V8 ${v8}), commit ${commit}, best of ${rounds} rounds\n`);
  console.log("| comparison | task | first, steps/s | second, steps/s | ratio | bar | shared ops |");
  console.log("|---|---|---|---|---|---|---|");
  const isChosen = (task: string) => task.includes(only);
  for (const task of ["mnist", "wide"].filter(isChosen)) report(await joint(task, rounds));
  for (const task of ["iris", "digits"].filter(isChosen)) report(await small(task, rounds));
  if (spawnSync("taskset", ["-V"]).status !== 0) {
    console.log("\nno taskset: nothing was pinned");
    return;
  }
  for (const task of ["mnist", "wide"].filter(isChosen)) report(crowded(task, Math.min(rounds, 3)));
}

if (!isMainThread) {
  parentPort!.postMessage(await measure(workerData as Job));
} else {
  const { values: flags } = parseArgs({
    options: { rounds: { type: "string", default: "10" }, only: { type: "string", default: "" }, job: { type: "string" } },
  });
  if (flags.job !== undefined) console.log(JSON.stringify(await measure(JSON.parse(flags.job) as Job)));
  else await main(Number(flags.rounds), flags.only);
}
