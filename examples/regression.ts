/** How far diabetes will have gone in a year, from ten measurements: a quantity, predicted in its own unit. */
import { adamw, build, dense, dropout, earlyStopping, input, mse, relu, sequential } from "whetstone";
import { modelPipeline, numbers, pipeline, splitIndices, standardScaler, tableEncoder, takeTableRows } from "whetstone/data";
import { mae, r2 } from "whetstone/metrics";
import { readCsvFile } from "whetstone/node";

const table = await readCsvFile("examples/data/diabetes.csv");
const rows = splitIndices(table.rows, undefined, { test: 0.2, seed: 1 });
const test = takeTableRows(table, rows.test);

const progression = modelPipeline({
  inputs: pipeline(tableEncoder(), standardScaler()),
  target: "target",
  targetTransform: standardScaler(),
  model: (inputs, outputs) => build(sequential(input(inputs), dense(32), relu(), dropout(0.3), dense(outputs))),
});
await progression.fit(takeTableRows(table, rows.train), {
  loss: mse(),
  optimizer: adamw({ learningRate: 3e-3 }),
  epochs: 100,
  validation: 0.2,
  callbacks: [earlyStopping({ patience: 20 })],
});
const [truth, predicted] = [numbers(test, ["target"]), progression.predict(test)];
console.log(`R2 ${r2(truth, predicted).toFixed(2)}, off by ${mae(truth, predicted).toFixed(0)} on average`);
