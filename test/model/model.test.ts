/** What a model can do besides training: parts that stay as they are, weights in and out, summary, forms of prediction, the end. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { checkStepOptions } from "../../src/model/fitOptions.ts";
import { Training } from "../../src/model/training.ts";
import { writeTrainingProgram } from "../../src/model/trainingProgram.ts";
import type { Op } from "../../src/program/builder.ts";
import { expectNear, expectSameBits } from "../kernels/compare.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "./runtimes.ts";

function numbers(seed: number, count: number): Float32Array {
  const next = testNumbers(seed);
  return Float32Array.from({ length: count }, next);
}

const loss = w.softmaxCrossEntropy();
const net = w.sequential(w.input(4), w.dense(6), w.batchNorm(), w.relu(), w.dense(5), w.tanh(), w.dense(3));
const x = numbers(1, 24 * 4);
const y = Int32Array.from({ length: 24 }, (_, i) => (i * 5) % 3);
const data = { x, y };
const make = async (seed = 3) => w.build(net, { runtime: await runtimeOf("portable"), seed });

/** The ops of a training step, as the compiler is given them. */
function programOf(model: w.Model): readonly Op[] {
  const options = { loss, optimizer: w.adam(), batchSize: 16, penalty: undefined, clip: undefined, decay: undefined, seed: 0, run: 0 };
  checkStepOptions("test", { loss, optimizer: options.optimizer });
  const region = model.runtime.region();
  const training = new Training(model.state, options, region, undefined, "test");
  const { ops } = writeTrainingProgram(training.specOf("labels", false)).builder;
  region.free();
  return ops;
}

describe("freeze and thaw", () => {
  test.each(variants)("%s: frozen parameters keep their bytes, the others move as they would", async (variant) => {
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 3 });
    expect(model.freeze("0.*", "3.weight")).toEqual(["0.weight", "0.bias", "3.weight"]);
    const before = model.stateDict();
    const history = await model.fit(data, {
      loss,
      optimizer: w.adamw({ learningRate: 0.01, weightDecay: 0.5 }),
      epochs: 2,
      penalty: w.l2(0.1),
      decay: w.decoupledDecay(0.1),
    });
    const after = model.stateDict();
    for (const name of Object.keys(before)) {
      if (["0.weight", "0.bias", "3.weight"].includes(name)) expect(after[name], name).toEqual(before[name]);
      else expect(after[name], name).not.toEqual(before[name]);
    }
    const l2 = Array.from(before["5.weight"].data).reduce((sum, v) => sum + 0.05 * v * v, 0);
    expect(history.penalty[0]).toBeCloseTo(l2, 5); // of 5.weight alone, in the one step of the epoch
    expect(Object.keys(model.gradients(data, loss).parameters)).toEqual(["1.weight", "1.bias", "3.bias", "5.weight", "5.bias"]);
    model.dispose();
  });

  test("frozen parameters have no optimizer slots, and nothing below the lowest trainable layer is differentiated", async () => {
    const model = await make();
    const all = await w.createTrainer(model, { loss, optimizer: w.adam() });
    const words = all.checkpoint().slots[0].length;
    const backward = (ops: readonly Op[]) => ops.filter(({ span }) => span === "backward").map(({ label, name }) => `${label}: ${name}`);
    const before = backward(programOf(model));
    expect(before.at(-1)).toBe("layer 0 (dense): matmulSmall"); // its weight; the gradient of the input is not made
    expect(
      before
        .filter((line) => line.startsWith("layer 0"))
        .map((line) => line.slice(17))
        .sort(),
    ).toEqual(["columnSum", "matmulSmall"]);
    model.freeze("0.*", "1.*", "3.*");
    const head = await w.createTrainer(model, { loss, optimizer: w.adam() });
    expect(head.checkpoint().slots[0].length).toBeLessThan(words);
    expect(backward(programOf(model)).every((line) => line.startsWith("layer 5"))).toBe(true);
    model.thaw("1.bias");
    const lines = backward(programOf(model));
    expect(lines.some((line) => line.startsWith("layer 1"))).toBe(true);
    expect(lines.some((line) => line.startsWith("layer 0"))).toBe(false);
    expect(() => head.step({ x: x.subarray(0, 16), y: y.subarray(0, 4) })).toThrow(
      "trainer.step: layers were frozen or thawed since the trainer was made. Create another one",
    );
    model.dispose();
  });

  test("thaw undoes freeze; a model frozen as a whole still has a loss and running statistics", async () => {
    const [model, plain] = [await make(), await make()];
    model.freeze("*");
    const before = model.stateDict();
    expect(model.parameters().every(({ trainable }) => !trainable)).toBe(true);
    const trainer = await w.createTrainer(model, { loss, optimizer: w.sgd({ learningRate: 1 }), batchSize: 24 });
    expect(trainer.step(data)).toBeGreaterThan(0.1);
    for (const [name, value] of Object.entries(model.stateDict())) {
      if (name.includes("running")) expect(value, name).not.toEqual(before[name]);
      else expect(value, name).toEqual(before[name]);
    }
    model.loadStateDict(before);
    expect(model.thaw("*").length).toBe(8);
    const options = { loss, optimizer: w.adam(), epochs: 2 };
    model.state.runs = 0;
    await model.fit(data, options);
    await plain.fit(data, options);
    expect(model.stateDict()).toEqual(plain.stateDict());
  });

  test("patterns: names, and * for any characters; a dot is a dot", async () => {
    const model = await make();
    expect(model.freeze("*.bias")).toEqual(["0.bias", "1.bias", "3.bias", "5.bias"]);
    expect(model.thaw("1.*", "1.bias")).toEqual(["1.weight", "1.bias"]);
    expect(() => model.freeze("0xbias")).toThrow(w.OptionError);
    expect(() => model.freeze("1.running_mean")).toThrow(w.OptionError);
    expect(
      model
        .parameters()
        .filter(({ trainable }) => !trainable)
        .map(({ name }) => name),
    ).toEqual(["0.bias", "1.running_mean", "1.running_var", "3.bias", "5.bias"]);
  });
});

test("reinitialize draws what matches anew: with its own initializer, or the one given", async () => {
  const model = await make(3);
  const fresh = model.stateDict();
  await model.fit(data, { loss, optimizer: w.adam(), epochs: 2 });
  const trained = model.stateDict();
  expect(model.reinitialize("1.*")).toEqual(["1.weight", "1.bias", "1.running_mean", "1.running_var"]);
  for (const name of Object.keys(fresh)) expect(model.stateDict()[name], name).toEqual(name.startsWith("1.") ? fresh[name] : trained[name]);
  model.reinitialize(["0.weight", "3.weight"], { seed: 3 });
  expect(model.stateDict()["0.weight"]).toEqual(fresh["0.weight"]);
  expect(model.stateDict()["3.weight"]).toEqual(fresh["3.weight"]);
  model.reinitialize("0.weight", { seed: 4 });
  expect(model.stateDict()["0.weight"]).not.toEqual(fresh["0.weight"]);
  model.reinitialize("5.*", { init: w.constant(0.25) });
  expect(new Set([...model.stateDict()["5.weight"].data, ...model.stateDict()["5.bias"].data])).toEqual(new Set([0.25]));
});

describe("stateDict and loadStateDict", () => {
  test("names and shapes are nn.Sequential's; values are copies", async () => {
    const model = await make();
    const state = model.stateDict();
    expect(Object.entries(state).map(([name, { shape }]) => `${name} [${shape}]`)).toEqual([
      "0.weight [6,4]",
      "0.bias [6]",
      "1.weight [6]",
      "1.bias [6]",
      "1.running_mean [6]",
      "1.running_var [6]",
      "3.weight [5,6]",
      "3.bias [5]",
      "5.weight [3,5]",
      "5.bias [3]",
    ]);
    state["0.weight"].data.fill(9);
    expect(model.stateDict()["0.weight"].data).not.toEqual(state["0.weight"].data);
    const given = { ...state, "0.weight": w.tensor(state["0.weight"]) };
    model.loadStateDict(given);
    given["0.weight"].data.fill(7);
    expect(model.stateDict()["0.weight"].data).toEqual(new Float32Array(24).fill(9));
  });

  test("tensors, nested arrays and flat numbers; num_batches_tracked is ignored", async () => {
    const [a, b] = [await make(1), await make(2)];
    const state = a.stateDict();
    const rows = Array.from({ length: 6 }, (_, i) => Array.from(state["0.weight"].data.slice(4 * i, 4 * i + 4)));
    const mixed = { ...state, "0.weight": rows, "3.weight": Array.from(state["3.weight"].data), "1.num_batches_tracked": [3] };
    expect(b.loadStateDict(mixed)).toEqual({ missing: [], unexpected: [] });
    expect(b.stateDict()).toEqual(state);
  });

  test("without strict: what is there is loaded, and the rest is named", async () => {
    const [a, b] = [await make(1), await make(2)];
    const before = b.stateDict();
    const { "0.bias": _, "5.weight": __, ...rest } = a.stateDict();
    const result = b.loadStateDict({ ...rest, "8.weight": [1], other: [2] }, { strict: false });
    expect(result).toEqual({ missing: ["0.bias", "5.weight"], unexpected: ["8.weight", "other"] });
    expect(b.stateDict()["5.weight"]).toEqual(before["5.weight"]);
    expect(b.stateDict()["3.weight"]).toEqual(a.stateDict()["3.weight"]);
    const wrong = { "5.weight": { data: new Float32Array(15), shape: [5, 3] } };
    expect(() => b.loadStateDict(wrong, { strict: false })).toThrow(w.ShapeError);
  });
});

test("summary", async () => {
  const model = await make();
  model.freeze("0.*");
  expect(model.summary().split("\n")).toEqual([
    "layer        output   parameters",
    "--------------------------------",
    "input        [4]               0",
    "0 dense      [6]     30 (frozen)",
    "1 batchNorm  [6]              24",
    "2 relu       [6]               0",
    "3 dense      [5]              35",
    "4 tanh       [5]               0",
    "5 dense      [3]              18",
    "--------------------------------",
    "107 values, 65 of them trainable",
  ]);
});

describe.each(variants)("predict, %s", (variant) => {
  test("raw, probabilities and classes of a softmax classifier", async () => {
    const model = await w.build(net, { runtime: await runtimeOf(variant) });
    expect(() => model.predict(x, { as: "probabilities" })).toThrow(w.OptionError);
    await model.fit(data, { loss, optimizer: w.adam({ learningRate: 0.05 }), epochs: 10 });
    const raw = model.predict(x);
    expect(raw.shape).toEqual([24, 3]);
    const want = Array.from({ length: 24 }, (_, i) => {
      const e = Array.from(raw.data.slice(3 * i, 3 * i + 3), Math.exp);
      return e.map((v) => v / e.reduce((a, b) => a + b, 0));
    });
    expectNear(model.predict(x, { as: "probabilities" }).data, want.flat(), "probabilities", 1e-6, 1e-5);
    const classes = model.predict(x, { as: "classes" });
    expect(classes.shape).toEqual([24]);
    expect(Array.from(classes.data)).toEqual(want.map((p) => p.indexOf(Math.max(...p))));
    expect(new Set(classes.data).size).toBeGreaterThan(1);
    raw.data.fill(0); // a copy
    expect(model.predict(x).data).not.toEqual(raw.data);
    model.dispose();
  });

  test("sigmoid outputs, one and several; a regression has no classes", async () => {
    const runtime = await runtimeOf(variant);
    const several = await w.build(w.sequential(w.input(4), w.dense(3)), { runtime });
    const targets = Float32Array.from(x.slice(0, 72), (value) => (value > 0 ? 1 : 0));
    await several.fit({ x, y: targets }, { loss: w.binaryCrossEntropy(), optimizer: w.adam(), epochs: 1 });
    const raw = several.predict(x).data;
    expectNear(
      several.predict(x, { as: "probabilities" }).data,
      Array.from(raw, (v) => 1 / (1 + Math.exp(-v))),
      "probabilities",
      1e-6,
      1e-6,
    );
    expect(several.predict(x, { as: "classes" })).toEqual({ data: raw.map((v) => (v > 0 ? 1 : 0)), shape: [24, 3] });
    const one = await w.build(w.sequential(w.input(4), w.dense(1)), { runtime });
    await one.fit({ x, y: targets.slice(0, 24) }, { loss: w.binaryCrossEntropy(), optimizer: w.adam(), epochs: 1 });
    expect(one.predict(x, { as: "classes" }).shape).toEqual([24]);
    await one.fit({ x, y: targets.slice(0, 24) }, { loss: w.mse(), optimizer: w.adam(), epochs: 1 });
    expect(() => one.predict(x, { as: "classes" })).toThrow(
      'predict: as "classes" needs a classifier: the loss that trained the model has no link',
    );
    several.dispose();
    one.dispose();
  });

  test("rows of any form give the same", async () => {
    const model = await w.build(net, { runtime: await runtimeOf(variant) });
    const want = model.predict(x).data;
    const nested = Array.from({ length: 24 }, (_, i) => Array.from(x.slice(4 * i, 4 * i + 4)));
    for (const form of [nested, Array.from(x), Float64Array.from(x), w.tensor(x, [24, 4])])
      expectSameBits(model.predict(form as never).data, want, "y");
    model.dispose();
  });

  test("samples: the mean over masks comes near the output without dropout where the net is linear, and depends on the seed alone", async () => {
    const linear = w.sequential(w.input(6), w.dropout(0.4), w.dense(5), w.dropout(0.25), w.dense(2));
    const model = await w.build(linear, { runtime: await runtimeOf(variant), seed: 4 });
    const rows = numbers(7, 300 * 6); // more than one run holds
    const samples = 2000;
    const mean = model.predict(rows, { samples, seed: 1 }).data;
    const plain = model.predict(rows).data;
    // the deviation of one output over masks, from single samples
    const singles = Array.from({ length: 60 }, (_, seed) => model.predict(rows, { samples: 1, seed: 100 + seed }).data);
    let outside = 0;
    plain.forEach((want, i) => {
      const values = singles.map((single) => single[i]);
      const variance = values.reduce((sum, v) => sum + (v - want) ** 2, 0) / values.length;
      if (Math.abs(mean[i] - want) > 4 * Math.sqrt(variance / samples)) outside++;
    });
    expect(outside).toBeLessThanOrEqual(3); // of 600, where 4 estimated standard errors are passed by 1 in 10,000
    expectSameBits(model.predict(rows, { samples: 5, seed: 1 }).data, model.predict(rows, { samples: 5, seed: 1 }).data, "same seed");
    expect(model.predict(rows, { samples: 5, seed: 2 }).data).not.toEqual(model.predict(rows, { samples: 5, seed: 1 }).data);
    expectSameBits(model.predict(rows).data, plain, "without samples as before");
    model.dispose();
  });
});

test("samples: rows of different chunks have masks of their own, and so have the samples", async () => {
  const model = await w.build(w.sequential(w.input(8), w.dropout(0.5)), { runtime: await runtimeOf("portable") });
  const rows = 512; // two chunks
  const { data: one } = model.predict(new Float32Array(rows * 8).fill(1), { samples: 1, seed: 3 });
  const half = one.length / 2;
  const equal = one.slice(0, half).filter((value, i) => value === one[half + i]).length;
  expect(Math.abs(equal / half - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / half));
  const { data: two } = model.predict(new Float32Array(rows * 8).fill(1), { samples: 2, seed: 3 });
  const middle = two.filter((value) => value === 1).length; // kept in one of the two
  expect(Math.abs(middle / two.length - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / two.length));
  model.dispose();
});

test("evaluate: loss and metrics over chunks of rows, weights and class weights as in training", async () => {
  const runtime = await runtimeOf("portable");
  const model = await w.build(w.sequential(w.input(4), w.dense(3)), { runtime });
  const rows = 700;
  const many = {
    x: numbers(4, rows * 4),
    y: Int32Array.from({ length: rows }, (_, i) => i % 3),
    weights: Float32Array.from({ length: rows }, (_, i) => i % 4),
  };
  const weighted = w.softmaxCrossEntropy({ classWeights: [1, 2, 0.5], labelSmoothing: 0.1 });
  let seen = 0;
  const metric = (yTrue: Int32Array | w.Tensor, yPred: w.Tensor) => {
    seen = (yTrue as Int32Array).length;
    return yPred.data.reduce((a, b) => a + b, 0);
  };
  const result = model.evaluate(many, { loss: weighted, metrics: { metric } });
  expect(seen).toBe(rows);
  expect(result.metric).toBeCloseTo(rows, 2);
  expect(result.loss).toBeCloseTo(model.gradients(many, weighted).loss, 5);
  expect(model.evaluate({ x: many.x, y: many.y }, { loss: weighted }).loss).not.toBeCloseTo(result.loss, 4);
});

test("dispose: everything but a second dispose refuses", async () => {
  const model = await make();
  const trainer = await w.createTrainer(model, { loss, optimizer: w.adam() });
  model.dispose();
  model.dispose();
  const message = (where: string) => `${where}: the model was disposed. Build it again, or load it from a file`;
  expect(() => model.predict(x)).toThrow(message("predict"));
  expect(() => model.evaluate(data, { loss })).toThrow(message("evaluate"));
  expect(() => model.gradients(data, loss)).toThrow(message("gradients"));
  expect(() => model.stateDict()).toThrow(message("stateDict"));
  expect(() => model.save()).toThrow(message("save"));
  expect(() => model.freeze("*")).toThrow(message("freeze"));
  expect(() => trainer.step(data)).toThrow(message("trainer.step"));
  await expect(model.fit(data, { loss, optimizer: w.adam() })).rejects.toThrow(message("fit"));
  const other = await make();
  const mine = await w.createTrainer(other, { loss, optimizer: w.adam() });
  mine.dispose();
  mine.dispose();
  expect(() => mine.step(data)).toThrow("trainer.step: the trainer was disposed. Create another one");
  expect(other.predict(x).shape).toEqual([24, 3]);
  const runtime = await w.createRuntime();
  const last = await w.build(net, { runtime });
  runtime.dispose();
  expect(() => last.predict(x)).toThrow("predict: the runtime was disposed. Build the model on another one");
  await expect(w.build(net, { runtime })).rejects.toThrow(w.OptionError);
});
