/** The learning-rate finder: a curve of the right steps, a suggestion below the explosion, and a model left to the byte. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "./runtimes.ts";

function data(rows: number): { x: Float32Array; y: Int32Array } {
  const next = testNumbers(5);
  const x = Float32Array.from({ length: rows * 4 }, next);
  return { x, y: Int32Array.from({ length: rows }, (_, i) => (x[4 * i] + x[4 * i + 1] > 0 ? 1 : 0)) };
}

const net = w.sequential(w.input(4), w.dense(16), w.batchNorm(), w.relu(), w.dropout(0.1), w.dense(2));
const loss = w.softmaxCrossEntropy();

describe.each(variants)("%s", (variant) => {
  test("leaves the model as it was: weights, statistics, link, random streams, memory", async () => {
    const runtime = await runtimeOf(variant);
    const [model, untouched] = await Promise.all([w.build(net, { runtime, seed: 2 }), w.build(net, { runtime, seed: 2 })]);
    const rows = data(70);
    const before = model.stateDict();
    await w.findLearningRate(model, rows, { loss, optimizer: w.sgd(), steps: 5 }); // the scratch of threads stays
    const { used } = runtime.info.memory;
    await w.findLearningRate(model, rows, { loss, optimizer: w.adam() });
    expect(runtime.info.memory.used).toBe(used);
    expect(model.stateDict()).toEqual(before);
    expect(() => model.predict(rows.x, { as: "classes" })).toThrow(w.OptionError); // no loss has trained it
    expect(model.predict(rows.x)).toEqual(untouched.predict(rows.x));
    const options = { loss, optimizer: w.adam(), epochs: 2 };
    await Promise.all([model.fit(rows, options), untouched.fit(rows, options)]);
    expect(model.stateDict()).toEqual(untouched.stateDict());
    model.dispose();
    untouched.dispose();
  });

  test("the losses of a trainer with the same growing rate", async () => {
    const runtime = await runtimeOf(variant);
    const plain = w.sequential(w.input(4), w.dense(8), w.tanh(), w.dense(2));
    const model = await w.build(plain, { runtime, seed: 2 });
    const rows = data(20);
    const options = { loss, optimizer: w.sgd({ momentum: 0.5 }), batchSize: "full" as const, from: 1e-3, to: 1, steps: 7 };
    const { rates, losses } = await w.findLearningRate(model, rows, options);
    expect(rates.length).toBe(7);
    rates.forEach((rate, i) => void expect(rate / 1e-3 / 10 ** (i / 2)).toBeCloseTo(1, 12));
    const rule = w.sgd({ momentum: 0.5, learningRate: { at: (step) => rates[step]! } });
    const trainer = await w.createTrainer(model, { loss, optimizer: rule });
    // rows in another order: their losses are summed in another order too
    for (const want of losses) expect(trainer.step(rows)).toBeCloseTo(want, 5);
    model.dispose();
  });

  test("a line with one weight: the loss falls fastest below the rate at which it explodes", async () => {
    const runtime = await runtimeOf(variant);
    const model = await w.build(w.sequential(w.input(1), w.dense(1, { bias: false, init: w.constant(3) })), { runtime });
    // loss (w - 1)², gradient 2 (w - 1): gradient descent explodes above a rate of 1
    const line = { x: Float32Array.of(1, -1, 1, -1), y: Float32Array.of(1, -1, 1, -1) };
    const { rates, losses, suggestion } = await w.findLearningRate(model, line, { loss: w.mse(), optimizer: w.sgd(), from: 1e-4, to: 1e4 });
    expect(losses[0]).toBe(4);
    expect(losses.length).toBe(rates.length);
    expect(losses.length).toBeLessThan(100); // it ended where the loss had exploded
    expect(losses.at(-1)).toBeGreaterThan(losses[0]!);
    expect(rates.at(-1)).toBeGreaterThan(1);
    expect(suggestion).toBeGreaterThan(0.02);
    expect(suggestion).toBeLessThan(1);
    model.dispose();
  });

  test.each([100, 300])("batches that differ don't lead it astray, in %i steps", async (steps) => {
    const rows = data(640);
    const plain = w.sequential(w.input(4), w.dense(16), w.tanh(), w.dense(2));
    for (const seed of [1, 2, 3, 4]) {
      const model = await w.build(plain, { runtime: await runtimeOf(variant), seed });
      for (const [optimizer, least, most] of [[w.sgd(), 0.03, 1] as const, [w.adam(), 3e-3, 0.1] as const]) {
        const { suggestion } = await w.findLearningRate(model, rows, { loss, optimizer, steps, seed });
        expect(suggestion).toBeGreaterThan(least);
        expect(suggestion).toBeLessThan(most);
      }
      model.dispose();
    }
  });

  test("the model is put back after an error too", async () => {
    const model = await w.build(net, { runtime: await runtimeOf(variant) });
    const before = model.stateDict();
    const rows = { x: new Float32Array(40).fill(3e38), y: new Int32Array(10) };
    await expect(w.findLearningRate(model, rows, { loss, optimizer: w.sgd() })).rejects.toThrow(w.NonFiniteError);
    expect(model.stateDict()).toEqual(before);
    expect(model.predict(new Float32Array(4)).shape).toEqual([1, 2]);
    model.dispose();
  });
});

test("refusals", async () => {
  const model = await w.build(net);
  const options = { loss, optimizer: w.sgd() };
  const rows = data(10);
  const refused = (given: object, message: string) =>
    expect(w.findLearningRate(model, rows, { ...options, ...given } as never)).rejects.toThrow(message);
  await refused({ from: 0 }, "findLearningRate: from must be a finite number above 0, got 0");
  await refused({ from: 1, to: 1 }, "findLearningRate: to must be a finite number above from, 1, got 1");
  await refused({ steps: 2 }, "findLearningRate: steps must be an integer of at least 3, got 2");
  await refused({ epochs: 2 }, 'findLearningRate: unknown option "epochs"');
  await expect(w.findLearningRate(model, [rows] as never, options)).rejects.toThrow(
    "findLearningRate: data must be { x, y }, got an iterable",
  );
  await expect(w.findLearningRate({} as never, rows, options)).rejects.toThrow(
    "findLearningRate: model must be what build or load returns",
  );
  model.dispose();
});
