/**
 * model.gradients against central differences of a float64 net (test/reference/network.ts): every layer, every loss, random
 * nets and shapes, on both binaries. And: gradients leave the model as it was.
 */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import type { Layer } from "../../src/layers/layer.ts";
import { cauchy, ownCrossEntropy } from "../losses/ownLosses.ts";
import { fractions } from "../optimizers/rules.ts";
import {
  absoluteError,
  binaryCrossEntropy,
  crossEntropy,
  divergence,
  forward,
  hinge,
  huber,
  logCosh,
  lp,
  type Masks,
  meanLoss,
  multiMargin,
  type Parameters,
  type RowLoss,
  squaredError,
} from "../reference/network.ts";
import { dropped, words } from "../reference/random.ts";
import { runtimeOf, type Variant, variants } from "./runtimes.ts";

interface LossCase {
  readonly name: string;
  readonly make: (cols: number) => w.Loss;
  readonly row: (cols: number) => RowLoss;
  readonly targets: "labels" | "probabilities" | "numbers";
  /** Weight of a label in the mean. */
  readonly labelWeight?: (label: number) => number;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const classWeights = (cols: number) => Array.from({ length: cols }, (_, j) => 0.5 + 0.75 * j);

const losses: LossCase[] = [
  { name: "mse", make: w.mse, row: () => squaredError, targets: "numbers" },
  { name: "mae", make: w.mae, row: () => absoluteError, targets: "numbers" },
  { name: "softmaxCrossEntropy, labels", make: () => w.softmaxCrossEntropy(), row: () => crossEntropy(), targets: "labels" },
  { name: "softmaxCrossEntropy, soft", make: () => w.softmaxCrossEntropy(), row: () => crossEntropy(), targets: "probabilities" },
  {
    name: "softmaxCrossEntropy, labels, smoothed",
    make: () => w.softmaxCrossEntropy({ labelSmoothing: 0.15 }),
    row: () => crossEntropy(0.15),
    targets: "labels",
  },
  {
    name: "softmaxCrossEntropy, soft, smoothed",
    make: () => w.softmaxCrossEntropy({ labelSmoothing: 0.3 }),
    row: () => crossEntropy(0.3),
    targets: "probabilities",
  },
  {
    name: "softmaxCrossEntropy, labels, class weights",
    make: (cols) => w.softmaxCrossEntropy({ classWeights: classWeights(cols) }),
    row: (cols) => crossEntropy(0, classWeights(cols)),
    targets: "labels",
    labelWeight: (label) => 0.5 + 0.75 * label,
  },
  {
    name: "softmaxCrossEntropy, labels, class weights, smoothed",
    make: (cols) => w.softmaxCrossEntropy({ classWeights: classWeights(cols), labelSmoothing: 0.1 }),
    row: (cols) => crossEntropy(0.1, classWeights(cols)),
    targets: "labels",
    labelWeight: (label) => 0.5 + 0.75 * label,
  },
  {
    name: "softmaxCrossEntropy, soft, class weights",
    make: (cols) => w.softmaxCrossEntropy({ classWeights: classWeights(cols) }),
    row: (cols) => crossEntropy(0, classWeights(cols)),
    targets: "probabilities",
  },
  { name: "binaryCrossEntropy", make: () => w.binaryCrossEntropy(), row: () => binaryCrossEntropy(), targets: "probabilities" },
  {
    name: "binaryCrossEntropy, positive weights",
    make: (cols) => w.binaryCrossEntropy({ positiveWeight: classWeights(cols) }),
    row: (cols) => binaryCrossEntropy(classWeights(cols)),
    targets: "probabilities",
  },
];

const otherLosses: LossCase[] = [
  { name: "huber", make: () => w.huber({ delta: 0.8 }), row: () => huber(0.8), targets: "numbers" },
  {
    name: "smoothL1",
    make: () => w.smoothL1({ beta: 0.5 }),
    row: () => (y, t) => huber(0.5)(y, t) / 0.5,
    targets: "numbers",
  },
  { name: "logCosh", make: w.logCosh, row: () => logCosh, targets: "numbers" },
  { name: "hinge", make: w.hinge, row: () => hinge, targets: "numbers" },
  { name: "klDivergence", make: () => w.klDivergence(), row: () => divergence, targets: "probabilities" },
  {
    name: "klDivergence, by rows",
    make: () => w.klDivergence({ reduction: "batchmean" }),
    row: (cols) => (y, t) => cols * divergence(y, t),
    targets: "probabilities",
  },
  { name: "customLoss", make: cauchy, row: () => (y, t) => mean(y.map((v, j) => Math.log(1 + (v - t[j]) ** 2))), targets: "numbers" },
  { name: "customLoss, labels", make: ownCrossEntropy, row: () => crossEntropy(), targets: "labels" },
  { name: "multiMargin", make: () => w.multiMargin({ margin: 0.7 }), row: () => multiMargin(0.7), targets: "labels" },
  ...[1, 1.5, 2, 3, 7, Infinity].map((p): LossCase => ({ name: `lp ${p}`, make: () => w.lp({ p }), row: () => lp(p), targets: "numbers" })),
];

interface Problem {
  readonly net: w.Net;
  readonly rows: number;
  readonly loss: LossCase;
  readonly isWeighted: boolean;
  readonly seed: number;
}

const round = (values: number[]) => values.map(Math.fround);

/** Random parameters, batch and weights, all of them float32 numbers. */
function draw({ net, rows, loss, isWeighted, seed }: Problem, model: w.Model) {
  const next = fractions(seed);
  const symmetric = (count: number, scale: number) => round(Array.from({ length: count }, () => scale * (2 * next() - 1)));
  const shapes = Object.entries(model.stateDict()).map(([name, { shape }]) => [name, shape] as const);
  const values = ([name, shape]: (typeof shapes)[number]): [string, number[]] => {
    const count = shape.reduce((a, b) => a * b, 1);
    if (name.endsWith("running_var")) return [name, round(Array.from({ length: count }, () => 0.5 + next()))];
    return [name, symmetric(count, shape.length > 1 ? 2 / Math.sqrt(shape[1]) : 1)];
  };
  const parameters: Parameters = Object.fromEntries(shapes.map(values));
  const shape = (net.layers[0] as Layer & { shape: number[] }).shape;
  const x = symmetric(rows * shape.reduce((a, b) => a * b, 1), 2);
  const outputs = model.predict(Float32Array.from(x));
  const perRow = outputs.data.length / rows;
  const cols = outputs.shape.at(-1)!;
  const labels = Array.from({ length: rows }, () => Math.floor(next() * cols));
  const rowsOf = (make: () => number) => Array.from({ length: rows }, () => round(Array.from({ length: perRow }, make)));
  const targets =
    loss.targets === "labels"
      ? labels.map((label) => Array.from({ length: cols }, (_, j) => (j === label ? 1 : 0)))
      : rowsOf(loss.targets === "numbers" ? () => 4 * next() - 2 : next);
  const weights = isWeighted ? round(Array.from({ length: rows }, () => Math.floor(3 * next()) / 2 + 0.25)) : undefined;
  const y = loss.targets === "labels" ? Int32Array.from(labels) : Float32Array.from(targets.flat());
  return { parameters, x, y, targets, labels, weights, shape };
}

/** The masks of step 0, run 0, seed 0. */
function stepMasks(): Masks {
  const made = new Map<string, number[]>();
  return (stream, rate, count) => {
    const key = `${stream} ${count}`;
    const threshold = Math.round(rate * 2 ** 31) * 2;
    const place = { seedLow: 0, seedHigh: 0, stream };
    // A single draw is that of a whole branch: a word of its own.
    const isDropped = () => (count === 1 ? words(1, place).map((word) => word < threshold) : dropped(count, place, threshold));
    const make = () => isDropped().map((drop) => (drop ? 0 : 1 / (1 - rate)));
    const mask = made.get(key) ?? make();
    made.set(key, mask);
    return mask;
  };
}

// Of float64 loops: small, as a difference across a kink (selu at 0) is no derivative.
const STEP = 1e-6;

function expectGradient(what: string, got: ArrayLike<number>, values: readonly number[], lossAt: (values: number[]) => number): void {
  expect(got.length, what).toBe(values.length);
  const want = values.map((value, i) => {
    const at = (v: number) => lossAt(values.map((old, j) => (j === i ? v : old)));
    return (at(value + STEP) - at(value - STEP)) / (2 * STEP);
  });
  // float32 sums carry the rounding of their largest terms
  const scale = Math.max(...want.map(Math.abs));
  want.forEach((value, i) => {
    const tolerance = 1e-6 + 1e-5 * scale + 2e-5 * Math.abs(value);
    if (!(Math.abs(got[i] - value) <= tolerance)) expect.fail(`${what}[${i}]: got ${got[i]}, central difference ${value} ± ${tolerance}`);
  });
}

async function check(problem: Problem, variant: Variant): Promise<void> {
  const { net, rows, loss } = problem;
  const model = await w.build(net, { runtime: await runtimeOf(variant) });
  const { parameters, x, y, targets, labels, weights, shape } = draw(problem, model);
  model.loadStateDict(parameters as Record<string, number[]>);
  const cols = model.predict(Float32Array.from(x)).shape.at(-1)!;
  const layers = net.layers.slice(1);
  const width = shape.at(-1)!;
  const masks = stepMasks();
  const rowWeights = weights ?? new Array<number>(rows).fill(1);
  const totals = loss.labelWeight ? rowWeights.map((weight, i) => weight * loss.labelWeight!(labels[i])) : rowWeights;
  const lossAt = (p: Parameters, inputs: readonly number[]) =>
    meanLoss(forward(layers, p, masks, inputs, width, rows), targets, loss.row(cols), rowWeights, totals);

  const before = model.stateDict();
  const gradients = model.gradients({ x: Float32Array.from(x), y, weights }, loss.make(cols));
  const want = lossAt(parameters, x);
  expect(Math.abs(gradients.loss - want), `loss ${gradients.loss}, want ${want}`).toBeLessThanOrEqual(1e-5 + 1e-5 * Math.abs(want));
  expectGradient("input", gradients.input.data, x, (values) => lossAt(parameters, values));
  for (const [name, { data, shape: gradientShape }] of Object.entries(gradients.parameters)) {
    expect(gradientShape).toEqual(before[name].shape);
    expectGradient(name, data, parameters[name], (values) => lossAt({ ...parameters, [name]: values }, x));
  }
  expect(Object.keys(gradients.parameters)).toEqual(Object.keys(before).filter((name) => !name.includes("running")));
  expect(model.stateDict(), "every byte of the model is as it was").toEqual(before);
  model.dispose();
}

const activationLayers: [string, () => Layer][] = [
  ["relu", w.relu],
  ["leakyRelu", () => w.leakyRelu({ slope: 0.2 })],
  ["elu", () => w.elu({ alpha: 0.7 })],
  ["selu", w.selu],
  ["gelu", () => w.gelu()],
  ["geluTanh", () => w.gelu({ approximate: "tanh" })],
  ["silu", w.silu],
  ["softplus", w.softplus],
  ["sigmoid", w.sigmoid],
  ["tanh", w.tanh],
  ["softsign", w.softsign],
  ["mish", w.mish],
];
const otherLayers: [string, () => Layer][] = [
  ["hardtanh", w.hardtanh],
  ["relu6", w.relu6],
  ["prelu", w.prelu],
  ["layerNorm", () => w.layerNorm({ eps: 0.01 })],
  ["maxout", () => w.maxout(6, { pieces: 3 })],
];
const byRowLayers: [string, () => Layer][] = [
  ["softmax", w.softmax],
  ["logSoftmax", w.logSoftmax],
];

const net = (width: number, ...layers: Layer[]): w.Net => w.sequential(w.input(width), ...layers);

describe.each(variants)("%s", (variant) => {
  describe("every layer", () => {
    // 1, 3 and 8 rows take the path without packing; 9 and 20 the panels.
    test.each([...activationLayers, ...byRowLayers, ...otherLayers])("%s between dense layers, alone and twice", async (_, layer) => {
      for (const [seed, rows] of [1, 3, 8, 9, 20].entries()) {
        await check({ net: net(5, w.dense(7), layer(), w.dense(3)), rows, loss: losses[0], isWeighted: false, seed }, variant);
      }
      await check({ net: net(6, layer()), rows: 5, loss: losses[0], isWeighted: false, seed: 7 }, variant);
      await check({ net: net(6, layer(), layer(), w.dense(2)), rows: 11, loss: losses[0], isWeighted: false, seed: 8 }, variant);
    });

    test("dense: no bias, one unit, one input, sequences", async () => {
      const sequence = w.sequential(w.input(3, 4), w.dense(5), w.tanh(), w.dense(2, { bias: false }));
      const nets = [net(4, w.dense(3, { bias: false })), net(9, w.dense(1)), net(1, w.dense(17), w.dense(2)), sequence];
      for (const [seed, each] of nets.entries()) {
        for (const rows of [1, 2, 13]) await check({ net: each, rows, loss: losses[0], isWeighted: false, seed }, variant);
      }
    });

    test("batchNorm: first, last, around a product, before and after an activation, eps and momentum of its own", async () => {
      const other = { eps: 0.01, momentum: 0.3 };
      const nets = [
        net(5, w.batchNorm()),
        net(5, w.batchNorm(), w.dense(3)),
        net(5, w.dense(4), w.batchNorm(other), w.relu(), w.dense(3)),
        net(5, w.dense(4), w.silu(), w.batchNorm(), w.dense(3), w.batchNorm(other)),
      ];
      for (const [seed, each] of nets.entries()) {
        for (const rows of [3, 8, 9, 40]) await check({ net: each, rows, loss: losses[0], isWeighted: seed % 2 === 1, seed }, variant);
      }
    });

    test("batchNorm of channels: images, sequences, one row, around a product of the last axis, in a block, unaligned positions", async () => {
      const nets = [
        w.sequential(w.input(3, 2, 5), w.batchNorm()),
        w.sequential(w.input(2, 5, 7), w.batchNorm({ eps: 0.01 }), w.flatten(), w.dense(3)),
        w.sequential(w.input(4, 3), w.dense(5), w.batchNorm(), w.silu(), w.dense(2), w.batchNorm(), w.flatten(), w.dense(2)),
        w.sequential(w.input(12), w.reshape(3, 2, 2), w.residual([w.batchNorm(), w.tanh(), w.dense(2)]), w.flatten(), w.batchNorm()),
      ];
      for (const [seed, each] of nets.entries()) {
        for (const rows of seed < 3 ? [1, 2, 9] : [3, 9]) {
          await check({ net: each, rows, loss: losses[0], isWeighted: seed % 2 === 1, seed }, variant);
        }
      }
    });

    test("maxout, layerNorm, prelu: sequences, several axes, frozen parts, more values than a piece of a sum", async () => {
      const nets = [
        w.sequential(w.input(3, 4), w.maxout(5), w.layerNorm({ axes: 2 }), w.prelu(), w.dense(2)),
        w.sequential(w.input(12), w.reshape(3, 4), w.layerNorm(), w.reshape(2, 6), w.dense(3)),
        net(5, w.maxout(1, { pieces: 4 }), w.prelu(), w.prelu()),
        net(2, w.layerNorm(), w.maxout(17), w.dense(1)),
      ];
      for (const [seed, each] of nets.entries()) {
        for (const rows of [1, 2, 13]) await check({ net: each, rows, loss: losses[0], isWeighted: false, seed }, variant);
      }
    });

    test("residual: identity, projection, nested, first, last, with normalization and dropout", async () => {
      const nets = [
        net(5, w.residual([w.dense(5)])),
        net(5, w.residual([w.dense(4), w.relu(), w.dense(7)]), w.tanh(), w.dense(2)),
        net(4, w.dense(6), w.residual([w.batchNorm(), w.relu(), w.dense(6), w.residual([w.tanh(), w.dense(6)])]), w.residual([w.silu()])),
        net(3, w.residual([w.dense(9), w.dropout(0.4), w.residual([w.dense(2)])]), w.dropout(0.3)),
        w.sequential(w.input(2, 3), w.residual([w.dense(4), w.layerNorm()]), w.residual([w.maxout(4)]), w.dense(1)),
      ];
      for (const [seed, each] of nets.entries()) {
        for (const rows of [3, 9]) await check({ net: each, rows, loss: losses[0], isWeighted: false, seed }, variant);
      }
    });

    test("residual with stochastic depth: kept and dropped branches, nested ones, branches that hand on what they are given", async () => {
      // Of the rates near 0 and 1 one keeps and one drops its branch in step 0, whatever the draw.
      const [often, seldom] = [{ dropRate: 0.999 }, { dropRate: 0.001 }];
      const block = (...layers: Layer[]) => [w.dense(6), w.relu(), ...layers, w.dense(6)];
      const nets = [
        net(6, w.residual(block(), often), w.dense(2)),
        net(6, w.residual(block(), seldom), w.dense(2)),
        net(6, w.dense(6), w.residual(block(w.residual(block(), seldom)), often), w.residual(block(w.batchNorm()), seldom)),
        net(6, w.dense(6), w.residual(block(w.residual(block(), often), w.dense(4)), seldom), w.residual([w.dense(2)], often), w.tanh()),
        net(6, w.dense(6), w.residual([w.dropout(0)], seldom), w.residual([w.flatten()], often), w.relu(), w.dense(2)),
        net(6, w.relu(), w.residual([w.relu(), w.dense(6)], { dropRate: 0.5 }), w.residual([w.dense(6)], { dropRate: 0.5 }), w.dense(2)),
      ];
      for (const [seed, each] of nets.entries()) {
        for (const rows of [3, 9]) await check({ net: each, rows, loss: losses[0], isWeighted: false, seed }, variant);
      }
    });

    test("parallel: concat and add, single layers, lists, identities, nested", async () => {
      const nets = [
        net(5, w.parallel([w.dense(3), w.dense(4)])),
        net(5, w.parallel([w.dense(3), [w.dense(4), w.relu(), w.dense(3)], w.dense(3)], { join: "add" }), w.dense(2)),
        net(5, w.dense(4), w.parallel([[], w.tanh(), [w.batchNorm(), w.dropout(0.5)], []]), w.dense(2)),
        net(4, w.parallel([[], []], { join: "add" }), w.residual([w.parallel([w.dense(1), w.dense(3)]), w.silu()], { dropRate: 0.4 })),
        w.sequential(w.input(2, 3), w.parallel([w.dense(4), [w.dense(2), w.relu()]]), w.dense(2)),
      ];
      for (const [seed, each] of nets.entries()) {
        for (const rows of [3, 9]) await check({ net: each, rows, loss: losses[0], isWeighted: false, seed }, variant);
      }
    });

    test("classic dropout, alphaDropout, dropConnect: the masks of step 0", async () => {
      const nets = [
        net(17, w.dropout(0.5, { scale: "test" })),
        net(6, w.alphaDropout(0.3), w.dense(9), w.selu(), w.alphaDropout(0.6), w.dense(2)),
        net(5, w.dense(9, { dropConnect: 0.4 }), w.tanh(), w.dense(3, { dropConnect: 0.7, bias: false })),
        w.sequential(w.input(2, 3), w.dense(4, { dropConnect: 0.2 }), w.layerNorm()),
      ];
      for (const [seed, each] of nets.entries()) {
        for (const rows of [4, 19]) await check({ net: each, rows, loss: losses[0], isWeighted: false, seed }, variant);
      }
    });

    test("dropout: the masks of step 0", async () => {
      const nets = [
        net(17, w.dropout(0.5)),
        net(6, w.dropout(0), w.dense(9), w.relu(), w.dropout(0.3), w.dense(2)),
        net(6, w.dropout(0.2), w.dense(9), w.dropout(0.6), w.batchNorm(), w.tanh(), w.dense(2)),
      ];
      for (const [seed, each] of nets.entries()) {
        for (const rows of [4, 19]) await check({ net: each, rows, loss: losses[0], isWeighted: false, seed }, variant);
      }
    });
  });

  test.each([...losses, ...otherLosses])("$name", async (loss) => {
    let seed = 50;
    for (const rows of [1, 7, 8, 9, 33]) {
      for (const isWeighted of [false, true]) {
        seed++;
        await check({ net: net(4), rows, loss, isWeighted, seed }, variant);
        await check({ net: net(3, w.dense(6), w.gelu(), w.dense(5)), rows, loss, isWeighted, seed }, variant);
        await check({ net: net(3, w.dense(2)), rows, loss, isWeighted, seed }, variant);
      }
    }
  });

  test.each(losses.filter(({ name }) => /^(mse|mae|binaryCrossEntropy)$/.test(name)))("$name of sequences", async (loss) => {
    const sequence = () => w.sequential(w.input(3, 4), w.dense(5), w.gelu(), w.dropout(0.2), w.dense(2), w.softsign());
    for (const [seed, rows] of [1, 3, 14].entries()) {
      await check({ net: sequence(), rows, loss, isWeighted: seed > 0, seed: 90 + seed }, variant);
      await check({ net: w.sequential(w.input(2, 3), w.logSoftmax()), rows, loss, isWeighted: seed > 0, seed: 95 + seed }, variant);
    }
  });

  test.each(Array.from({ length: 24 }, (_, seed) => seed))("random net %i", async (seed) => {
    const next = fractions(1000 + seed);
    const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)];
    const layers: Layer[] = [];
    const depth = 1 + Math.floor(4 * next());
    for (let i = 0; i < depth; i++) {
      layers.push(w.dense(1 + Math.floor(12 * next()), { bias: next() > 0.2 }));
      if (next() > 0.6) layers.push(w.batchNorm());
      layers.push(pick(activationLayers)[1]());
      if (next() > 0.7) layers.push(w.dropout(Math.round(8 * next()) / 10));
    }
    const loss = pick(losses);
    if (loss.targets === "labels") layers.push(w.dense(2 + Math.floor(4 * next())));
    const rows = 3 + Math.floor(18 * next());
    await check({ net: net(1 + Math.floor(9 * next()), ...layers), rows, loss, isWeighted: next() > 0.5, seed }, variant);
  });
});
