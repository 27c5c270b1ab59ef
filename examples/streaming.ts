/** A file that need not fit in memory: read in pieces, mixed in a buffer, trained batch by batch. */
import { createReadStream } from "node:fs";
import { adam, build, dense, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
import { batches, readTarget, streamCsv, type Table, tableEncoder } from "whetstone/data";
import { accuracy } from "whetstone/metrics";
import { readCsvFile } from "whetstone/node";

const path = "examples/data/digits.csv";
const classes = Array.from("0123456789");
const encoder = tableEncoder({ exclude: ["label"] });
const rows = (table: Table) => {
  const x = encoder.transform(table);
  return { x: { ...x, data: x.data.map((ink) => ink / 16) }, y: Int32Array.from(readTarget(table, "label", { classes }).y) };
};
const pieces = streamCsv(() => createReadStream(path), { characters: 20_000 });
for await (const table of pieces) {
  encoder.fit(table); // the first piece says which columns there are
  break;
}
const model = await build(sequential(input(64), dense(64), relu(), dense(10)), { seed: 1 });
await model.fit(batches(pieces, { rows, batchSize: 32, buffer: 500, seed: 1 }), {
  loss: softmaxCrossEntropy(),
  optimizer: adam({ learningRate: 3e-3 }),
  stepsPerEpoch: 57,
  epochs: 8,
});
const all = rows(await readCsvFile(path));
console.log(`accuracy on the rows of the file: ${accuracy(all.y, model.predict(all.x, { as: "classes" })).toFixed(3)}`);
