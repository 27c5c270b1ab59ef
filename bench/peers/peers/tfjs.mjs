/**
 * TensorFlow.js: a layers model, trained by its optimizer's minimize on the model's training-mode output, which is less work than
 * trainOnBatch. Tensors of the batches are made once; the loss is read at each step.
 */
import * as tf from "@tensorflow/tfjs-core";
import { layers as make, sequential } from "@tensorflow/tfjs-layers";
import { batchesOf } from "../data.mjs";
import { layersOf } from "../tasks.mjs";

function layerOf(layer, inputShape) {
  switch (layer.kind) {
    case "dense":
      return make.dense({ units: layer.units, inputShape, kernelInitializer: "heUniform" });
    case "batchNorm":
      return make.batchNormalization({ momentum: 0.9, epsilon: 1e-5 });
    case "relu":
      return make.reLU();
    default:
      return make.dropout({ rate: layer.rate });
  }
}

/** PyTorch's [units, inputs] as [inputs, units]. */
function transposed(weight, inputs, units) {
  const out = new Float32Array(weight.length);
  for (let u = 0; u < units; u++) for (let i = 0; i < inputs; i++) out[i * units + u] = weight[u * inputs + i];
  return tf.tensor2d(out, [inputs, units]);
}

function modelOf(task, weights) {
  const model = sequential();
  layersOf(task).forEach((layer, i) => {
    model.add(layerOf(layer, i === 0 ? [layer.inputs] : undefined));
  });
  if (weights === undefined) return model;
  let next = 0;
  layersOf(task).forEach((layer, i) => {
    if (layer.kind === "dense")
      model.layers[i].setWeights([transposed(weights[next++], layer.inputs, layer.units), tf.zeros([layer.units])]);
  });
  return model;
}

function optimizerOf({ optimizer: { name, learningRate, momentum } }) {
  if (name === "adam") return tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  return momentum ? tf.train.momentum(learningRate, momentum) : tf.train.sgd(learningRate);
}

const oneHot = (y, classes) => tf.oneHot(tf.tensor1d(y, "int32"), classes);

export async function openBackend(backend) {
  await tf.setBackend(backend);
  await tf.ready();
  return {
    versions: `TensorFlow.js ${tf.version_core}, ${tf.getBackend()}`,
    async prepare(task, data) {
      const model = modelOf(task, data.weights);
      const batches = batchesOf(task, data);
      if (task.kind === "predict") {
        return () => tf.tidy(() => model.predict(tf.tensor2d(batches[0].x, [task.rows, task.widths[0]])).dataSync());
      }
      const classes = task.widths.at(-1);
      const tensors = batches.map(({ x, y }) => ({ x: tf.tensor2d(x, [task.rows, task.widths[0]]), y: oneHot(y, classes) }));
      const optimizer = optimizerOf(task);
      let turn = 0;
      return () => {
        const { x, y } = tensors[turn++ % tensors.length];
        const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true })), true);
        const value = loss.dataSync()[0];
        loss.dispose();
        return value;
      };
    },
    async fitted(task, { x, y }) {
      const model = modelOf(task);
      const classes = task.widths.at(-1);
      model.compile({ optimizer: optimizerOf(task), loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits) });
      const inputs = tf.tensor2d(x, [y.length, task.widths[0]]);
      await model.fit(inputs, oneHot(y, classes), { batchSize: task.rows, epochs: task.epochs, shuffle: true, verbose: 0 });
      const found = tf.argMax(model.predict(inputs), 1).dataSync();
      return found.reduce((sum, label, i) => sum + (label === y[i] ? 1 : 0), 0) / y.length;
    },
  };
}
