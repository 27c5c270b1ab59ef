/** A CSV of 1,000,000 rows and 20 columns, made as it is read, trains from a stream; prints the memory above the empty process. */
import { setImmediate as turn } from "node:timers/promises";

const before = process.memoryUsage().rss;
const { batches, streamCsv } = await import("../../src/data/index.ts");
const w = await import("../../src/index.ts");

const ROWS = Number(process.argv[2] ?? 1_000_000);
const COLUMNS = 20;

async function* file() {
  yield `${Array.from({ length: COLUMNS }, (_, j) => `x${j}`).join(",")},label\n`;
  let seed = 1;
  for (let row = 0; row < ROWS; row += 500) {
    let text = "";
    for (let i = 0; i < 500; i++) {
      let sum = 0;
      for (let j = 0; j < COLUMNS; j++) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        const value = seed / 4294967296 - 0.5;
        if (j < 3) sum += value;
        text += `${value.toFixed(6)},`;
      }
      text += sum > 0 ? "1\n" : "0\n";
    }
    await turn();
    yield new TextEncoder().encode(text);
  }
}

let most = 0;
const watch = {
  onStep({ step }: { step: number }) {
    if (step % 500 === 0) most = Math.max(most, process.memoryUsage().rss);
  },
};
const names = Array.from({ length: COLUMNS }, (_, j) => `x${j}`);
const { numbers } = await import("../../src/data/index.ts");
const stream = batches(
  streamCsv(() => file()),
  {
    rows: (table) => ({ x: numbers(table, names), y: Int32Array.from(table.columns[COLUMNS]!.values as Float64Array) }),
    batchSize: 100,
    buffer: 10_000,
  },
);
const model = await w.build(w.sequential(w.input(COLUMNS), w.dense(32), w.relu(), w.dense(2)));
const start = performance.now();
const history = await model.fit(stream, {
  loss: w.softmaxCrossEntropy(),
  optimizer: w.adam(),
  batchSize: 100,
  epochs: 1,
  stepsPerEpoch: ROWS / 100,
  callbacks: [watch],
});
const seconds = (performance.now() - start) / 1000;
const megabytes = (Math.max(most, process.memoryUsage().rss) - before) / 1e6;
process.stdout.write(
  `${ROWS} rows in ${seconds.toFixed(1)} s, loss ${history.loss[0]!.toFixed(4)}, ${megabytes.toFixed(0)} MB above the empty process\n`,
);
if (megabytes > 200) process.exitCode = 1;
