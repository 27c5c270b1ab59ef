/**
 * What may go wrong with threads: lost within and between steps, never started, denied; growth, disposal and aborts meanwhile.
 * Nothing may hang: every test has a deadline, and nothing takes longer than 10 s to surface.
 */
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { bitsOf, newTeam, variants } from "./teams.ts";

const DEADLINE = 10_000;

const next = testNumbers(12);
const rows = 64;
const x = Float32Array.from({ length: rows * 9 }, next);
const y = Int32Array.from({ length: rows }, (_, i) => (x[9 * i] > 0 ? 1 : 0) + (x[9 * i + 4] > 0.4 ? 1 : 0));
const data = { x, y };
const loss = w.softmaxCrossEntropy();
const net = w.sequential(w.input(9), w.dense(40), w.batchNorm(), w.relu(), w.dropout(0.2), w.dense(3));
const options = { loss, optimizer: w.adam(), batchSize: 16 };
const batch = { x: x.slice(0, 16 * 9), y: y.slice(0, 16) };
const variant = variants.at(-1)!;

/** Threads that the code under test started, in order. */
let workers: Worker[] = [];
const seen = (worker: Worker) => void workers.push(worker);
let runtimes: w.Runtime[] = [];

beforeEach(() => {
  workers = [];
  runtimes = [];
  process.on("worker", seen);
});
afterEach(async () => {
  process.off("worker", seen);
  vi.unstubAllGlobals();
  for (const runtime of runtimes) runtime.dispose();
  await Promise.all(workers.map((worker) => worker.terminate()));
});

async function teamOf(threads: number): Promise<w.Runtime> {
  const runtime = await newTeam(variant, threads);
  runtimes.push(runtime);
  return runtime;
}

async function runtimeOf(given: w.RuntimeOptions): Promise<w.Runtime> {
  const runtime = await w.createRuntime({ numerics: variant, ...given });
  runtimes.push(runtime);
  return runtime;
}

/** Weights of a model that took `steps` steps on one thread. */
async function alone(steps: number, seed = 1): Promise<ReturnType<typeof bitsOf>> {
  const model = await w.build(net, { runtime: await runtimeOf({ threads: 1 }), seed });
  const trainer = await w.createTrainer(model, options);
  for (let step = 0; step < steps; step++) trainer.step(batch);
  return bitsOf(model, trainer);
}

/** Terminates a worker at once, while the caller goes on: its thread stops in the midst of whatever it does. */
const kill = (worker: Worker): Promise<number> => worker.terminate();

/** Steps until one fails. */
function stepUntilLost(trainer: w.Trainer): unknown {
  const until = performance.now() + DEADLINE;
  while (performance.now() < until) {
    try {
      trainer.step(batch);
    } catch (error) {
      return error;
    }
  }
  return expect.fail("no step failed");
}

const caught = (promise: Promise<unknown>): Promise<Error & { history?: w.History }> =>
  promise.then(
    () => expect.fail("no error was thrown"),
    (error: unknown) => error as Error,
  );

const lost = /1 thread: /;

describe("a worker lost within a step", () => {
  test(
    "breaks its model until weights are loaded, leaves other models and the runtime whole",
    async () => {
      const runtime = await teamOf(3);
      const model = await w.build(net, { runtime, seed: 1 });
      const other = await w.build(net, { runtime, seed: 1 });
      const trainer = await w.createTrainer(model, options);
      const otherTrainer = await w.createTrainer(other, options);
      for (let step = 0; step < 5; step++) for (const each of [trainer, otherTrainer]) each.step(batch);
      const dict = model.stateDict();
      const checkpoint = trainer.checkpoint();
      const start = performance.now();
      void kill(workers[1]);
      const error = stepUntilLost(trainer);
      const seconds = (performance.now() - start) / 1000;
      expect(error).toBeInstanceOf(w.WorkerError);
      expect((error as Error).message).toMatch(/^step \d+: a thread was lost within a training step/);
      expect(seconds).toBeLessThan(DEADLINE / 1000);
      expect(runtime.info).toMatchObject({ threads: 1, workers: "failed" });
      expect(runtime.info.notes.join()).toMatch(/1 thread: a worker gave no sign of life for 5 s within a step/);

      const calls: Record<string, () => unknown> = {
        step: () => trainer.step(batch),
        checkpoint: () => trainer.checkpoint(),
        predict: () => model.predict(batch.x),
        evaluate: () => model.evaluate(data, { loss }),
        gradients: () => model.gradients(batch, loss),
        stateDict: () => model.stateDict(),
        save: () => model.save(),
        freeze: () => model.freeze("0.*"),
        reinitialize: () => model.reinitialize("*"),
      };
      for (const [name, call] of Object.entries(calls)) expect(call, name).toThrow(w.WorkerError);
      await expect(model.fit(data, { ...options, epochs: 1 })).rejects.toThrow(w.WorkerError);
      await expect(w.createTrainer(model, options)).rejects.toThrow(w.WorkerError);

      for (let step = 0; step < 5; step++) otherTrainer.step(batch);
      expect(bitsOf(other, otherTrainer)).toEqual(await alone(10));
      trainer.restore(checkpoint);
      for (let step = 0; step < 5; step++) trainer.step(batch);
      expect(bitsOf(model, trainer)).toEqual(await alone(10));
      model.state.isBroken = true;
      expect(model.loadStateDict(dict)).toEqual({ missing: [], unexpected: [] });
      expect(model.stateDict()).toEqual(dict);
    },
    3 * DEADLINE,
  );

  test(
    "ends fit with an error that carries the history; the best weights remain where somebody watches",
    async () => {
      const between = new Error("the end of the worker was noticed between two steps");
      /** A fit of which a worker is killed, and whether that was lost within a step. */
      const attempt = async (): Promise<boolean> => {
        const from = workers.length;
        const runtime = await teamOf(2);
        const model = await w.build(net, { runtime });
        const states: w.StateDict[] = [];
        let isArmed = false;
        let isDue = false;
        const record = {
          onEpoch: () => void states.push(model.stateDict()),
          // Just after a turn of the event loop: the next one, in which the end of a worker would be noticed, is 20 ms away.
          onStep({ epoch }: w.TrainingState) {
            if (runtime.info.threads === 1) throw between;
            if (isDue) void kill(workers[from]);
            isDue = false;
            if (epoch < 3 || isArmed) return;
            isArmed = true;
            setImmediate(() => {
              isDue = true;
            });
          },
        };
        const error = await caught(
          model.fit(data, { ...options, epochs: 1_000_000, validation: 16, callbacks: [w.earlyStopping({ patience: Infinity }), record] }),
        );
        if (error === between) return false;
        expect(error).toBeInstanceOf(w.WorkerError);
        expect(error.history).toMatchObject({ stopped: "failed" });
        expect(model.stateDict()).toEqual(states[error.history!.bestEpoch]);
        expect(runtime.info.threads).toBe(1);
        return true;
      };
      // On a busy machine a thread may take longer than 20 ms to stop.
      let isWithin = false;
      for (let attempts = 0; attempts < 10 && !isWithin; attempts++) isWithin = await attempt();
      expect(isWithin).toBe(true);
    },
    2 * DEADLINE,
  );

  test(
    "is repeated on one thread where only answers are computed: evaluate, gradients",
    async () => {
      const single = await w.build(net, { runtime: await runtimeOf({ threads: 1 }), seed: 4 });
      const calls: ((model: w.Model) => unknown)[] = [(model) => model.evaluate(data, { loss }), (model) => model.gradients(batch, loss)];
      const check = async (call: (model: w.Model) => unknown) => {
        const from = workers.length;
        const runtime = await teamOf(2);
        const model = await w.build(net, { runtime, seed: 4 });
        const want = call(single);
        expect(call(model)).toEqual(want);
        void kill(workers[from]);
        const until = performance.now() + DEADLINE;
        while (runtime.info.threads > 1 && performance.now() < until) expect(call(model)).toEqual(want);
        expect(runtime.info).toMatchObject({ threads: 1, workers: "failed" });
        expect(call(model)).toEqual(want);
      };
      for (const call of calls) await check(call);
    },
    3 * DEADLINE,
  );
});

describe("a worker lost between steps", () => {
  test(
    "is noticed, and the run goes on with one thread and the same bits",
    async () => {
      const runtime = await teamOf(4);
      const model = await w.build(net, { runtime, seed: 1 });
      const trainer = await w.createTrainer(model, options);
      for (let step = 0; step < 5; step++) trainer.step(batch);
      await kill(workers[2]);
      await vi.waitFor(() => expect(runtime.info.workers).toBe("failed"), DEADLINE);
      expect(runtime.info.notes.join()).toMatch(/1 thread: worker 3: it ended with code 1/);
      for (let step = 0; step < 5; step++) trainer.step(batch);
      expect(bitsOf(model, trainer)).toEqual(await alone(10));
      await vi.waitFor(() => expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1, -1]), DEADLINE);
    },
    2 * DEADLINE,
  );
});

describe("a worker that never starts", () => {
  const sources: Record<string, [code: string, note: RegExp]> = {
    throws: ['throw new Error("not today")', /worker \d: Error: not today/],
    ends: ["", /worker \d: it ended with code 0/],
    "does not parse": ["this is no code", /worker \d: SyntaxError/],
    waits: ["setInterval(() => {}, 1000)", /worker \d: it was not ready within 5 s/],
    hangs: ["while (true);", /worker \d: it was not ready within 5 s/],
    "sends nonsense": [
      'import { parentPort } from "node:worker_threads"; parentPort.postMessage({ hello: 1 })',
      /worker \d: it sent something unknown/,
    ],
  };
  test.each(Object.keys(sources))(
    "%s",
    async (name) => {
      const [code, note] = sources[name];
      const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
      const runtime = await runtimeOf({ threads: 3, share: "always", worker: url });
      const model = await w.build(net, { runtime, seed: 1 });
      const start = performance.now();
      const trainer = await w.createTrainer(model, options);
      expect(performance.now() - start).toBeLessThan(DEADLINE);
      expect(runtime.info).toMatchObject({ threads: 1, workers: "failed" });
      expect(runtime.info.notes.join()).toMatch(note);
      for (let step = 0; step < 5; step++) trainer.step(batch);
      expect(bitsOf(model, trainer)).toEqual(await alone(5));
      await vi.waitFor(() => expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1]), DEADLINE);
    },
    2 * DEADLINE,
  );

  test(
    "is not there: a URL without a file, and one that is none",
    async () => {
      for (const worker of [new URL("./no-such-worker.js", import.meta.url), "no url at all"]) {
        const runtime = await runtimeOf({ threads: 2, share: "always", worker });
        await runtime.startTeam();
        expect(runtime.info).toMatchObject({ threads: 1, workers: "failed" });
        expect(lost.test(runtime.info.notes.join())).toBe(true);
      }
    },
    DEADLINE,
  );

  test("has no SharedArrayBuffer to share: one thread, and info says so before anything runs", async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    const runtime = await runtimeOf({ threads: 4, share: "always" });
    expect(runtime.info).toMatchObject({ threads: 1, workers: "failed", sharedMemory: false });
    expect(runtime.info.notes).toContain("1 thread: this host has no SharedArrayBuffer");
    const model = await w.build(net, { runtime, seed: 1 });
    const trainer = await w.createTrainer(model, options);
    for (let step = 0; step < 5; step++) trainer.step(batch);
    vi.unstubAllGlobals();
    expect(bitsOf(model, trainer)).toEqual(await alone(5));
    expect(workers).toEqual([]);
  });

  test("asks for more threads than a team has room for", async () => {
    await expect(w.createRuntime({ threads: 65 })).rejects.toThrow(
      'createRuntime: threads must be "auto" or an integer from 1 to 64, got 65',
    );
  });
});

describe("meanwhile", () => {
  test("memory grows while workers are parked, spin and wake", async () => {
    const runtime = await teamOf(3);
    const model = await w.build(net, { runtime, seed: 1 });
    const trainer = await w.createTrainer(model, options);
    const before = runtime.info.memory.bytes;
    for (let step = 0; step < 12; step++) {
      trainer.step(batch);
      const large = await w.build(w.sequential(w.input(500), w.dense(700)), { runtime });
      large.predict(new Float32Array(500));
    }
    expect(runtime.info.memory.bytes).toBeGreaterThan(before + 12 * 500 * 700 * 4);
    expect(runtime.info.workers).toBe("running");
    expect(bitsOf(model, trainer)).toEqual(await alone(12));
    // What lies in the grown part is trained by all ranks.
    const late = await w.build(net, { runtime, seed: 1 });
    const lateTrainer = await w.createTrainer(late, options);
    for (let step = 0; step < 12; step++) lateTrainer.step(batch);
    expect(bitsOf(late, lateTrainer)).toEqual(await alone(12));
  });

  test("two runtimes of one process train in turns, each with its own threads", async () => {
    const trainers: [w.Model, w.Trainer][] = [];
    for (const threads of [2, 3]) {
      const model = await w.build(net, { runtime: await teamOf(threads), seed: 1 });
      trainers.push([model, await w.createTrainer(model, options)]);
    }
    for (let step = 0; step < 40; step++) for (const [, trainer] of trainers) trainer.step(batch);
    const want = await alone(40);
    for (const [model, trainer] of trainers) expect(bitsOf(model, trainer)).toEqual(want);
    runtimes[0].dispose();
    const [model, trainer] = trainers[1];
    for (let step = 0; step < 10; step++) trainer.step(batch);
    expect(bitsOf(model, trainer)).toEqual(await alone(50));
    expect(() => trainers[0][1].step(batch)).toThrow(w.OptionError);
  });

  test("a second fit of one model is refused, and the first one ends as if nothing had been", async () => {
    const model = await w.build(net, { runtime: await teamOf(2), seed: 1 });
    const still = await w.build(net, { runtime: await runtimeOf({ threads: 1 }), seed: 1 });
    const first = model.fit(data, { ...options, epochs: 30 });
    await expect(model.fit(data, { ...options, epochs: 1 })).rejects.toThrow(/fit: the model is being trained by fit/);
    await expect(w.createTrainer(model, options)).rejects.toThrow(w.WorkerError);
    expect(() => model.dispose()).toThrow(/dispose: the model is being trained by fit/);
    expect((await first).epochs).toBe(30);
    await still.fit(data, { ...options, epochs: 30 });
    expect(bitsOf(model)).toEqual(bitsOf(still));
    model.dispose();
  });

  test("two models of one runtime are fitted at once, each with the bits that it has alone", async () => {
    const runtime = await teamOf(3);
    const single = await runtimeOf({ threads: 1 });
    const begun = new Set<number>();
    const fitOf = async (on: w.Runtime, seed: number, others: number) => {
      const model = await w.build(net, { runtime: on, seed });
      // Nobody goes on to a second epoch before all have had their first: from then on they take turns.
      const onEpoch = async () => {
        begun.add(seed);
        await vi.waitFor(() => expect(begun.size).toBeGreaterThan(others), { timeout: DEADLINE, interval: 1 });
      };
      await model.fit(data, { ...options, epochs: 12, seed, callbacks: [{ onEpoch }] });
      return bitsOf(model);
    };
    const together = await Promise.all([fitOf(runtime, 1, 1), fitOf(runtime, 2, 1)]);
    expect(together).toEqual([await fitOf(single, 1, 0), await fitOf(single, 2, 0)]);
    expect(together[0]).not.toEqual(together[1]);
  });

  test("abort ends fit with the reason; the team serves the next run", async () => {
    const runtime = await teamOf(3);
    const model = await w.build(net, { runtime, seed: 1 });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 100);
    const start = performance.now();
    const error = await caught(model.fit(data, { ...options, epochs: 1_000_000, signal: controller.signal }));
    expect(error.message).toBe("enough");
    expect(error.history).toMatchObject({ stopped: "aborted" });
    expect(performance.now() - start).toBeLessThan(2000);
    const fresh = await w.build(net, { runtime, seed: 1 });
    const trainer = await w.createTrainer(fresh, options);
    for (let step = 0; step < 10; step++) trainer.step(batch);
    expect(bitsOf(fresh, trainer)).toEqual(await alone(10));
    expect(runtime.info.workers).toBe("running");
  });

  test("the runtime is disposed: fit ends with a clear error, and all threads with it", async () => {
    const runtime = await teamOf(3);
    const model = await w.build(net, { runtime, seed: 1 });
    setTimeout(() => runtime.dispose(), 100);
    const error = await caught(model.fit(data, { ...options, epochs: 1_000_000 }));
    expect(error).toBeInstanceOf(w.OptionError);
    expect(error.message).toMatch(/the runtime was disposed/);
    expect(error.history).toMatchObject({ stopped: "failed" });
    expect(() => model.predict(x)).toThrow(/predict: the runtime was disposed/);
    model.dispose();
    await vi.waitFor(() => expect(workers.map(({ threadId }) => threadId)).toEqual([-1, -1]), DEADLINE);
  });

  test("the runtime is disposed while its threads start: none of them stays", async () => {
    const runtime = await runtimeOf({ threads: 4, share: "always" });
    const starting = runtime.startTeam();
    runtime.dispose();
    await starting;
    expect(runtime.info).toMatchObject({ threads: 1, workers: "failed" });
    expect(runtime.info.notes).toContain("1 thread: the runtime was disposed");
    await vi.waitFor(() => expect(workers.every(({ threadId }) => threadId === -1)).toBe(true), DEADLINE);
  });
});

describe.each(variants)("a step that is not finite, %s", (numerics) => {
  test("leaves weights, statistics and slots as they were, 50 times, and the team goes on", async () => {
    const runtime = await newTeam(numerics, 4);
    runtimes.push(runtime);
    const model = await w.build(net, { runtime, seed: 1 });
    const trainer = await w.createTrainer(model, options);
    const huge = { ...batch, x: batch.x.map((value) => value * 3e38) };
    for (let turn = 0; turn < 50; turn++) {
      trainer.step(batch);
      const before = bitsOf(model, trainer);
      expect(() => trainer.step(huge)).toThrow(w.NonFiniteError);
      expect(bitsOf(model, trainer)).toEqual(before);
    }
    expect(runtime.info).toMatchObject({ threads: 4, workers: "running" });
    const single = await w.build(net, { runtime: await w.createRuntime({ numerics, threads: 1 }), seed: 1 });
    const singleTrainer = await w.createTrainer(single, options);
    for (let turn = 0; turn < 50; turn++) singleTrainer.step(batch);
    expect(bitsOf(model, trainer)).toEqual(bitsOf(single, singleTrainer));
  });
});
