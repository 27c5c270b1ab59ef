/** Memory: flat over 100,000 steps, given back by every call and by models that nobody holds, and a full one harms nobody. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";

declare const gc: (() => void) | undefined;

const next = testNumbers(5);
const x = Float32Array.from({ length: 20 * 4 }, next);
const y = Int32Array.from({ length: 20 }, (_, i) => i % 3);
const loss = w.softmaxCrossEntropy();
const net = w.sequential(w.input(4), w.dense(16), w.batchNorm(), w.relu(), w.dropout(0.1), w.dense(3));

function collect(): void {
  if (gc === undefined) throw new Error("these tests need node --expose-gc: see vitest.config.ts");
  gc();
}

/** Several turns of the event loop with a collection in each: finalizers run in between. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Bytes that a runtime keeps for itself once programs have run on it (scratch): no model is there then. */
async function usedByRuntime(runtime: w.Runtime): Promise<number> {
  const model = await w.build(w.sequential(w.input(2), w.dense(2)), { runtime });
  const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: w.sgd() });
  trainer.step({ x: [[1, 2]], y: [[1, 2]] });
  model.predict([[1, 2]]);
  trainer.dispose();
  model.dispose();
  return runtime.info.memory.used;
}

test("100,000 steps: linear memory stays, the heap grows by less than 1 MB", async () => {
  const runtime = await w.createRuntime();
  const model = await w.build(net, { runtime });
  const trainer = await w.createTrainer(model, { loss, optimizer: w.adam(), batchSize: 16, penalty: w.l2(1e-4), clip: w.clipNorm(1) });
  const batch = { x: x.subarray(0, 64), y: y.subarray(0, 16) };
  const remainder = { x: x.subarray(0, 28), y: y.subarray(0, 7) };
  const run = (steps: number) => {
    for (let step = 0; step < steps; step++) trainer.step(step % 10 === 9 ? remainder : batch);
  };
  run(1000);
  const memory = { ...runtime.info.memory };
  const before = heap();
  run(99_000);
  const grown = heap() - before;
  expect(trainer.steps).toBe(100_000);
  expect(runtime.info.memory).toEqual(memory);
  expect(grown).toBeLessThan(1_000_000);
  expect(Object.values(model.stateDict()).every(({ data }) => data.every(Number.isFinite))).toBe(true);
  runtime.dispose();
});

describe("500 times, the arena holds as much as before", () => {
  const data = { x, y };
  const cases: [string, (model: w.Model) => unknown][] = [
    ["fit", (model) => model.fit(data, { loss, optimizer: w.adam(), epochs: 1, batchSize: 8, validation: 5 })],
    ["predict", (model) => model.predict(x, { samples: 2 })],
    ["evaluate", (model) => model.evaluate(data, { loss })],
    ["gradients", (model) => model.gradients(data, loss)],
    [
      "createTrainer and dispose",
      async (model) => {
        const trainer = await w.createTrainer(model, { loss, optimizer: w.adam(), batchSize: 8 });
        trainer.step({ x: x.subarray(0, 32), y: y.subarray(0, 8) });
        trainer.step({ x: x.subarray(0, 32), y: y.subarray(0, 8), weights: new Float32Array(8).fill(1) });
        trainer.dispose();
      },
    ],
    [
      "a failing step",
      async (model) => {
        const trainer = await w.createTrainer(model, { loss, optimizer: w.adam(), batchSize: 8 });
        expect(() => trainer.step({ x: new Float32Array(32).fill(3e38), y: y.subarray(0, 8) })).toThrow(w.NonFiniteError);
        trainer.dispose();
      },
    ],
    [
      "a failing fit",
      (model) =>
        expect(model.fit({ x: new Float32Array(80).fill(3e38), y }, { loss, optimizer: w.adam() })).rejects.toThrow(w.NonFiniteError),
    ],
    ["save, load, dispose", async (model) => (await w.load(model.save(), { runtime: model.runtime })).dispose()],
  ];
  test.each(cases)("%s", async (_, action) => {
    const runtime = await w.createRuntime();
    const base = await usedByRuntime(runtime);
    const model = await w.build(net, { runtime });
    await action(model); // the first call makes the inference program, which stays
    const { used, bytes } = runtime.info.memory;
    for (let time = 0; time < 500; time++) await action(model);
    expect(runtime.info.memory.used).toBe(used);
    expect(runtime.info.memory.bytes).toBe(bytes);
    model.dispose();
    model.dispose(); // a second time does nothing
    expect(runtime.info.memory.used).toBe(base);
    runtime.dispose();
  });
});

test("models and trainers that nobody holds give their memory back", async () => {
  const runtime = await w.createRuntime();
  const kept = await w.build(net, { runtime });
  kept.predict(x);
  const { used } = runtime.info.memory;
  const make = async () => {
    for (let i = 0; i < 20; i++) {
      const model = await w.build(net, { runtime });
      const trainer = await w.createTrainer(model, { loss, optimizer: w.adam(), batchSize: 8 });
      trainer.step({ x: x.subarray(0, 32), y: y.subarray(0, 8) });
      model.predict(x);
    }
  };
  await make();
  expect(runtime.info.memory.used).toBeGreaterThan(used + 20 * 30_000);
  await settle();
  expect(runtime.info.memory.used).toBe(used);
  expect(kept.predict(x).shape).toEqual([20, 3]);
  runtime.dispose();
});

test("a trainer keeps its model alive, a model its runtime", async () => {
  const runtime = await w.createRuntime();
  const make = async () => w.createTrainer(await w.build(net, { runtime }), { loss, optimizer: w.sgd(), batchSize: 8 });
  const trainer = await make();
  await settle();
  const other = await w.build(net, { runtime, seed: 9 }); // would take over the memory
  const before = other.stateDict();
  for (let i = 0; i < 5; i++) trainer.step({ x: x.subarray(0, 32), y: y.subarray(0, 8) });
  expect(other.stateDict()).toEqual(before);
  runtime.dispose();
});

describe("a full memory", () => {
  const maximum = 64 * 65536;
  const big = w.sequential(w.input(1000), w.dense(2000), w.relu(), w.dense(10)); // 8 MB of weights

  test("MemoryError says what was wanted and what is there; all else is unharmed", async () => {
    const runtime = await w.createRuntime({ memory: { maximum }, threads: 1 });
    const model = await w.build(net, { runtime });
    const trainer = await w.createTrainer(model, { loss, optimizer: w.adam(), batchSize: 8 });
    const batch = { x: x.subarray(0, 32), y: y.subarray(0, 8) };
    trainer.step(batch);
    const state = model.stateDict();
    const prediction = model.predict(x);
    const { used } = runtime.info.memory;
    const error = await w.build(big, { runtime }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(w.MemoryError);
    expect((error as Error).message).toMatch(
      /^memory: the parameters needs 7\.\d MiB, but 0\.\d MiB of at most 4\.0 MiB are in use\. Dispose models/,
    );
    expect(runtime.info.memory.used).toBe(used);
    expect(model.stateDict()).toEqual(state);
    expect(model.predict(x)).toEqual(prediction);
    const twin = await w.build(net, { runtime });
    const other = await w.createTrainer(twin, { loss, optimizer: w.adam(), batchSize: 8 });
    other.step(batch);
    other.step(batch);
    trainer.step(batch);
    expect(twin.stateDict()).not.toEqual(state);
    expect(model.parameters()).toEqual(twin.parameters());
    runtime.dispose();
  });

  /** The weights fit (2 MB); what is asked of the model then does not. */
  const half = w.sequential(w.input(1000), w.dense(500), w.relu(), w.dense(10));
  const rows = { x: new Float32Array(8 * 1000), y: new Int32Array(8) };
  const asked: [string, (model: w.Model) => unknown][] = [
    ["createTrainer", (model) => w.createTrainer(model, { loss, optimizer: w.adam() })],
    ["fit", (model) => model.fit(rows, { loss, optimizer: w.adam() })],
    ["gradients", (model) => model.gradients({ x: new Float32Array(900 * 1000), y: new Int32Array(900) }, loss)],
    ["predict", (model) => model.predict(new Float32Array(1000))],
    ["evaluate", (model) => model.evaluate(rows, { loss })],
  ];
  test.each(asked)("%s gives back what it had got before it failed", async (_, ask) => {
    const runtime = await w.createRuntime({ memory: { maximum } });
    const base = await usedByRuntime(runtime);
    const model = await w.build(half, { runtime });
    const state = model.stateDict();
    const { used } = runtime.info.memory;
    for (let time = 0; time < 3; time++) {
      const error = await (async () => ask(model))().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(w.MemoryError);
      expect(runtime.info.memory.used).toBe(used);
    }
    expect(model.stateDict()).toEqual(state);
    model.dispose();
    expect(runtime.info.memory.used).toBe(base);
    runtime.dispose();
  });

  test("build waits for models that nobody holds", async () => {
    const runtime = await w.createRuntime({ memory: { maximum } });
    const make = async () => {
      await w.build(half, { runtime });
    };
    await make();
    expect(runtime.info.memory.used).toBeGreaterThan(2_000_000);
    collect();
    const model = await w.build(half, { runtime, seed: 1 });
    expect(model.stateDict()["2.bias"].data).toEqual(new Float32Array(10));
    runtime.dispose();
  });
});

test("growing memory leaves what is in it: a model made early predicts as before, a trainer made early goes on", async () => {
  const runtime = await w.createRuntime();
  const small = await w.build(net, { runtime });
  const twin = await w.build(net, { runtime: await w.createRuntime() });
  const options = { loss, optimizer: w.adam(), batchSize: 8 };
  const [trainer, other] = [await w.createTrainer(small, options), await w.createTrainer(twin, options)];
  const batch = { x: x.subarray(0, 32), y: y.subarray(0, 8) };
  trainer.step(batch);
  const prediction = small.predict(x);
  const { bytes } = runtime.info.memory;
  await w.build(w.sequential(w.input(1000), w.dense(1000)), { runtime });
  expect(runtime.info.memory.bytes).toBeGreaterThan(bytes);
  expect(small.predict(x)).toEqual(prediction);
  trainer.step(batch);
  other.step(batch);
  other.step(batch);
  expect(small.stateDict()).toEqual(twin.stateDict());
  runtime.dispose();
});
