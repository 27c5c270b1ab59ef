/**
 * How our own runs compare with one another: what benches print and gates hold. Ratios of least times of runs that take turns, so that
 * a busy machine disturbs both sides or neither.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { build as bundle } from "esbuild";
import {
  adam,
  build,
  createTrainer,
  dense,
  input,
  type Model,
  type Runtime,
  relu,
  sequential,
  softmaxCrossEntropy,
} from "../../src/index.ts";
import { type Timing, timeInTurns } from "../harness.ts";
import { cut, rowsOf, type Task, tasks } from "./tasks.ts";

const taskNamed = (name: string): Task => tasks.find((task) => task.name === name)!;

export interface FitSpeed {
  /** Seconds of one step: of a loop of trainer.step, and of a long fit, all that the call does beside its steps included. */
  readonly loop: number;
  readonly fit: number;
  /** Seconds of a whole fit of so many epochs as examples have. */
  readonly call: number;
}

/** Rows, epochs of a usual fit, epochs of one that is long enough to be timed. */
const FITS = { iris: [150, 100, 10_000], digits: [1797, 50, 100] } as const;

/** `fit` without validation, metrics and callbacks beside the bare loop over the same batches, the smaller last one included. */
export async function fitSpeed(name: keyof typeof FITS, runtime: Runtime, tries: number): Promise<FitSpeed> {
  const task = taskNamed(name);
  const [count, usual, epochs] = FITS[name];
  const data = rowsOf(task, count);
  const model = await build(task.net, { seed: 1, runtime });
  const options = { loss: softmaxCrossEntropy(), optimizer: task.optimizer, batchSize: task.batchSize };
  const batches = cut(task, data);
  const trainer = await createTrainer(await build(task.net, { seed: 1, runtime }), options);
  const loop = () => {
    for (let epoch = 0; epoch < epochs; epoch++) for (const batch of batches) trainer.step(batch);
  };
  const fit = async (length: number) => void (await model.fit(data, { ...options, epochs: length }));
  const runs = [loop, () => fit(epochs), () => fit(usual)];
  const least = runs.map(() => Infinity);
  for (let round = 0; round <= tries; round++) {
    for (const [i, run] of runs.entries()) {
      const start = performance.now();
      await run();
      if (round > 0) least[i] = Math.min(least[i], (performance.now() - start) / 1e3);
    }
  }
  const steps = epochs * batches.length;
  return { loop: least[0] / steps, fit: least[1] / steps, call: least[2] };
}

/** Steps after which what an optimizer keeps of units that died has decayed into denormals, and stays there if nothing flushes it. */
const DECAY = 1500;

/**
 * A net whose hidden units all died in training, beside one that lives. Both rates of decay are 0.9: with Adam's 0.999 the second
 * moments would take 70,000 steps to become denormal.
 */
export async function deadAndLive(runtime: Runtime, rounds: number): Promise<{ dead: Timing; live: Timing }> {
  const task = taskNamed("digits");
  const net = sequential(input(64), dense(128), relu(), dense(64), relu(), dense(10));
  const batches = cut(task, rowsOf(task, 8 * task.batchSize));
  const stepOf = async (dies: boolean) => {
    const model = await build(net, { seed: 1, runtime });
    const optimizer = adam({ learningRate: 1e-4, beta2: 0.9 });
    const trainer = await createTrainer(model, { loss: softmaxCrossEntropy(), optimizer, batchSize: task.batchSize });
    let turn = 0;
    const step = () => void trainer.step(batches[turn++ % batches.length]);
    for (let i = 0; i < 50; i++) step();
    if (dies) kill(model);
    for (let i = 0; i < DECAY; i++) step();
    return step;
  };
  const [dead, live] = timeInTurns([await stepOf(true), await stepOf(false)], { rounds, seconds: 0.02 });
  return { dead, live };
}

/** Gives all units before a ReLU so low a bias that no input wakes them. */
function kill(model: Model): void {
  const dict = model.stateDict();
  for (const layer of [0, 2]) dict[`${layer}.bias`].data.fill(-1e3);
  model.loadStateDict(dict);
}

/** Milliseconds of a cold start and of its parts. */
export interface ColdStart {
  readonly total: number;
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * Cold starts in fresh processes: from before the import to after the first step of the digits net. With a folder for Node's compile
 * cache, the first of them fills it.
 */
export async function coldStarts(count: number, compileCache?: string): Promise<ColdStart[]> {
  const outdir = join(import.meta.dirname, "../../build/cold");
  await bundle({
    entryPoints: { cold: join(import.meta.dirname, "cold.ts"), beside: join(import.meta.dirname, "../../src/runtime/host/beside.ts") },
    outdir,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    // As in tsup.config.ts: what users import is minified.
    minify: true,
    define: { Response: "undefined" },
  });
  // As tools/copy-wasm.mjs does in the package.
  for (const variant of ["portable", "fast"]) {
    copyFileSync(join(import.meta.dirname, `../../build/${variant}.shipped.wasm`), join(outdir, `${variant}.wasm`));
  }
  return Array.from({ length: count }, () => {
    const { stdout, status } = spawnSync(process.execPath, [join(outdir, "cold.js")], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache }, // undefined takes away what the caller may have set
    });
    if (status !== 0) throw new Error(`the cold start ended with status ${status}`);
    return JSON.parse(stdout) as ColdStart;
  });
}
