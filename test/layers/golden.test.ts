/** PyTorch's functions and layers through the facade, on both binaries: outputs, gradients, running statistics. */
import { describe, expect, test } from "vitest";
import { build, createTrainer, dense, input, type Model, mse, sequential, sgd } from "../../src/index.ts";
import { expectNear } from "../kernels/compare.ts";
import { type GoldenLayer, layerOf } from "../model/golden.ts";
import { halved, linearFunctional, tensorOf } from "../model/linearFunctional.ts";
import { runtimeOf, variants } from "../model/runtimes.ts";
import { type Golden, readVectors } from "../vectors/read.ts";

interface FunctionCase {
  readonly name: string;
  readonly function: string;
  readonly options: Readonly<Record<string, number>>;
  readonly x: Golden;
  readonly y: Golden;
  readonly dy_dx: Golden;
}

interface Passes {
  readonly x: Golden;
  readonly y: Golden;
}

interface LayerCase extends Passes {
  readonly name: string;
  readonly layer: GoldenLayer;
  readonly params: Readonly<Record<string, Golden>>;
  readonly dy: Golden;
  readonly dx: Golden;
  readonly dparams: Readonly<Record<string, Golden>>;
  readonly running_initial: Readonly<Record<string, Golden>>;
  readonly running_after_1: Readonly<Record<string, Golden>>;
  readonly running_after_3: Readonly<Record<string, Golden>>;
  readonly more_x: readonly Golden[];
  readonly more_y: readonly Golden[];
  readonly eval: Passes;
}

const functions = readVectors<FunctionCase>("functions");
const allLayers = readVectors<LayerCase>("layers");
const plain = allLayers.filter(({ layer }) => ["linear", "maxout", "layerNorm", "softmax", "logSoftmax"].includes(layer.type));
const norms = allLayers.filter(({ layer }) => ["batchNorm1d", "batchNorm2d"].includes(layer.type));

test("the vectors hold every function and layer of this version", () => {
  expect(functions.map(({ name }) => name)).toEqual([
    "relu",
    "leakyRelu_0.01",
    "leakyRelu_0.2",
    "elu_1",
    "selu",
    "gelu",
    "geluTanh",
    "silu",
    "softplus",
    "sigmoid",
    "tanh",
    "softsign",
    "hardtanh",
    "mish",
  ]);
  expect(plain.map(({ name }) => name)).toEqual([
    "linear",
    "linear_no_bias",
    "linear_sequence",
    "maxout_2",
    "maxout_5",
    "softmax",
    "softmax_large",
    "logSoftmax",
    "logSoftmax_large",
    "layerNorm",
    "layerNorm_sequence",
    "layerNorm_two_axes",
  ]);
  expect(norms.map(({ name }) => name)).toEqual(["batchNorm1d_default", "batchNorm1d_other", "batchNorm2d_default", "batchNorm2d_other"]);
});

async function modelOf({ layer, params, running_initial, x }: LayerCase, variant: (typeof variants)[number]): Promise<Model> {
  const model = await build(sequential(input(...x.shape.slice(1)), layerOf(layer)), { runtime: await runtimeOf(variant) });
  const named = Object.entries({ ...params, ...running_initial }).map(([name, value]) => [`0.${name}`, tensorOf(value)]);
  model.loadStateDict(Object.fromEntries(named));
  return model;
}

/** What the layer put out in training mode: fit shows it to metrics. Statistics move, weights do not (rate 0). */
async function trainingOutput(model: Model, x: Golden): Promise<Float32Array> {
  let seen = new Float32Array(0);
  const output = (_: unknown, prediction: { data: Float32Array }) => {
    seen = prediction.data.slice();
    return 0;
  };
  const options = { loss: mse(), optimizer: sgd({ learningRate: 0 }), epochs: 1, batchSize: "full" as const, shuffle: false };
  await model.fit({ x: tensorOf(x), y: tensorOf(x) }, { ...options, metrics: { output } });
  return seen;
}

function expectState(model: Model, want: Readonly<Record<string, Golden>>, what: string): void {
  const state = model.stateDict();
  const names = Object.keys(want).filter((name) => !name.endsWith("num_batches_tracked"));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expectNear(state[`0.${name}`].data, want[name].data, `${what}: ${name}`);
}

describe.each(variants)("%s", (variant) => {
  test.each(functions)("$name: value and derivative", async (golden) => {
    const layer = layerOf({ type: golden.function, ...golden.options } as GoldenLayer);
    const model = await build(sequential(input(1), layer), { runtime: await runtimeOf(variant) });
    const x = Float32Array.from(golden.x.data);
    expectNear(model.predict(x).data, golden.y.data, "y");
    const ones = { data: new Float32Array(x.length).fill(0.5), shape: [x.length, 1] };
    expectNear(model.gradients({ x, y: ones }, linearFunctional()).input.data, golden.dy_dx.data, "dy/dx");
    model.dispose();
  });

  // The same functions in the epilogue of a product by 1, whose gradient comes back through that product.
  test.each(functions)("$name after a dense layer", async (golden) => {
    const layer = layerOf({ type: golden.function, ...golden.options } as GoldenLayer);
    const count = golden.x.data.length;
    const model = await build(sequential(input(1), dense(1), layer), { runtime: await runtimeOf(variant) });
    model.loadStateDict({ "0.weight": [[1]], "0.bias": [0] });
    const x = Float32Array.from(golden.x.data);
    expectNear(model.predict(x).data, golden.y.data, "y");
    const ones = { data: new Float32Array(count).fill(0.5), shape: [count, 1] };
    expectNear(model.gradients({ x, y: ones }, linearFunctional()).input.data, golden.dy_dx.data, "dy/dx");
    model.dispose();
  });

  test.each(plain)("$name: y, dx and the gradients of parameters", async (golden) => {
    const model = await modelOf(golden, variant);
    expectNear(model.predict(tensorOf(golden.x)).data, golden.y.data, "y");
    const { input: dx, parameters } = model.gradients({ x: tensorOf(golden.x), y: halved(golden.dy) }, linearFunctional());
    expect(dx.shape).toEqual(golden.x.shape);
    expectNear(dx.data, golden.dx.data, "dx");
    expect(Object.keys(parameters)).toEqual(Object.keys(golden.dparams).map((name) => `0.${name}`));
    for (const [name, want] of Object.entries(golden.dparams)) expectNear(parameters[`0.${name}`].data, want.data, name);
    model.dispose();
  });

  test.each(norms)("$name: training output, gradients, statistics, inference", async (golden) => {
    const model = await modelOf(golden, variant);
    const { input: dx, parameters } = model.gradients({ x: tensorOf(golden.x), y: halved(golden.dy) }, linearFunctional());
    expectNear(dx.data, golden.dx.data, "dx");
    for (const [name, want] of Object.entries(golden.dparams)) expectNear(parameters[`0.${name}`].data, want.data, name);
    expectState(model, golden.running_initial, "gradients changes nothing");
    expectNear(await trainingOutput(model, golden.x), golden.y.data, "y");
    expectState(model, golden.running_after_1, "after one batch");
    for (const [i, x] of golden.more_x.entries()) expectNear(await trainingOutput(model, x), golden.more_y[i].data, `batch ${i + 1}`);
    expectState(model, golden.running_after_3, "after three batches");
    expectState(model, golden.params, "parameters stay");
    expectNear(model.predict(tensorOf(golden.eval.x)).data, golden.eval.y.data, "inference");
    model.dispose();
  });

  test.each(norms)("$name: a trainer at learning rate 0 moves only the running statistics", async (golden) => {
    const model = await modelOf(golden, variant);
    const rows = golden.x.shape[0];
    const trainer = await createTrainer(model, { loss: mse(), optimizer: sgd({ learningRate: 0, momentum: 0.9 }), batchSize: rows });
    const before = model.stateDict();
    for (const [step, x] of [golden.x, ...golden.more_x].entries()) {
      trainer.step({ x: tensorOf(x), y: halved(x) });
      if (step === 0) expectState(model, golden.running_after_1, "after one step");
    }
    expectState(model, golden.running_after_3, "after three steps");
    const after = model.stateDict();
    for (const name of ["0.weight", "0.bias"]) expect(after[name]).toEqual(before[name]);
    trainer.dispose();
    model.dispose();
  });

  test.each(norms.filter(({ layer }) => layer.type === "batchNorm1d"))("$name folded into the product before it", async (golden) => {
    const features = golden.layer.features!;
    const net = sequential(input(features), dense(features), layerOf(golden.layer));
    const model = await build(net, { runtime: await runtimeOf(variant) });
    const identity = Array.from({ length: features }, (_, i) => Array.from({ length: features }, (_, j) => (i === j ? 1 : 0)));
    const own = Object.entries({ ...golden.params, ...golden.running_after_3 }).filter(([name]) => !name.endsWith("num_batches_tracked"));
    const named = Object.fromEntries(own.map(([name, value]) => [`1.${name}`, tensorOf(value)]));
    model.loadStateDict({ "0.weight": identity, "0.bias": new Float32Array(features), ...named });
    expectNear(model.predict(tensorOf(golden.eval.x)).data, golden.eval.y.data, "inference");
    model.dispose();
  });
});
