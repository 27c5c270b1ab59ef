/**
 * `npm run bench:threads`: what threads are worth, each comparison in turns within one script.
 *   joint   steps of one program on two threads, against the joint throughput of two one-thread runs at the same time
 *   small   steps that must not wake the team: as fast with threads: 2 as with threads: 1
 *   pinned  four threads on one core against one thread on it (where taskset is)
 * Fails if a ratio misses its bar in every round: a round that another process disturbed tells nothing. Flags: --rounds 7, --only mnist.
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

interface Rate {
  readonly perSecond: number;
  readonly sharedOps: number;
  readonly workers: string;
}

async function measure({ task, threads, seconds, go }: Job): Promise<Rate> {
  const runtime = await createRuntime({ numerics: "fast", threads });
  const { step, trainer } = await trainingOf(tasks.find(({ name }) => name === task)!, runtime);
  const count = (milliseconds: number): number => {
    const start = performance.now();
    let steps = 0;
    let elapsed = 0;
    // Looks at the clock once in about a millisecond.
    for (let burst = 1; elapsed < milliseconds; burst = Math.max(1, Math.min(1024, Math.floor(steps / elapsed)))) {
      for (let i = 0; i < burst; i++) step();
      steps += burst;
      elapsed = performance.now() - start;
    }
    return (steps / elapsed) * 1000;
  };
  count(200);
  if (go !== undefined) {
    parentPort!.postMessage("ready");
    Atomics.wait(go, 0, 0);
  }
  const perSecond = count(seconds * 1000);
  const { workers } = runtime.info;
  const { sharedOps } = trainer;
  runtime.dispose();
  return { perSecond, sharedOps, workers };
}

/** Runs jobs at the same time, each in a thread of its own, while this one sleeps. */
async function together(jobs: readonly Job[]): Promise<Rate[]> {
  const go = new Int32Array(new SharedArrayBuffer(4));
  const workers = jobs.map((job) => new Worker(new URL(import.meta.url), { workerData: { ...job, go } }));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const rates = workers.map((worker) => once(worker, "message"));
  Atomics.store(go, 0, 1);
  Atomics.notify(go, 0);
  const results = (await Promise.all(rates)).map(([rate]) => rate as Rate);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return results;
}

function pinned(task: string, threads: number, seconds: number): Rate {
  const job = JSON.stringify({ task, threads, seconds } satisfies Job);
  const own = fileURLToPath(import.meta.url);
  const { stdout, status } = spawnSync("taskset", ["-c", "0", process.execPath, ...process.execArgv, own, "--job", job], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`the pinned run ended with status ${status}`);
  return JSON.parse(stdout) as Rate;
}

const best = (values: readonly number[]): number => Math.max(...values);
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

async function main(rounds: number, only: string): Promise<void> {
  const { cpu, cores, node, v8, commit } = machine();
  console.log(`Threads. ${cpu}, ${cores} cores, Node ${node} (V8 ${v8}), commit ${commit}, ${rounds} rounds\n`);
  console.log("| comparison | task | one thread, steps/s | compared | ratio: best | median | bar | shared ops |");
  console.log("|---|---|---|---|---|---|---|---|");
  const row = (what: string, task: string, one: number[], other: number[], ratios: number[], bar: string, sharedOps: number) => {
    const cells = [
      what,
      task,
      best(one).toFixed(1),
      best(other).toFixed(1),
      best(ratios).toFixed(3),
      median(ratios).toFixed(3),
      bar,
      sharedOps,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  };
  const miss = (text: string) => {
    console.error(`FAILED: ${text}`);
    process.exitCode = 1;
  };
  const isChosen = (task: string) => task.includes(only);

  for (const task of ["mnist", "wide"].filter(isChosen)) {
    const seconds = task === "wide" ? 3 : 1.5;
    const one: number[] = [];
    const team: number[] = [];
    const ratios: number[] = [];
    let sharedOps = 0;
    for (let round = 0; round < rounds; round++) {
      const apart = await together([
        { task, threads: 1, seconds },
        { task, threads: 1, seconds },
      ]);
      const [both] = await together([{ task, threads: 2, seconds }]);
      if (both.workers !== "running") miss(`${task}: the team is ${both.workers}`);
      sharedOps = both.sharedOps;
      one.push(apart[0].perSecond + apart[1].perSecond);
      team.push(both.perSecond);
      ratios.push(team[round] / one[round]);
    }
    row("2 threads / 2 runs", task, one, team, ratios, String(JOINT_BAR), sharedOps);
    if (best(ratios) < JOINT_BAR) miss(`${task}: ${best(ratios).toFixed(3)} of the joint throughput`);
  }

  for (const task of ["iris", "digits"].filter(isChosen)) {
    const one: number[] = [];
    const two: number[] = [];
    for (let round = 0; round < rounds; round++) {
      one.push((await together([{ task, threads: 1, seconds: 0.5 }]))[0].perSecond);
      const [rate] = await together([{ task, threads: 2, seconds: 0.5 }]);
      if (rate.sharedOps !== 0 || rate.workers !== "parked") miss(`${task} wakes the team: ${rate.sharedOps} shared ops, ${rate.workers}`);
      two.push(rate.perSecond);
    }
    const ratios = two.map((rate, i) => rate / one[i]);
    row("threads: 2 / threads: 1", task, one, two, ratios, String(SMALL_BAR), 0);
    if (best(ratios) < SMALL_BAR) miss(`${task}: ${best(ratios).toFixed(3)} of the speed with one thread`);
  }

  if (spawnSync("taskset", ["-V"]).status !== 0) {
    console.log("\nno taskset: nothing was pinned");
    return;
  }
  for (const task of ["mnist", "wide"].filter(isChosen)) {
    const one: number[] = [];
    const four: number[] = [];
    let sharedOps = 0;
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      one.push(pinned(task, 1, 1.5).perSecond);
      const rate = pinned(task, 4, 3);
      sharedOps = rate.sharedOps;
      four.push(rate.perSecond);
    }
    const ratios = four.map((rate, i) => rate / one[i]);
    row("4 threads / 1, on one core", task, one, four, ratios, `1/${PINNED_BAR}`, sharedOps);
    if (best(ratios) * PINNED_BAR < 1) miss(`${task}: four threads on one core are ${(1 / best(ratios)).toFixed(2)} times slower than one`);
  }
}

if (!isMainThread) {
  parentPort!.postMessage(await measure(workerData as Job));
} else {
  const { values: flags } = parseArgs({
    options: { rounds: { type: "string", default: "7" }, only: { type: "string", default: "" }, job: { type: "string" } },
  });
  if (flags.job !== undefined) console.log(JSON.stringify(await measure(JSON.parse(flags.job) as Job)));
  else await main(Number(flags.rounds), flags.only);
}
