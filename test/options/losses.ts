/** Losses. */
import * as w from "../../src/index.ts";
import { batch, build, fitted, labelled, lossOf, outcome } from "./scenes.ts";
import type { Options, TableOf } from "./types.ts";

const differs = "value and gradients";

/** Sum of squares. */
const square: w.CustomLossOptions<Int32Array | w.Tensor> = {
  value: (yTrue, yPred) => yPred.data.reduce((sum, v, i) => sum + (v - (yTrue as w.Tensor).data[i]) ** 2, 0),
  gradient: (yTrue, yPred) => Array.from(yPred.data, (v, i) => 2 * (v - (yTrue as w.Tensor).data[i])),
};

export const losses = {
  softmaxCrossEntropy: {
    differs,
    see: (o) => lossOf(w.softmaxCrossEntropy(o), "labels"),
    rows: { labelSmoothing: [0, 0.2], classWeights: [undefined, "balanced"] },
  },
  binaryCrossEntropy: { differs, see: (o) => lossOf(w.binaryCrossEntropy(o), "binary"), rows: { positiveWeight: [undefined, [1, 3]] } },
  huber: { differs, see: (o) => lossOf(w.huber(o)), rows: { delta: [1, 0.1] } },
  smoothL1: { differs, see: (o) => lossOf(w.smoothL1(o)), rows: { beta: [1, 0.1] } },
  klDivergence: { differs, see: (o) => lossOf(w.klDivergence(o), "probabilities"), rows: { reduction: ["mean", "batchmean"] } },
  lp: { differs, see: (o) => lossOf(w.lp(o)), rows: { p: [1, Infinity] } },
  multiMargin: { differs, see: (o) => lossOf(w.multiMargin(o), "labels"), rows: { margin: [1, 0.1] } },
  customLoss: {
    differs,
    base: square,
    see: (o) => lossOf(w.customLoss(o)),
    rows: {
      value: [square.value, () => 3],
      gradient: [square.gradient, (_, yPred) => Array.from(yPred.data, () => 1)],
      name: { effect: [undefined, "mine"], differs: "the loss's kind", see: (o) => w.customLoss(o).kind },
      link: {
        effect: ["identity", "sigmoid"],
        differs: "predictions as probabilities",
        see: async (o) => {
          const model = await build(w.dense(2));
          await w.createTrainer(model, { loss: w.customLoss(o), optimizer: w.sgd() });
          const seen = await outcome(() => model.predict(batch.x, { as: "probabilities" }));
          model.dispose();
          return seen;
        },
      },
      targets: {
        effect: ["output", "labels"],
        with: { value: () => 1, gradient: (_, yPred) => Array.from(yPred.data, () => 1) },
        differs: "which targets are taken",
        see: (o) => outcome(() => fitted({ loss: w.customLoss(o), epochs: 1 }, labelled, [w.dense(3)])),
      },
    },
  },
} satisfies Partial<TableOf<Options["whetstone"]>>;
