/**
 * `npm run check:stress [-- --runs 1000 --seed 1]`: many short trainings on teams of random size against one thread. Fails on any
 * difference in bits, on a team that was lost, and, through a watchdog in a thread of its own, on a hang.
 */
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { createRuntime } from "../src/index.ts";
import { stress } from "./stressRuns.ts";

const { values: flags } = parseArgs({ options: { runs: { type: "string", default: "1000" }, seed: { type: "string", default: "1" } } });
const runs = Number(flags.runs);
const seed = Number(flags.seed);

/** A run takes tens of milliseconds; a lost thread 5 s. */
const HANG_SECONDS = 30;
const beats = new Int32Array(new SharedArrayBuffer(4));
const watchdog = new Worker(
  `const { workerData } = require("node:worker_threads");
   const { writeSync } = require("node:fs");
   let last = -1;
   setInterval(() => {
     const now = Atomics.load(workerData.beats, 0);
     if (now === last) {
       writeSync(2, "FAILED: run " + now + " (seed " + (workerData.seed + now) + ") hangs\\n");
       process.kill(process.pid, "SIGKILL");
     }
     last = now;
   }, workerData.seconds * 1000);`,
  { eval: true, workerData: { beats, seed, seconds: HANG_SECONDS } },
);
watchdog.unref();

const probe = await createRuntime({ threads: 1 });
const numerics = probe.info.numerics === "fast" ? (["fast", "portable"] as const) : (["portable"] as const);
probe.dispose();
const start = performance.now();
const result = await stress({
  runs,
  seed,
  numerics,
  onRun(run) {
    Atomics.store(beats, 0, run);
    if (run % 100 === 0 && run > 0) console.log(`${run} runs, ${Math.round((performance.now() - start) / 1000)} s`);
  },
});
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(
  `${runs} runs from seed ${seed} (${numerics.join(", ")}) in ${seconds} s: ${result.aborted} aborted, ${result.notFinite} not finite, ` +
    `${result.disposed} disposed; the longest took ${Math.round(result.longestMs)} ms; ${result.faults.length} faults`,
);
for (const fault of result.faults) console.error(`FAILED: ${fault}`);
process.exitCode = result.faults.length > 0 ? 1 : 0;
