/** fit from a CSV stream: what a pass over the rows in memory would do. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { balancedBatches, batches, numbers, readCsv, readTarget, standardScaler, streamCsv, type Table } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy, balancedAccuracy } from "../../src/metrics/index.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const text = readFileSync(new URL("../../examples/data/iris.csv", import.meta.url), "utf8");
const whole = readCsv(text);
const names = whole.columns.slice(0, 4).map(({ name }) => name);
const target = whole.columns[4]!.name;
const { classes } = readTarget(whole, target) as { classes: readonly string[] };
const scaler = standardScaler().fit(numbers(whole, names));
const rows = (table: Table) => ({
  x: scaler.transform(numbers(table, names)),
  y: readTarget(table, target, { classes }).y,
});
const all = { x: scaler.transform(numbers(whole, names)), y: rows(whole).y as Int32Array };

describe.each(variants)("%s", (variant) => {
  const net = w.sequential(w.input(4), w.dense(16), w.relu(), w.dense(3));
  const options = { loss: w.softmaxCrossEntropy(), optimizer: w.adam({ learningRate: 0.01 }), batchSize: 15 };
  const make = async () => w.build(net, { runtime: await runtimeOf(variant), seed: 3 });
  const chunks = () => Array.from({ length: Math.ceil(text.length / 100) }, (_, i) => text.slice(100 * i, 100 * i + 100));

  test("without a buffer, the bits of fit without shuffling", async () => {
    const streamed = await make();
    const stream = batches(streamCsv(chunks, { characters: 300 }), { rows, batchSize: 15 });
    const history = await streamed.fit(stream, { ...options, epochs: 3, stepsPerEpoch: 10 });
    const plain = await make();
    const expected = await plain.fit(all, { ...options, epochs: 3, shuffle: false });
    expect(history.loss).toEqual(expected.loss);
    expect(streamed.stateDict()).toEqual(plain.stateDict());
    streamed.dispose();
    plain.dispose();
  });

  test("iris, sorted by class, is learned from a stream through a buffer", async () => {
    const model = await make();
    const stream = batches(streamCsv(chunks, { characters: 300 }), { rows, batchSize: 15, buffer: 120 });
    await model.fit(stream, { ...options, epochs: 30, stepsPerEpoch: 10 });
    expect(accuracy(all.y, model.predict(all.x))).toBeGreaterThan(0.95);
    model.dispose();
  });

  test("an error of the stream ends the run with its own words", async () => {
    const model = await make();
    const stream = batches(
      streamCsv(() => [text, "1,2\n"]),
      { rows, batchSize: 15 },
    );
    await expect(model.fit(stream, { ...options, epochs: 2, stepsPerEpoch: 10 })).rejects.toThrow(
      /streamCsv: line 152, column 3: the line must have 5 cells/,
    );
    model.dispose();
  });

  test("balanced batches find a class of 5 rows among 105", async () => {
    const few = Array.from({ length: 105 }, (_, row) => row);
    const x = { data: all.x.data.slice(0, few.length * 4), shape: [few.length, 4] as const };
    const y = Int32Array.from(few, (row) => (row < 100 ? 0 : 2)); // two kinds of iris in one class, five rows of the third
    const model = await make();
    await model.fit(balancedBatches({ x, y }, { batchSize: 16 }) as Iterable<{ x: w.Tensor; y: Int32Array }>, {
      ...options,
      batchSize: 16,
      epochs: 30,
      stepsPerEpoch: 7,
    });
    expect(balancedAccuracy(y, model.predict(x.data))).toBeGreaterThan(0.9);
    model.dispose();
  });
});
