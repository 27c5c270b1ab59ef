/** Malign or benign, from thirty measurements of a cell: two classes, one output, its probability judged at any threshold. */
import { adam, binaryCrossEntropy, build, dense, earlyStopping, input, relu, sequential } from "whetstone";
import { modelPipeline, pipeline, readTarget, splitIndices, standardScaler, tableEncoder, takeTableRows } from "whetstone/data";
import { accuracy, rocAuc } from "whetstone/metrics";
import { readCsvFile } from "whetstone/node";

const table = await readCsvFile("examples/data/breast_cancer.csv");
const { y } = readTarget(table, "label", { task: "classification" });
const rows = splitIndices(table.rows, y, { test: 0.2, seed: 1 });
const test = takeTableRows(table, rows.test);

const cells = modelPipeline({
  inputs: pipeline(tableEncoder(), standardScaler()),
  target: "label",
  model: (inputs, outputs) => build(sequential(input(inputs), dense(16), relu(), dense(outputs))),
});
await cells.fit(takeTableRows(table, rows.train), {
  loss: binaryCrossEntropy(),
  optimizer: adam({ learningRate: 3e-3 }),
  epochs: 100,
  validation: 0.2,
  callbacks: [earlyStopping({ patience: 10 })],
});
const truth = Int32Array.from(rows.test, (row) => y[row]!);
const share = accuracy(truth, cells.predict(test, { as: "classes" }));
const area = rocAuc(truth, cells.predict(test, { as: "probabilities" }));
console.log(`test accuracy ${share.toFixed(3)}, area under the ROC curve ${area.toFixed(3)}`);
