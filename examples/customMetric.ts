/** A measure and a callback of one's own: what a wrong answer costs, and an end when it costs little enough. */
import { adam, build, type Callback, dense, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { readTarget, standardScaler, tableEncoder } from "whetstone/data";
import { confusionMatrix } from "whetstone/metrics";
import { readCsvFile } from "whetstone/node";

const table = await readCsvFile("examples/data/wine.csv");
const x = standardScaler().fitTransform(tableEncoder({ exclude: ["label"] }).fitTransform(table));
const { y } = readTarget(table, "label", { task: "classification" });

/** Mean over rows: a wine that is taken for its neighbour costs 1, any other error 3. */
const cost = (yTrue: Parameters<typeof confusionMatrix>[0], yPred: Parameters<typeof confusionMatrix>[1]): number => {
  const counts = confusionMatrix(yTrue, yPred, { classes: 3 });
  return counts.flatMap((row, i) => row.map((n, j) => n * [0, 1, 3][Math.abs(i - j)]!)).reduce((sum, n) => sum + n, 0) / y.length;
};
const cheapEnough: Callback = { onEpoch: ({ metrics }) => (metrics.cost! < 0.01 ? "stop" : undefined) };

const model = await build(sequential(input(x.shape[1]!), dense(16), relu(), dense(3)), { seed: 1 });
const history = await model.fit(
  { x, y },
  { loss: softmaxCrossEntropy(), optimizer: adam({ learningRate: 0.01 }), epochs: 200, metrics: { cost }, callbacks: [cheapEnough] },
);
const costs = history.cost as number[];
console.log(`cost ${costs[0]!.toFixed(2)} -> ${costs.at(-1)!.toFixed(3)} in ${history.epochs} epochs, ended by a ${history.stopped}`);
