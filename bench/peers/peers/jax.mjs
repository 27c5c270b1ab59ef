/**
 * jax-js on wasm: the whole step, gradient and update, is one jitted function; its loss is read at each step.
 * With dropout, its masks drawn by jax-js's own Threefry inside the jitted step, and without, which is less work than the others do.
 * Batch norm uses the batch's statistics and keeps no running ones.
 * A call of a function takes its arrays; `ref` keeps one.
 */
import { defaultDevice, init, jit, nn, numpy as np, random, valueAndGrad } from "@jax-js/jax";
import { batchesOf } from "../data.mjs";
import { layersOf } from "../tasks.mjs";

/** The net on [rows, inputs]; parameters in the order of the layers: weight, bias of each dense and batch norm. keys: one per dropout. */
function forward(layers, parameters, x, keys = []) {
  let h = x;
  let next = 0;
  let dropouts = 0;
  for (const { kind, rate } of layers) {
    if (kind === "dense") h = np.dot(h, np.transpose(parameters[next++])).add(parameters[next++]);
    else if (kind === "relu") h = nn.relu(h);
    else if (kind === "batchNorm") {
      h = nn.standardize(h, 0, { epsilon: 1e-5 }).mul(parameters[next++]).add(parameters[next++]);
    } else if (dropouts < keys.length) {
      const mask = random.bernoulli(keys[dropouts++], 1 - rate, h.shape);
      h = np.where(mask, h.mul(1 / (1 - rate)), 0);
    }
  }
  return h;
}

function parametersOf(task, weights) {
  let next = 0;
  return layersOf(task).flatMap(({ kind, units, inputs }) => {
    if (kind === "dense") return [np.array(weights[next++].slice()).reshape([units, inputs]), np.zeros([units])];
    return kind === "batchNorm" ? [np.ones([units]), np.zeros([units])] : [];
  });
}

const scalar = (value) => np.array(new Float32Array([value])).reshape([]);

/** Update rules: next parameter and slots from parameter, gradient, slots and two numbers of the step. */
const rules = {
  sgd: (p, g, _, a, b) => {
    b.dispose();
    return [p.sub(g.mul(a)), []];
  },
  momentum: (p, g, [v], a, b) => {
    b.dispose();
    const next = v.mul(0.9).add(g);
    return [p.sub(next.ref.mul(a)), [next]];
  },
  adam: (p, g, [m, v], a, b) => {
    const nextM = m.mul(0.9).add(g.ref.mul(0.1));
    const nextV = v.mul(0.999).add(np.square(g).mul(0.001));
    const change = nextM.ref.mul(a).div(np.sqrt(nextV.ref).mul(b).add(1e-8));
    return [p.sub(change), [nextM, nextV]];
  },
};

function trainingOf(task, weights, withDropout) {
  const layers = layersOf(task);
  const dropouts = withDropout ? layers.filter(({ kind }) => kind === "dropout").length : 0;
  const classes = task.widths.at(-1);
  const { name, learningRate, momentum } = task.optimizer;
  const rule = rules[momentum ? "momentum" : name];
  const lossOf = (parameters, x, y, keys) => {
    const logits = nn.logSoftmax(forward(layers, parameters, x, keys), -1);
    return logits
      .mul(nn.oneHot(y, classes))
      .sum()
      .mul(-1 / task.rows);
  };
  const jitted = jit((parameters, slots, x, y, a, b, seeds) => {
    const keys = seeds.map((seed) => random.key(seed));
    const [loss, gradients] = valueAndGrad(lossOf)(
      parameters.map((p) => p.ref),
      x,
      y,
      keys,
    );
    const next = parameters.map((p, i) => rule(p, gradients[i], slots[i], a.ref, b.ref));
    a.dispose();
    b.dispose();
    return [next.map(([p]) => p), next.map(([, s]) => s), loss];
  });
  let parameters = parametersOf(task, weights);
  const slotCount = { sgd: 0, momentum: 1, adam: 2 }[momentum ? "momentum" : name];
  let slots = parameters.map((p) => Array.from({ length: slotCount }, () => np.zerosLike(p.ref)));
  let t = 0;
  const step = ({ x, y }) => {
    t++;
    const a = name === "adam" ? learningRate / (1 - 0.9 ** t) : learningRate;
    const b = name === "adam" ? 1 / Math.sqrt(1 - 0.999 ** t) : 1;
    const rows = np.array(x).reshape([task.rows, task.widths[0]]);
    const seeds = Array.from({ length: dropouts }, (_, i) => np.array(new Uint32Array([t * dropouts + i])).reshape([]));
    let loss;
    [parameters, slots, loss] = jitted(parameters, slots, rows, np.array(y), scalar(a), scalar(b), seeds);
    return loss.dataSync()[0];
  };
  return { step, parameters: () => parameters };
}

function predictionOf(task, parameters) {
  const layers = layersOf(task);
  const jitted = jit((values, x) => forward(layers, values, x));
  return (x, rows) =>
    jitted(
      parameters.map((p) => p.ref),
      np.array(x).reshape([rows, task.widths[0]]),
    ).dataSync();
}

function shuffled(count) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function gathered({ x, y }, order, columns) {
  const rows = new Float32Array(order.length * columns);
  order.forEach((from, i) => rows.set(x.subarray(from * columns, (from + 1) * columns), i * columns));
  return { x: rows, y: Int32Array.from(order, (i) => y[i]) };
}

export const open = () => openJax(false);

export async function openJax(withDropout) {
  const devices = await init("wasm");
  if (!devices.includes("wasm")) throw new Error("jax-js has no wasm here");
  defaultDevice("wasm");
  return {
    versions: "jax-js 0.1.25, wasm, jit",
    async prepare(task, data) {
      const batches = batchesOf(task, data);
      if (task.kind === "predict") {
        const run = predictionOf(task, parametersOf(task, data.weights));
        return () => run(batches[0].x, task.rows);
      }
      const { step } = trainingOf(task, data.weights, withDropout);
      let turn = 0;
      return () => step(batches[turn++ % batches.length]);
    },
    /** Whole batches only, as a jitted function has fixed shapes; the rows that are left over differ from epoch to epoch. */
    async fitted(task, data) {
      const columns = task.widths[0];
      const training = trainingOf(task, data.weights, withDropout);
      for (let epoch = 0; epoch < task.epochs; epoch++) {
        const order = shuffled(data.y.length);
        for (let at = 0; at + task.rows <= order.length; at += task.rows) {
          training.step(gathered(data, order.subarray(at, at + task.rows), columns));
        }
      }
      const outputs = predictionOf(task, training.parameters())(data.x, data.y.length);
      return accuracyOf(outputs, data.y, task.widths.at(-1));
    },
  };
}

function accuracyOf(outputs, y, classes) {
  let right = 0;
  y.forEach((label, i) => {
    const row = outputs.subarray(i * classes, (i + 1) * classes);
    if (row.indexOf(Math.max(...row)) === label) right++;
  });
  return right / y.length;
}
