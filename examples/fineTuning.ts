/** A net that names digits learns to tell even ones from odd ones by twenty examples: its body stays, its head is new. */
import { adam, build, dense, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { numbers, readTarget } from "whetstone/data";
import { accuracy } from "whetstone/metrics";
import { readCsvFile } from "whetstone/node";

const table = await readCsvFile("examples/data/digits.csv");
const names = table.columns.map(({ name }) => name).filter((name) => name !== "label");
const x = numbers(table, names).data.map((ink) => ink / 16);
const { y } = readTarget(table, "label");
const rows = (from: number, to: number) => ({ x: x.slice(64 * from, 64 * to), y: Array.from(y.slice(from, to)) });
const isOdd = ({ x: pixels, y: digits }: ReturnType<typeof rows>) => ({ x: pixels, y: digits.map((digit) => digit % 2) });
const [few, test] = [isOdd(rows(1000, 1020)), isOdd(rows(1020, 1797))];

const options = { loss: softmaxCrossEntropy(), optimizer: adam({ learningRate: 3e-3 }), epochs: 40, batchSize: 5 };
const net = (outputs: number) => sequential(input(64), dense(64), relu(), dense(32), relu(), dense(outputs));
const digits = await build(net(10), { seed: 1 });
await digits.fit(rows(0, 1000), options);

const body = Object.entries(digits.stateDict()).filter(([name]) => !name.startsWith("4."));
const [tuned, scratch] = [await build(net(2), { seed: 2 }), await build(net(2), { seed: 2 })];
tuned.loadStateDict(Object.fromEntries(body), { strict: false });
tuned.freeze("0.*", "2.*");
for (const model of [tuned, scratch]) await model.fit(few, options);
const [a, b] = [tuned, scratch].map((model) => accuracy(test.y, model.predict(test.x, { as: "classes" })).toFixed(3));
console.log(`accuracy from 20 examples: ${a} tuned, ${b} from scratch`);
