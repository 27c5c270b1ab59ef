/** This library, as it is built and published: dist/. */
import {
  adam,
  batchNorm,
  build,
  createRuntime,
  createTrainer,
  dense,
  dropout,
  input,
  relu,
  sequential,
  sgd,
  softmaxCrossEntropy,
} from "../../../dist/index.js";
import { accuracy } from "../../../dist/metrics.js";
import { batchesOf } from "../data.mjs";
import { layersOf } from "../tasks.mjs";

const makers = {
  dense: ({ units }) => dense(units),
  batchNorm: () => batchNorm(),
  relu: () => relu(),
  dropout: ({ rate }) => dropout(rate),
};
const netOf = (task) => sequential(input(task.widths[0]), ...layersOf(task).map((layer) => makers[layer.kind](layer)));

function optimizerOf({ optimizer: { name, learningRate, momentum } }) {
  return name === "adam" ? adam({ learningRate }) : sgd({ learningRate, momentum });
}

async function modelOf(task, weights, runtime) {
  const model = await build(netOf(task), { seed: 1, runtime });
  const dict = model.stateDict();
  let next = 0;
  layersOf(task).forEach((layer, i) => {
    if (layer.kind === "dense") dict[`${i}.weight`].data.set(weights[next++]);
  });
  model.loadStateDict(dict);
  return model;
}

export async function open(threads) {
  const runtime = await createRuntime({ numerics: "fast", threads });
  let model;
  return {
    versions: `whetstone, ${runtime.info.numerics}`,
    async prepare(task, data) {
      model?.dispose();
      model = await modelOf(task, data.weights, runtime);
      const batches = batchesOf(task, data);
      let turn = 0;
      if (task.kind === "predict") return () => model.predict(batches[0].x).data;
      const trainer = await createTrainer(model, { loss: softmaxCrossEntropy(), optimizer: optimizerOf(task), batchSize: task.rows });
      return () => trainer.step(batches[turn++ % batches.length]);
    },
    async fitted(task, { x, y }) {
      const fresh = await build(netOf(task), { seed: 1, runtime });
      await fresh.fit({ x, y }, { loss: softmaxCrossEntropy(), optimizer: optimizerOf(task), batchSize: task.rows, epochs: task.epochs });
      return accuracy(y, fresh.predict(x, { as: "classes" }));
    },
  };
}
