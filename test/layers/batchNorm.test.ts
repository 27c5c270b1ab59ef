/** batchNorm of rows of more than one axis: which axis, how many rows it needs, that nothing folds it wrongly, threads and files. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { sizeOf } from "../../src/shape.ts";
import { expectNear } from "../kernels/compare.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "../model/runtimes.ts";
import { channelMoments } from "../reference/channelMoments.ts";
import { normalizeChannels } from "../reference/normalizeChannels.ts";
import { bitsOf, teamOf } from "../runtime/teams.ts";

const portable = () => runtimeOf("portable");
const images = (rows: number, count: number, seed = 1) => Float32Array.from({ length: rows * count }, testNumbers(seed));
const ce = w.softmaxCrossEntropy();

test("parameters and statistics are of the first axis; [features] stay as they are", async () => {
  for (const [shape, channels] of [
    [[3, 4, 5], 3],
    [[2, 7], 2],
    [[4, 1, 1], 4],
    [[1, 2, 3, 2], 1],
    [[6], 6],
  ] as const) {
    const model = await w.build(w.sequential(w.input(...shape), w.batchNorm()), { runtime: await portable() });
    expect(model.parameters().map((parameter) => [parameter.name, parameter.shape])).toEqual(
      ["weight", "bias", "running_mean", "running_var"].map((name) => [`0.${name}`, [channels]]),
    );
    expect(model.predict(images(2, sizeOf(shape))).shape).toEqual([2, ...shape]);
    model.dispose();
  }
});

test("one row of several positions is enough, and its unbiased variance is of the positions", async () => {
  const model = await w.build(w.sequential(w.input(2, 1, 3), w.batchNorm({ momentum: 0.5 })), { runtime: await portable() });
  const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: w.sgd({ learningRate: 0 }), batchSize: 4 });
  const x = images(1, 6);
  const y = { data: new Float32Array(6), shape: [1, 2, 1, 3] };
  trainer.step({ x, y });
  const { mean, variance } = channelMoments(x, 2, 3);
  const state = model.stateDict();
  expectNear(
    state["0.running_mean"].data,
    mean.map((v) => v / 2),
    "mean",
  );
  expectNear(
    state["0.running_var"].data,
    variance.map((v) => 0.5 + (v * 3) / 2 / 2),
    "variance",
  );
  expect(model.gradients({ x, y }, w.mse()).input.shape).toEqual([1, 2, 1, 3]);
  model.dispose();
});

test("one row of one position is an error, and so is one row of features anywhere in the net", async () => {
  const loss = { loss: w.mse(), optimizer: w.sgd() };
  const pixel = await w.build(w.sequential(w.input(3, 1, 1), w.batchNorm()), { runtime: await portable() });
  const x = new Float32Array(3);
  const y = { data: x, shape: [1, 3, 1, 1] };
  const trainer = await w.createTrainer(pixel, loss);
  const text = "a training batch needs at least 2 rows, got 1: layer 0 (batchNorm) normalizes by the statistics of the batch";
  expect(() => trainer.step({ x, y })).toThrow(text);
  expect(() => pixel.gradients({ x, y }, w.mse())).toThrow("a training batch needs at least 2 rows for layer 0 (batchNorm), got 1");
  pixel.dispose();
  const net = w.sequential(w.input(3, 2), w.batchNorm(), w.flatten(), w.batchNorm());
  const both = await w.build(net, { runtime: await portable() });
  expect(() => both.gradients({ x: images(1, 6), y: images(1, 6) }, w.mse())).toThrow("layer 2 (batchNorm), got 1");
  both.dispose();
});

test("fit trains on a remainder of one image", async () => {
  const model = await w.build(w.sequential(w.input(2, 3), w.batchNorm(), w.flatten(), w.dense(2)), { runtime: await portable() });
  const seen: number[] = [];
  const callbacks = [{ onEpoch: ({ rows }: w.TrainingState) => void seen.push(rows) }];
  const data = { x: images(9, 6), y: Int32Array.from({ length: 9 }, (_, i) => i % 2) };
  const history = await model.fit(data, { loss: ce, optimizer: w.adam(), batchSize: 4, epochs: 2, callbacks });
  expect(seen).toEqual([9, 9]);
  expect(history.notes).toEqual([]);
  model.dispose();
});

test("a column of pixels has the bits of features", async () => {
  const bits = [];
  for (const shape of [[5], [5, 1, 1]]) {
    const net = w.sequential(w.input(...shape), w.batchNorm(), w.flatten(), w.dense(2));
    const model = await w.build(net, { runtime: await portable(), seed: 3 });
    const trainer = await w.createTrainer(model, { loss: ce, optimizer: w.adam(), batchSize: 6 });
    for (let step = 0; step < 5; step++) trainer.step({ x: images(6, 5, step), y: Int32Array.of(0, 1, 1, 0, 1, 0) });
    bits.push(bitsOf(model, trainer));
    model.dispose();
  }
  expect(bits[1]).toEqual(bits[0]);
});

describe.each(variants)("%s", (variant) => {
  const statistics = (channels: number, at: string) => {
    const [weight, bias, mean] = [1, 2, 3].map((seed) => images(1, channels, seed));
    const variance = images(1, channels, 4).map((v) => v + 1.5);
    const named = { [`${at}.weight`]: weight, [`${at}.bias`]: bias, [`${at}.running_mean`]: mean, [`${at}.running_var`]: variance };
    return { weight, bias, mean, inverse: variance.map((v) => 1 / Math.sqrt(v + 1e-5)), named };
  };

  // A product scales its last axis. With 4 units, too, it must not take in the scales of 4 channels.
  test.each([3, 4])("after a product of the last axis, with %i units, it is not folded", async (units) => {
    const net = w.sequential(w.input(4, 6), w.dense(units), w.batchNorm());
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 5 });
    const own = statistics(4, "1");
    const { named, mean, inverse, weight, bias } = own;
    model.loadStateDict(named, { strict: false });
    const x = images(9, 24);
    const before = await w.build(w.sequential(w.input(4, 6), w.dense(units)), { runtime: await runtimeOf(variant) });
    before.loadStateDict({ "0.weight": model.stateDict()["0.weight"], "0.bias": model.stateDict()["0.bias"] });
    for (const rows of [1, 9]) {
      const part = x.slice(0, rows * 24);
      const want = normalizeChannels(before.predict(part).data, mean, inverse, weight, bias, units);
      expectNear(model.predict(part).data, want, `${rows} rows`);
    }
    model.dispose();
    before.dispose();
  });

  test("images, flatten, dense: the same bits of weights, slots and answers on 1 to 4 threads, and through a file", async () => {
    const net = w.sequential(w.input(3, 4, 5), w.batchNorm(), w.relu(), w.flatten(), w.dense(2));
    const x = images(40, 60);
    const y = Int32Array.from({ length: 40 }, (_, row) => (x.slice(row * 60, row * 60 + 20).reduce((a, b) => a + b, 0) > 0 ? 1 : 0));
    let first: unknown;
    for (const threads of [1, 2, 3, 4]) {
      const runtime = await teamOf(variant, threads);
      const model = await w.build(net, { seed: 7, runtime });
      const start = bitsOf(model);
      const trainer = await w.createTrainer(model, { loss: ce, optimizer: w.adam({ learningRate: 0.01 }), batchSize: 13 });
      const losses: number[] = [];
      for (let step = 0; step < 60; step++) {
        const at = (step % 4) * 9;
        const rows = [13, 12, 1, 5][step % 4]; // a single image, too
        losses.push(trainer.step({ x: x.slice(at * 60, (at + rows) * 60), y: y.slice(at, at + rows) }));
      }
      expect(trainer.sharedOps > 0).toBe(threads > 1);
      const history = await model.fit({ x, y }, { loss: ce, optimizer: w.adam({ learningRate: 0.01 }), epochs: 20, batchSize: 8 });
      expect(history.loss.at(-1)).toBeLessThan(0.5 * history.loss[0]);
      const bits = bitsOf(model, trainer);
      for (const name of Object.keys(start)) expect(bits[name], name).not.toEqual(start[name]);
      const predicted = model.predict(x).data;
      const same = await w.load(model.save(), { runtime });
      expect(bitsOf(same)).toEqual(bitsOf(model));
      expect(same.predict(x).data).toEqual(predicted);
      expect(model.predict(x.slice(60, 120)).data).toEqual(predicted.slice(2, 4));
      first ??= { bits, losses, predicted };
      expect({ bits, losses, predicted }, `${threads} threads`).toEqual(first);
      trainer.dispose();
      model.dispose();
      same.dispose();
    }
  });

  test("swa measures the statistics of images for the averaged weights", async () => {
    const net = w.sequential(w.input(2, 3), w.batchNorm(), w.flatten(), w.dense(2));
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 2 });
    const x = images(8, 6);
    const data = { x, y: Int32Array.from({ length: 8 }, (_, i) => i % 2) };
    await model.fit(data, { loss: ce, optimizer: w.adam(), batchSize: "full", epochs: 3, callbacks: [w.swa({ start: 1 })] });
    const { mean, variance } = channelMoments(x, 2, 3);
    const state = model.stateDict();
    expectNear(state["0.running_mean"].data, mean, "mean");
    expectNear(
      state["0.running_var"].data,
      variance.map((v) => (v * 24) / 23),
      "variance",
    );
    model.dispose();
  });
});
