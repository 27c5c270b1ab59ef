/**
 * brain.js: trains sample by sample only, on the squared error, with the same activation on every layer, the last one too
 * (here the logistic function, its default, which learns classes where ReLU outputs die). Its momentum stays at 0.1: it refuses 0.
 */
import { createRequire } from "node:module";
import brain from "brain.js";
import { batchesOf } from "../data.mjs";

const RULE = { learningRate: 0.1, momentum: 0.1 };
const { version } = createRequire(import.meta.url)("brain.js/package.json");

function netOf({ widths }) {
  const net = new brain.NeuralNetwork({ activation: "sigmoid", hiddenLayers: widths.slice(1, -1), ...RULE });
  net.sizes = [...widths];
  net.updateTrainingOptions(RULE);
  net.initialize();
  return net;
}

const target = (label, classes) => Float32Array.from({ length: classes }, (_, i) => (i === label ? 1 : 0));

export async function open() {
  return {
    versions: `brain.js ${version}`,
    async prepare(task, data) {
      const net = netOf(task);
      const classes = task.widths.at(-1);
      const batches = batchesOf(task, data);
      if (task.kind === "predict") {
        const columns = task.widths[0];
        const rows = Array.from({ length: task.rows }, (_, i) => batches[0].x.subarray(i * columns, (i + 1) * columns));
        return () => {
          let output;
          for (const row of rows) output = net.run(row);
          return output;
        };
      }
      if (task.rows !== 1) throw new Error("has no mini-batches");
      const patterns = batches.map(({ x, y }) => ({ input: x, output: target(y[0], classes) }));
      let turn = 0;
      return () => net.trainPattern(patterns[turn++ % patterns.length], true);
    },
    async fitted({ widths, epochs }, { x, y }) {
      const net = netOf({ widths });
      const [columns, classes] = [widths[0], widths.at(-1)];
      const rows = Array.from(y, (label, i) => ({
        input: Array.from(x.subarray(i * columns, (i + 1) * columns)),
        output: Array.from(target(label, classes)),
      }));
      net.train(rows, { iterations: epochs, errorThresh: 1e-9, ...RULE });
      let right = 0;
      rows.forEach(({ input }, i) => {
        const output = Array.from(net.run(input));
        if (output.indexOf(Math.max(...output)) === y[i]) right++;
      });
      return right / y.length;
    },
  };
}
