/**
 * One peer in a process of its own: `node child.mjs PEER THREADS [--fit TASK FOLDER]`.
 * Without --fit it answers requests, a line of JSON each, on its standard output behind "@@": peers may print what they like.
 *   { prepare: task, folder }  → { losses, outputs, seconds }   makes the net, trains a few steps to show that it learns
 *   { round: seconds }         → { min, median, samples }       seconds of one step, from bursts of about 2 ms
 */
import { createInterface } from "node:readline";
import { readData } from "./data.mjs";

const BURST = 2e-3;

const [peer, threads, fit, taskJson, folder] = process.argv.slice(2);
const { open } = await import(`./peers/${peer}.mjs`);

function answer(message) {
  process.stdout.write(`\n@@${JSON.stringify(message)}\n`);
}

/** Steps over all batches, a few times: the loss of each step, or the first outputs of a prediction. */
async function show(task, step) {
  const start = performance.now();
  if (task.kind === "predict") {
    const outputs = await step();
    return { outputs: Array.from(outputs.subarray(0, task.widths.at(-1))), seconds: (performance.now() - start) / 1e3 };
  }
  const losses = [await step()];
  const seconds = (performance.now() - start) / 1e3;
  // What takes longer is left at the first step: a full comparison would take minutes.
  if (seconds < 6) for (let i = 1; i < 3 * task.batches; i++) losses.push(await step());
  return { losses, seconds };
}

async function burst(step, count, isAsync) {
  const start = performance.now();
  if (isAsync) for (let i = 0; i < count; i++) await step();
  else for (let i = 0; i < count; i++) step();
  return (performance.now() - start) / 1e3;
}

async function round(step, seconds) {
  const first = step();
  const isAsync = first instanceof Promise;
  await first;
  let count = 1;
  let took = await burst(step, count, isAsync);
  while (took < BURST && count < 1e6) {
    count *= 2;
    took = await burst(step, count, isAsync);
  }
  const samples = [took / count];
  const end = performance.now() + seconds * 1e3 - took * 1e3;
  while (performance.now() < end) samples.push((await burst(step, count, isAsync)) / count);
  samples.sort((a, b) => a - b);
  return { min: samples[0], median: samples[samples.length >> 1], samples: samples.length };
}

if (fit === "--fit") {
  const task = JSON.parse(taskJson);
  const { fitted } = await open(Number(threads));
  answer({ accuracy: await fitted(task, readData(task, folder)) });
} else {
  const { versions, prepare } = await open(Number(threads));
  answer({ versions });
  let step;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      if (request.prepare) {
        step = await prepare(request.prepare, readData(request.prepare, request.folder));
        answer(await show(request.prepare, step));
      } else answer(await round(step, request.round));
    } catch (error) {
      answer({ error: String(error?.stack ?? error) });
    }
  }
}
process.exit(0);
