/** One row in twenty is of the class that matters: weights make both classes count alike. */
import { adam, build, dense, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { moons, split } from "whetstone/data";
import { accuracy, balancedAccuracy, confusionMatrix } from "whetstone/metrics";

const moon = moons({ samples: 8000, noise: 0.35, seed: 1 });
const rows = Array.from(moon.y, (y, i) => ({ x: moon.x.data.slice(2 * i, 2 * i + 2), y })).filter(({ y }, i) => y === 0 || i % 20 === 1);
const { train, test } = split({ x: rows.map(({ x }) => x), y: rows.map(({ y }) => y) }, { test: 0.4, seed: 1 });

for (const classWeights of [undefined, "balanced"] as const) {
  const model = await build(sequential(input(2), dense(32), relu(), dense(2)), { seed: 1 });
  await model.fit(train, { loss: softmaxCrossEntropy({ classWeights }), optimizer: adam({ learningRate: 0.01 }), epochs: 30, seed: 1 });
  const predicted = model.predict(test.x, { as: "classes" });
  const [, [missed, found]] = confusionMatrix(test.y, predicted) as [number[], [number, number]];
  const scores = `accuracy ${accuracy(test.y, predicted).toFixed(3)}, balanced ${balancedAccuracy(test.y, predicted).toFixed(3)}`;
  console.log(`${classWeights ?? "plain"}: ${scores}, ${found} of ${missed + found} rare rows found`);
}
