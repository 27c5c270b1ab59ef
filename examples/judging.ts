/** Which net for the wines, what holds it back, and how good it is. Run with `node tools/run.mjs examples/judging.ts` after a build. */
import { adam, build, dense, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { modelPipeline, readTarget, split, standardScaler, tableEncoder } from "whetstone/data";
import { accuracy, advice, crossValidate, type Run } from "whetstone/metrics";
import { readCsvFile } from "whetstone/node";

const table = await readCsvFile("examples/data/wine.csv");
const x = tableEncoder({ exclude: ["label"] }).fitTransform(table);
const { train, test } = split({ x, y: readTarget(table, "label").y }, { test: 0.2, seed: 0 }); // the test rows wait for the end

const loss = softmaxCrossEntropy();
const recipe = ({ units }: { units: number }, { seed }: Run) => ({
  model: modelPipeline({
    inputs: standardScaler(), // learns from the training rows of each fold alone
    model: (inputs) => build(sequential(input(inputs), dense(units), relu(), dense(3)), { seed }),
  }),
  fit: { loss, optimizer: adam({ learningRate: 0.01 }), epochs: 30 },
});
const best = await crossValidate(train, recipe, {
  settings: [{ units: 1 }, { units: 4 }, { units: 32 }],
  metrics: { accuracy },
  monitor: "accuracy",
});
for (const { setting, mean, std } of best.results) {
  console.log(`${setting.units} units: accuracy ${mean.accuracy.toFixed(3)} ± ${std.accuracy.toFixed(3)}`);
}
console.log(advice({ judged: best.results[0], monitor: "accuracy" }).text);
console.log(advice({ judged: best, monitor: "accuracy" }).text);
console.log(
  `test accuracy of ${best.setting.units} units: ${best.model?.evaluate(test, { loss, metrics: { accuracy } }).accuracy.toFixed(4)}`,
);
