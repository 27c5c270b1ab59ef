/** Layers, activations and initializers. */
import * as w from "../../src/index.ts";
import { around, build, steps, weightsOf } from "./scenes.ts";
import type { Options, TableOf } from "./types.ts";

/** Weights of a dense layer with this initializer. */
const filled = async (init: w.InitializerSpec): Promise<unknown> => {
  const model = await build(w.dense(5, { init }));
  const weights = weightsOf(model);
  model.dispose();
  return weights;
};

const drawn = "initial weights";
const stepped = "weights, losses and outputs of five steps";
const five = w.fromArray([1, 2, 3, 4, 5]);

export const layers = {
  heNormal: { differs: drawn, see: (o) => filled(w.heNormal(o)), rows: { mode: ["fanIn", "fanOut"], slope: [0, 1] } },
  heUniform: { differs: drawn, see: (o) => filled(w.heUniform(o)), rows: { mode: ["fanIn", "fanOut"], slope: [0, 1] } },
  normal: { differs: drawn, see: (o) => filled(w.normal(o)), rows: { std: [undefined, 1] } },
  truncatedNormal: { differs: drawn, see: (o) => filled(w.truncatedNormal(o)), rows: { std: [undefined, 1] } },
  uniform: { differs: drawn, see: (o) => filled(w.uniform(o)), rows: { bound: [undefined, 1] } },
  orthogonal: { differs: drawn, see: (o) => filled(w.orthogonal(o)), rows: { gain: [undefined, 2] } },
  xavierNormal: { differs: drawn, see: (o) => filled(w.xavierNormal(o)), rows: { gain: [undefined, 2] } },
  xavierUniform: { differs: drawn, see: (o) => filled(w.xavierUniform(o)), rows: { gain: [undefined, 2] } },
  varianceScaling: {
    differs: drawn,
    see: (o) => filled(w.varianceScaling(o)),
    rows: { scale: [undefined, 2], mode: ["fanIn", "fanOut"], distribution: ["truncatedNormal", "uniform"] },
  },
  elu: { differs: stepped, see: (o) => around(w.elu(o)), rows: { alpha: [undefined, 0.5] } },
  gelu: { differs: stepped, see: (o) => around(w.gelu(o)), rows: { approximate: ["none", "tanh"] } },
  leakyRelu: { differs: stepped, see: (o) => around(w.leakyRelu(o)), rows: { slope: [undefined, 0.5] } },
  batchNorm: { differs: stepped, see: (o) => around(w.batchNorm(o)), rows: { momentum: [undefined, 0.5], eps: [undefined, 0.5] } },
  layerNorm: {
    differs: stepped,
    see: (o) => steps([w.dense(12), w.reshape(3, 4), w.layerNorm(o), w.flatten(), w.dense(2)]),
    rows: { axes: [1, 2], eps: [undefined, 0.5] },
  },
  dense: {
    differs: stepped,
    see: (o) => steps([w.dense(5, o), w.tanh(), w.dense(2)]),
    rows: {
      bias: [true, false],
      init: [w.heNormal(), w.xavierUniform()],
      biasInit: [undefined, five],
      penalty: [undefined, w.l1(0.1)],
      maxNorm: [undefined, 0.1],
      dropConnect: [0, 0.5],
    },
  },
  dropout: { differs: stepped, see: (o) => around(w.dropout(0.5, o)), rows: { scale: ["train", "test"] } },
  gaussianNoise: { differs: stepped, see: (o) => around(w.gaussianNoise(o)), rows: { std: [0.1, 0.5] } },
  maxout: {
    differs: stepped,
    see: (o) => steps([w.maxout(5, o), w.dense(2)]),
    rows: { pieces: [2, 3], init: [undefined, w.uniform({ bound: 1 })], biasInit: [undefined, w.constant(1)] },
  },
  parallel: {
    differs: stepped,
    see: (o) => steps([w.dense(4), w.parallel([w.dense(4), w.relu()], o), w.dense(2)]),
    rows: { join: ["concat", "add"] },
  },
  residual: { differs: stepped, see: (o) => around(w.residual([w.dense(4), w.tanh()], o)), rows: { dropRate: [0, 0.5] } },
} satisfies Partial<TableOf<Options["whetstone"]>>;
