/** Points of a plane that lie in any, all or none of three discs: several labels per row, each with a probability of its own. */
import { adam, binaryCrossEntropy, build, dense, input, relu, sequential } from "whetstone";
import { f1 } from "whetstone/metrics";

const discs = [
  [0.35, 0.4],
  [0.65, 0.4],
  [0.5, 0.65],
];
const pointsOf = (side: number) =>
  Array.from({ length: side * side }, (_, i) => [((i % side) + 0.5) / side, (Math.floor(i / side) + 0.5) / side]);
const labelsOf = (points: number[][]) => points.map(([x, y]) => discs.map(([a, b]) => ((x! - a!) ** 2 + (y! - b!) ** 2 < 0.08 ? 1 : 0)));

const train = pointsOf(40);
const model = await build(sequential(input(2), dense(64), relu(), dense(64), relu(), dense(3)), { seed: 1 });
await model.fit({ x: train, y: labelsOf(train) }, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.005 }), epochs: 60 });

const test = pointsOf(33);
const predicted = model.predict(test, { as: "classes" });
console.log(`macro F1 ${Number(f1(labelsOf(test), predicted, { multilabel: true, average: "macro" })).toFixed(3)}`);
const [middle] = [model.predict([[0.5, 0.48]], { as: "probabilities" }).data];
console.log(`the middle lies in ${middle.filter((p) => p > 0.5).length} discs`);
