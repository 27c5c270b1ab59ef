/**
 * A loss or gradient that stops being finite: the error says where, and the model is what it was before that step.
 */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, type Variant, variants } from "./runtimes.ts";

const CURES =
  "The weights are those before this step. Usual cures: a lower learning rate, clip: clipNorm(1), standardized inputs, smaller initial weights";

function numbers(seed: number, count: number, scale = 1): Float32Array {
  const next = testNumbers(seed);
  return Float32Array.from({ length: count }, () => scale * next());
}

/** Runs `action`, which must throw a NonFiniteError. */
async function caught(action: () => unknown): Promise<w.NonFiniteError & { history?: w.History }> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(w.NonFiniteError);
    return error as w.NonFiniteError;
  }
  return expect.fail("no error was thrown");
}

const normalized = () => w.sequential(w.input(4), w.dense(6), w.batchNorm(), w.relu(), w.dense(3));

async function buildOn(net: w.Net, variant: Variant): Promise<w.Model> {
  return w.build(net, { runtime: await runtimeOf(variant), seed: 3 });
}

describe.each(variants)("%s", (variant) => {
  /** One bad batch: what the error says, and that nothing of the model has moved. */
  async function expectCulprit(
    model: w.Model,
    options: Partial<w.TrainerOptions>,
    batch: { x: Float32Array; y: Float32Array },
    layer: string,
    value: number,
  ): Promise<void> {
    const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: w.adam(), batchSize: 16, ...options });
    const before = model.stateDict();
    const error = await caught(() => trainer.step(batch));
    expect({ step: error.step, layer: error.layer, value: error.value }).toEqual({ step: 0, layer, value });
    expect(error.message).toBe(`step 0: ${layer} is ${value}. ${CURES}`);
    expect(model.stateDict()).toEqual(before);
    expect(trainer.steps).toBe(0);
    trainer.dispose();
    model.dispose();
  }

  const x = numbers(1, 10 * 4);
  const y = numbers(2, 10 * 3);

  test.each([4, 16])("overflow in the first layer, batchSize %i", async (batchSize) => {
    const model = await buildOn(w.sequential(w.input(4), w.dense(5), w.relu(), w.dense(3)), variant);
    model.loadStateDict({ "0.weight": new Float32Array(20).fill(3e38) }, { strict: false });
    const batch = { x: new Float32Array(16).fill(2), y: new Float32Array(12) };
    await expectCulprit(model, { batchSize }, batch, "layer 0 (dense)", Infinity);
  });

  test("overflow in a later layer", async () => {
    const model = await buildOn(w.sequential(w.input(4), w.dense(5), w.relu(), w.dense(3)), variant);
    model.loadStateDict({ "0.weight": new Float32Array(20).fill(1e20), "2.weight": new Float32Array(15).fill(-1e20) }, { strict: false });
    await expectCulprit(model, {}, { x: new Float32Array(16).fill(1), y: new Float32Array(12) }, "layer 2 (dense)", -Infinity);
  });

  // Outputs and loss stay finite: 1 / √∞ is 0. Without a check running_var would be ∞ from then on, and no file could hold the model.
  test("overflow in batch statistics alone", async () => {
    const model = await buildOn(normalized(), variant);
    model.loadStateDict({ "0.weight": numbers(5, 24, 1e25) }, { strict: false });
    await expectCulprit(model, {}, { x, y }, "layer 1 (batchNorm)", Infinity);
  });

  test("overflow in the loss", async () => {
    const model = await buildOn(w.sequential(w.input(3), w.dense(3)), variant);
    model.loadStateDict({ "0.weight": new Float32Array(9).fill(1e25) }, { strict: false });
    await expectCulprit(model, {}, { x: new Float32Array(6).fill(1), y: new Float32Array(6) }, "loss", Infinity);
  });

  test("overflow in the gradient alone: loss and outputs are finite", async () => {
    const model = await buildOn(w.sequential(w.input(2), w.dense(2), w.dense(1)), variant);
    model.loadStateDict({
      "0.weight": [
        [1e-20, 0],
        [0, 1e-20],
      ],
      "0.bias": [0, 0],
      "1.weight": [[1, 1]],
      "1.bias": [0],
    });
    // y is about 1e19, the loss 1e38, dy 2e19; dweight of layer 0 is dy·x = 4e38
    const batch = { x: new Float32Array([2e19, 2e19]), y: new Float32Array([-1e19]) };
    await expectCulprit(model, {}, batch, "gradient of layer 0 (dense)", Infinity);
  });

  test("gradients whose squares alone overflow float32 are still a step", async () => {
    const model = await buildOn(w.sequential(w.input(1), w.dense(1, { bias: false })), variant);
    model.loadStateDict({ "0.weight": [[0]] });
    const trainer = await w.createTrainer(model, { loss: w.mae(), optimizer: w.sgd({ learningRate: 1 }), clip: w.clipNorm(1) });
    expect(trainer.step({ x: [[1e30]], y: [[-1]] })).toBe(1);
    expect(model.stateDict()["0.weight"].data[0]).toBe(-1); // gradient 1e30, clipped to a norm of 1
    trainer.dispose();
    model.dispose();
  });

  test("a trainer goes on after a bad batch as if it had not been", async () => {
    const make = async () => {
      const model = await buildOn(normalized(), variant);
      const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: w.adam({ learningRate: 0.01 }), batchSize: 10 });
      return { model, trainer };
    };
    const plain = await make();
    const hit = await make();
    const bad = numbers(9, 10 * 4, 3e38);
    for (let step = 0; step < 6; step++) {
      plain.trainer.step({ x, y });
      if (step === 3) expect((await caught(() => hit.trainer.step({ x: bad, y }))).step).toBe(3);
      hit.trainer.step({ x, y });
    }
    expect(hit.model.stateDict()).toEqual(plain.model.stateDict());
    expect(hit.trainer.checkpoint().slots).toEqual(plain.trainer.checkpoint().slots);
    expect(hit.trainer.steps).toBe(6);
    plain.model.dispose();
    hit.model.dispose();
  });

  test("fit: the error says the step, carries history, and the model is that of the step before", async () => {
    // The rate explodes at step 17: 8 steps an epoch, so that it is the second step of the third one.
    const schedule = { at: (step: number) => (step >= 16 ? 1e30 : 0.01) };
    const data = { x: numbers(11, 64 * 4), y: numbers(12, 64 * 3) };
    const options = { loss: w.mse(), batchSize: 8, seed: 5 };
    const model = await buildOn(normalized(), variant);
    const fit = () => model.fit(data, { ...options, shuffle: false, optimizer: w.sgd({ learningRate: schedule }), epochs: 10 });
    const error = await caught(fit);
    expect(error.step).toBe(17);
    expect(error.layer).toMatch(/^(layer \d \(\w+\)|loss)$/);
    expect(Number.isFinite(error.value)).toBe(false);
    expect(error.history).toMatchObject({ epochs: 2, stopped: "failed", learningRate: [0.01, 0.01] });
    expect(error.history!.loss.length).toBe(2);

    const other = await buildOn(normalized(), variant);
    const trainer = await w.createTrainer(other, { ...options, optimizer: w.sgd({ learningRate: schedule }) });
    for (let step = 0; step < 17; step++) {
      const at = step % 8;
      trainer.step({ x: data.x.slice(at * 32, at * 32 + 32), y: data.y.slice(at * 24, at * 24 + 24) });
    }
    expect(model.stateDict()).toEqual(other.stateDict());
    model.dispose();
    other.dispose();
  });

  test("fit with a learning rate far too high, early stopping or not", async () => {
    const data = { x: numbers(11, 64 * 4), y: numbers(12, 64 * 3) };
    const rate = { at: (step: number) => (step >= 20 ? 1e36 : 0.01) };
    const options = { loss: w.mse(), optimizer: w.sgd({ learningRate: rate }), batchSize: 8, epochs: 9, validation: 0.25 };
    const model = await buildOn(w.sequential(w.input(4), w.dense(6), w.tanh(), w.dense(3)), variant);
    let best: w.StateDict = {};
    let least = Infinity;
    const keep = {
      onEpoch: ({ valLoss }: w.TrainingState) => {
        if (valLoss! >= least) return;
        least = valLoss!;
        best = model.stateDict();
      },
    };
    const error = await caught(() => model.fit(data, { ...options, callbacks: [keep, w.earlyStopping()] }));
    expect(error.step).toBeGreaterThan(20);
    expect(error.history!.epochs).toBeGreaterThanOrEqual(3);
    expect(error.history!.valLoss[error.history!.bestEpoch]).toBe(least);
    expect(model.stateDict()).toEqual(best);
    const { loss } = model.evaluate(data, { loss: w.mse() });
    expect(loss).toBeLessThan(2);
    model.dispose();
  });
});

test("a memory too full for the search still says which step went wrong", async () => {
  const runtime = await w.createRuntime({ memory: { maximum: 24 * 65536 }, threads: 1 });
  const model = await w.build(w.sequential(w.input(2), w.dense(2000), w.relu(), w.dense(1)), { runtime });
  const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: w.sgd(), batchSize: 32 });
  const fill: w.Model[] = [];
  for (const units of [4096, 512, 64, 8]) {
    try {
      for (;;) fill.push(await w.build(w.sequential(w.input(4), w.dense(units)), { runtime }));
    } catch (error) {
      expect(error).toBeInstanceOf(w.MemoryError);
    }
  }
  const error = await caught(() => trainer.step({ x: new Float32Array(64).fill(3e38), y: new Float32Array(32).fill(3e38) }));
  expect(error).toMatchObject({ step: 0, layer: "loss or gradients", value: Number.NaN });
  expect(error.message).toBe(`step 0: loss or gradients are not finite, and no memory is left to look for the layer. ${CURES}`);
  runtime.dispose();
});
