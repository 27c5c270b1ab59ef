/** Residual blocks and stochastic depth: names, initial weights, how often a branch is left out, what is not touched then. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { layoutOf } from "../../src/model/layout.ts";
import { runtimeOf, variants } from "../model/runtimes.ts";
import { words } from "../reference/random.ts";

const runtime = () => runtimeOf("portable");

test("names are paths, freezing goes by them, and a file brings the net back", async () => {
  const block = [w.batchNorm(), w.relu(), w.dense(6)];
  const net = w.sequential(w.input(4), w.residual(block, { dropRate: 0.2 }), w.parallel([w.dense(2), [w.dense(3), w.tanh()]]), w.dense(1));
  const model = await w.build(net, { runtime: await runtime() });
  expect(model.parameters().map(({ name, shape }) => `${name} ${shape.join("x")}`)).toEqual([
    "0.0.weight 4",
    "0.0.bias 4",
    "0.0.running_mean 4",
    "0.0.running_var 4",
    "0.2.weight 6x4",
    "0.2.bias 6",
    "0.shortcut.weight 6x4",
    "1.0.weight 2x6",
    "1.0.bias 2",
    "1.1.0.weight 3x6",
    "1.1.0.bias 3",
    "2.weight 1x5",
    "2.bias 1",
  ]);
  expect(model.freeze("1.1.*")).toEqual(["1.1.0.weight", "1.1.0.bias"]);
  expect(model.summary()).toContain("0.shortcut dense");
  const same = await w.load(model.save(), { runtime: await runtime() });
  expect(same.stateDict()).toEqual(model.stateDict());
  expect(same.net.layers).toEqual(model.net.layers);
  expect(() => model.gradients({ x: [[1, 2, 3, 4]], y: [[1]] }, w.mse())).toThrow("layer 0.0 (batchNorm)");
  model.dispose();
  same.dispose();
});

test("the default initializer looks into the block that follows and out of the one that ends", () => {
  const layers = [w.dense(4), w.residual([w.batchNorm(), w.relu(), w.dense(4)]), w.residual([w.tanh(), w.dense(5)]), w.prelu()];
  const inits = layoutOf(w.sequential(w.input(4), ...layers, w.dense(1))).parameters;
  const kindOf = (name: string) => JSON.stringify(inits.find((parameter) => parameter.name === name)!.init);
  expect(kindOf("0.weight")).toBe(JSON.stringify(w.heNormal({ slope: 0 })));
  expect(kindOf("1.2.weight")).toBe(JSON.stringify(w.xavierUniform()));
  expect(kindOf("2.1.weight")).toBe(JSON.stringify(w.heNormal({ slope: 0.25 })));
  expect(kindOf("2.shortcut.weight")).toBe(kindOf("2.1.weight"));
});

test("linear decay of survival", () => {
  expect(w.linearDropRates(4)).toEqual([0.125, 0.25, 0.375, 0.5]);
  expect(w.linearDropRates(2, 0.2)).toEqual([0.1, 0.2]);
  expect(() => w.linearDropRates(0)).toThrow("linearDropRates: blocks must be an integer of at least 1, got 0");
});

describe.each(variants)("%s", (variant) => {
  const x = Float32Array.from({ length: 12 }, (_, i) => (i % 5) - 2);

  test("a branch is there as often as its draw says, by Philox word 0 of its stream; inference scales it", async () => {
    const rate = 0.3;
    const model = await w.build(w.sequential(w.input(4), w.relu(), w.residual([w.dense(4)], { dropRate: rate })), {
      runtime: await runtimeOf(variant),
    });
    const seen: boolean[] = [];
    const branch = Float32Array.from({ length: 4 }, () => 2);
    model.loadStateDict({ "1.0.weight": new Float32Array(16), "1.0.bias": branch });
    const watch = (_: unknown, { data }: w.Tensor) => {
      seen.push(data[0] === 2);
      return 0;
    };
    const options = { loss: w.mse(), optimizer: w.sgd({ learningRate: 0 }), batchSize: 3, shuffle: false, metrics: { watch } };
    await model.fit({ x, y: x }, { ...options, epochs: 2000, seed: 9 });
    const threshold = Math.round(rate * 2 ** 31) * 2;
    expect(seen).toEqual(seen.map((_, step) => words(1, { seedLow: 9, seedHigh: 0, stream: 1, step })[0] >= threshold));
    const share = seen.filter(Boolean).length / seen.length;
    expect(Math.abs(share - (1 - rate))).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / seen.length));
    seen.length = 0;
    await model.fit({ x, y: x }, { ...options, epochs: 100, seed: 9 }); // another run, other draws
    expect(seen).toEqual(seen.map((_, step) => words(1, { seedLow: 9, seedHigh: 0, stream: 1, step, run: 1 })[0] >= threshold));
    const inferred = model.predict(x).data;
    inferred.forEach((value, i) => expect(value).toBeCloseTo(Math.max(x[i], 0) + (1 - rate) * 2, 6));
    const sampled = model.predict(x, { samples: 1000, seed: 4 }).data;
    expect(Math.abs(sampled[0] - 1.4)).toBeLessThan(4 * 2 * Math.sqrt((rate * (1 - rate)) / 1000));
    model.dispose();
  });

  test("what a step leaves out stays as it is: weights and running statistics", async () => {
    const block = (dropRate: number) => w.residual([w.batchNorm(), w.relu(), w.dense(256), w.relu(), w.dense(4)], { dropRate });
    const model = await w.build(w.sequential(w.input(4), block(0.9999), block(0)), { runtime: await runtimeOf(variant) });
    const before = model.stateDict();
    const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: w.sgd({ learningRate: 0.1, momentum: 0.9 }), batchSize: 3 });
    for (let step = 0; step < 3; step++) trainer.step({ x, y: x });
    const after = model.stateDict();
    for (const name of Object.keys(before)) {
      if (name.startsWith("0.")) expect(after[name], name).toEqual(before[name]);
      else expect(after[name], name).not.toEqual(before[name]);
    }
    trainer.dispose();
    model.dispose();
  });

  test("200 blocks build, verify and train", async () => {
    const rates = w.linearDropRates(200, 0.5);
    const blocks = rates.map((dropRate) => w.residual([w.batchNorm(), w.relu(), w.dense(8), w.relu(), w.dense(8)], { dropRate }));
    const net = w.sequential(w.input(4), ...([w.dense(8), ...blocks, w.dense(1)] as w.Layer[]));
    const model = await w.build(net, { seed: 1, runtime: await runtimeOf(variant) });
    const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: w.adam({ learningRate: 1e-3 }), batchSize: 16 });
    const xs = Float32Array.from({ length: 64 }, (_, i) => Math.fround(((i * 37) % 64) / 32 - 1));
    const y = { data: Float32Array.from({ length: 16 }, (_, i) => xs[4 * i]), shape: [16, 1] };
    const losses = Array.from({ length: 60 }, () => trainer.step({ x: xs, y }));
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(losses.slice(-10))).toBeLessThan(0.5 * mean(losses.slice(0, 10)));
    trainer.dispose();
    model.dispose();
  });
});

test("what can't be a block", async () => {
  expect(() => w.residual([])).toThrow("residual: layers must be a list of layers, one at least, got []");
  expect(() => w.residual([w.relu as unknown as w.Layer])).toThrow("residual: layers[0] must be a layer, got the function");
  expect(() => w.residual([w.relu()], { dropRate: 1 })).toThrow("residual: dropRate must be in [0, 1), got 1");
  expect(() => w.parallel([w.relu()], { join: "sum" } as object)).toThrow('parallel: join must be one of "concat", "add", got "sum"');
  const build = async (...layers: w.Layer[]) => w.build(w.sequential(w.input(2, 3), ...layers), { runtime: await runtime() });
  await expect(build(w.residual([w.flatten()]))).rejects.toThrow(
    "the layers of residual must keep all axes but the last, got [6] from [2, 3]",
  );
  await expect(build(w.parallel([w.flatten(), w.relu()]))).rejects.toThrow(
    "must give shapes that differ in the last axis only, got [6] and [2, 3]",
  );
  await expect(build(w.parallel([w.dense(2), w.relu()], { join: "add" }))).rejects.toThrow("must give one shape, got [2, 2] and [2, 3]");
  await expect(build(w.residual([w.input(3)]))).rejects.toThrow("layer 0.0 (input): only the first layer of a net may be input(...)");
});
