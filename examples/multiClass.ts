/** Three species of iris, from a table to the names of new rows; the table is sorted by species, and any split copes with that. */
import { adam, batchNorm, build, dense, earlyStopping, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { modelPipeline, pipeline, readTarget, splitIndices, standardScaler, tableEncoder, takeTableRows } from "whetstone/data";
import { accuracy } from "whetstone/metrics";
import { readCsvFile } from "whetstone/node";

const table = await readCsvFile("examples/data/iris.csv");
const { y } = readTarget(table, "label");
const rows = splitIndices(table.rows, y, { test: 0.2, seed: 0 });
const flowers = modelPipeline({
  inputs: pipeline(tableEncoder(), standardScaler()),
  target: "label",
  model: (inputs, outputs) => build(sequential(input(inputs), dense(16), batchNorm(), relu(), dense(outputs))),
});
await flowers.fit(takeTableRows(table, rows.train), {
  loss: softmaxCrossEntropy(),
  optimizer: adam({ learningRate: 0.02 }),
  epochs: 100,
  validation: 0.2,
  callbacks: [earlyStopping({ patience: 20 })],
});
const test = flowers.evaluate(takeTableRows(table, rows.test), { loss: softmaxCrossEntropy(), metrics: { accuracy } });
console.log(`test accuracy ${test.accuracy!.toFixed(3)}`);

const names = ["setosa", "versicolor", "virginica"]; // of the labels 0, 1, 2
const found = { petal_length_cm: 6, petal_width_cm: 2.5, sepal_length_cm: 6.3, sepal_width_cm: 3.3 };
console.log(`found: ${flowers.classify([found]).map((label) => names[Number(label)])}`);
