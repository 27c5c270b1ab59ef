/** Iris in a few lines: read, split, scale, train, test. Run with `node tools/run.mjs examples/quickstart.ts` after a build. */
import { adam, build, dense, earlyStopping, input, progressBar, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { readTarget, split, standardScaler, tableEncoder } from "whetstone/data";
import { accuracy } from "whetstone/metrics";
import { readCsvFile } from "whetstone/node";

const table = await readCsvFile("examples/data/iris.csv");
const x = tableEncoder({ exclude: ["label"] }).fitTransform(table);
const { y } = readTarget(table, "label");
const { train, test } = split({ x, y }, { test: 0.2, seed: 0 });
const scaler = standardScaler().fit(train.x);

const model = await build(sequential(input(x.shape[1]), dense(16), relu(), dense(3)), { seed: 0 });
await model.fit(
  { x: scaler.transform(train.x), y: train.y },
  {
    loss: softmaxCrossEntropy(),
    optimizer: adam({ learningRate: 0.01 }),
    epochs: 100,
    validation: 0.2,
    metrics: { accuracy },
    callbacks: [earlyStopping({ patience: 20 }), progressBar()],
  },
);

const predicted = model.predict(scaler.transform(test.x), { as: "classes" });
console.log(`test accuracy: ${accuracy(test.y, predicted).toFixed(4)}`);
