/**
 * The suite that every host runs: trains, asks everything of the model that has bits, and reports hashes of them.
 * Whether two hosts agree is the runner's question; whether a host agrees with itself is answered here.
 */
import type { Model, Runtime, RuntimeInfo } from "../../src/index.ts";
import { digest } from "./digest.ts";
import { fromText, resumeOn, STOPS, textOf } from "./resume.ts";
import { decayingRate, digitsTask, makeData, mnistTask, type Task, type Whetstone } from "./tasks.ts";

export interface SuiteOptions {
  /** Where the worker's file can be loaded from, for hosts that start none from text. */
  readonly worker?: string | URL;
  /** Why this host can have no threads: part of the note that the runtime must give. Left out where it can. */
  readonly noThreads?: string;
  /** States of a run that another host has stopped, by variant, as base64. */
  readonly states?: Readonly<Record<string, string>>;
}

export interface Report {
  checks: number;
  readonly failures: string[];
  /** Hash by "portable digits state" and the like. The last word but one names the task. */
  readonly hashes: Record<string, string>;
  /** For the next host to go on from. */
  readonly states: Readonly<Record<string, string>>;
  readonly variants: string[];
  readonly fused: boolean;
  /** Most threads that ran. */
  readonly threads: number;
  readonly info: RuntimeInfo;
  readonly milliseconds: number;
}

/** (module (func (result v128) ... i8x16.relaxed_swizzle)): whether the engine has relaxed SIMD, asked without the library. */
const RELAXED = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 0, 253, 17, 65, 0, 253, 17, 253, 128, 2, 11,
];

export async function runSuite(whetstone: Whetstone, options: SuiteOptions = {}): Promise<Report> {
  const start = performance.now();
  const suite = new Suite(whetstone, options);
  const variants = WebAssembly.validate(new Uint8Array(RELAXED)) ? (["portable", "fast"] as const) : (["portable"] as const);
  for (const numerics of variants) {
    await suite.compareThreads(numerics, "digits", digitsTask(whetstone));
    await suite.compareThreads(numerics, "mnist", mnistTask(whetstone));
    await suite.fit(await suite.runtime({ numerics }));
    await suite.resume(numerics);
  }
  // What one gets without asking for anything.
  const { info } = await suite.runtime({});
  suite.check(info.numerics === variants.at(-1), `the default is ${info.numerics}, and the engine has ${variants.join(", ")}`);
  suite.check(info.threads >= 1 && info.threads <= 8, `${info.threads} threads by default`);
  const { checks, failures, hashes, states, threads } = suite;
  const milliseconds = Math.round(performance.now() - start);
  return { checks, failures, hashes, states, variants: [...variants], fused: info.fused, threads, info, milliseconds };
}

class Suite {
  checks = 0;
  threads = 1;
  readonly failures: string[] = [];
  readonly hashes: Record<string, string> = {};
  readonly states: Record<string, string> = {};
  readonly #whetstone: Whetstone;
  readonly #options: SuiteOptions;

  constructor(whetstone: Whetstone, options: SuiteOptions) {
    this.#whetstone = whetstone;
    this.#options = options;
  }

  check(isGood: boolean, what: string): void {
    this.checks++;
    if (!isGood) this.failures.push(what);
  }

  runtime(options: Parameters<Whetstone["createRuntime"]>[0]): Promise<Runtime> {
    return this.#whetstone.createRuntime({ worker: this.#options.worker, ...options });
  }

  /** One task on each number of threads: each must have the bits of the first. */
  async compareThreads(numerics: "portable" | "fast", name: string, task: Task): Promise<void> {
    let opsShared = 0;
    for (const threads of task.threads) {
      const where = `${numerics} ${name} on ${threads} threads`;
      const runtime = await this.runtime({ numerics, threads, share: task.share });
      const { hashes, sharedOps } = await this.#train(runtime, task, where);
      for (const [key, hash] of Object.entries(hashes)) {
        this.hashes[`${numerics} ${name} ${key}`] ??= hash;
        const first = this.hashes[`${numerics} ${name} ${key}`];
        this.check(hash === first, `${where}: ${key} is ${hash}, and ${first} on 1`);
      }
      this.#checkThreads(runtime, threads, where);
      if (threads > 1) {
        if (opsShared === 0) opsShared = sharedOps;
        this.check(sharedOps > 0, `${where}: no op was shared`);
        // Two threads pack b inside products; more of them, with fewer columns each, by an op of its own.
        if (task.share === "always") this.check(sharedOps >= opsShared, `${where}: ${sharedOps} ops shared, and ${opsShared} on 2`);
      } else {
        this.check(sharedOps === 0, `${where}: ${sharedOps} ops shared`);
      }
      this.check(runtime.info.numerics === numerics, `${where}: got ${runtime.info.numerics}`);
      runtime.dispose();
    }
    this.hashes[`${numerics} ${name} sharedOps`] = String(opsShared);
  }

  /** A silent fallback is a failure: either all threads run, or the runtime says what this host is known to lack. */
  #checkThreads({ info }: Runtime, threads: number, where: string): void {
    const { noThreads } = this.#options;
    if (threads === 1 || noThreads === undefined) {
      const workers = threads === 1 ? "parked" : "running";
      this.check(info.workers === workers && info.threads === threads, `${where}: ${info.threads} run, workers ${info.workers}`);
      this.check(threads === 1 || info.notes.length === 0, `${where}: notes ${JSON.stringify(info.notes)}`);
      this.threads = Math.max(this.threads, info.threads);
    } else {
      this.check(info.threads === 1 && info.workers === "failed", `${where}: ${info.threads} run, workers ${info.workers}`);
      this.check(
        info.notes.some((note) => note.includes(noThreads)),
        `${where}: no note says "${noThreads}": ${JSON.stringify(info.notes)}`,
      );
    }
  }

  async #train(runtime: Runtime, task: Task, where: string): Promise<{ hashes: Record<string, string>; sharedOps: number }> {
    const { build, createTrainer, softmaxCrossEntropy, adam, l2, clipNorm } = this.#whetstone;
    const { x, y } = makeData(task);
    const model = await build(task.net, { seed: 7, runtime });
    const loss = softmaxCrossEntropy();
    const { batchSize } = task;
    const optimizer = adam({ learningRate: decayingRate });
    const trainer = await createTrainer(model, { loss, optimizer, batchSize, penalty: l2(1e-4), clip: clipNorm(1), seed: 3 });
    const losses = new Float64Array(task.steps);
    for (let step = 0; step < task.steps; step++) {
      const from = (step % Math.ceil(task.rows / batchSize)) * batchSize; // the last batch is smaller
      const to = Math.min(task.rows, from + batchSize);
      losses[step] = trainer.step({ x: x.subarray(from * task.inputs, to * task.inputs), y: y.subarray(from, to) });
    }
    const fall = losses.at(-1)! / losses[0]!;
    this.check(fall < 0.7, `${where}: the loss went from ${losses[0]} to ${losses.at(-1)}`);
    const { weights, slots } = trainer.checkpoint();
    const gradients = model.gradients({ x: x.subarray(0, batchSize * task.inputs), y: y.subarray(0, batchSize) }, loss);
    const evaluation = model.evaluate({ x, y }, { loss });
    const predicted = model.predict(x);
    this.#checkAlone(model, task, x, predicted.data, where);
    const hashes = {
      losses: await digest([losses]),
      weights: await digest(Object.values(weights)),
      slots: await digest(slots),
      gradients: await digest([
        Float64Array.of(gradients.loss),
        gradients.input.data,
        ...Object.values(gradients.parameters).map(({ data }) => data),
      ]),
      evaluate: await digest([Float64Array.of(evaluation.loss)]),
      predict: await digest([predicted.data, model.predict(x, { as: "probabilities" }).data]),
    };
    const { sharedOps } = trainer;
    trainer.dispose();
    model.dispose();
    return { hashes, sharedOps };
  }

  /** A row predicted alone has the bits that it has among others. */
  #checkAlone(model: Model, task: Task, x: Float32Array, all: Float32Array, where: string): void {
    for (const row of [0, 1, task.rows >> 1, task.rows - 1]) {
      const alone = model.predict(x.subarray(row * task.inputs, (row + 1) * task.inputs)).data;
      const isSame = alone.every((value, col) => Object.is(value, all[row * task.classes + col]));
      this.check(isSame && alone.length === task.classes, `${where}: row ${row} alone is not what it is in a batch`);
    }
  }

  /**
   * The whole loop with validation and early stopping: it turns the event loop, which hosts do in different ways.
   * The runtime is not disposed: its parked workers must let the script end.
   */
  async fit(runtime: Runtime): Promise<void> {
    const { build, softmaxCrossEntropy, adam, earlyStopping, progressBar } = this.#whetstone;
    const task = digitsTask(this.#whetstone);
    const model = await build(task.net, { seed: 7, runtime });
    const loss = softmaxCrossEntropy();
    const callbacks = [earlyStopping({ patience: 3 }), progressBar()];
    const history = await model.fit(makeData(task), { loss, optimizer: adam(), epochs: 5, validation: 0.2, callbacks });
    const variant = runtime.info.numerics;
    this.check(history.valLoss.at(-1)! < history.valLoss[0]!, `fit: validation loss went ${history.valLoss}`);
    this.hashes[`${variant} fit history`] = await digest([Float64Array.from(history.loss), Float64Array.from(history.valLoss)]);
    this.hashes[`${variant} fit weights`] = await digest(Object.values(model.stateDict()).map(({ data }) => data));
  }

  /**
   * A run that is stopped at 20 steps, on one thread or two, and goes on on the other number: each has the bits of a run that
   * was not stopped, and so has one that another host began.
   */
  async resume(numerics: "portable" | "fast"): Promise<void> {
    const runtimes = [await this.runtime({ numerics, threads: 1 }), await this.runtime({ numerics, threads: 2, share: "always" })];
    const run = (k: number, options: Parameters<typeof resumeOn>[2]) => resumeOn(this.#whetstone, runtimes[k % 2]!, options);
    const whole = (await run(0, {})).hash;
    this.hashes[`${numerics} resume`] = whole;
    for (const [k, stop] of STOPS.entries()) {
      const { state } = await run(k, { stop });
      for (const [on, threads] of [1, 2].entries()) {
        const { hash } = await run(on, { resume: state });
        this.check(hash === whole, `${numerics}: stopped at step ${stop} and resumed on ${threads} threads: ${hash}, not ${whole}`);
      }
      this.states[numerics] ??= textOf(state);
    }
    const given = this.#options.states?.[numerics];
    if (given !== undefined && (numerics === "portable" || runtimes[0]!.info.fused)) {
      const { hash } = await run(1, { resume: fromText(given) });
      this.check(hash === whole, `${numerics}: begun on another host: ${hash}, not ${whole}`);
      this.check(
        runtimes[1]!.info.notes.every((note) => !note.includes("began on")),
        `${numerics}: ${runtimes[1]!.info.notes}`,
      );
    }
    for (const runtime of runtimes) runtime.dispose();
  }
}
