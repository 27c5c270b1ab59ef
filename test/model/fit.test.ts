/** fit: what an epoch is, what history says, what metrics and callbacks see, and sources of batches. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { RowBatches } from "../../src/model/batches.ts";
import { Training } from "../../src/model/training.ts";
import { permutation, RandomStream, STREAM_SHUFFLE } from "../../src/random.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, type Variant, variants } from "./runtimes.ts";

const ROWS = 45;

function numbers(seed: number, count: number): Float32Array {
  const next = testNumbers(seed);
  return Float32Array.from({ length: count }, next);
}

/** Three classes that a line parts, nearly. */
function classes(rows = ROWS): { x: Float32Array; y: Int32Array } {
  const x = numbers(21, rows * 4);
  const y = Int32Array.from({ length: rows }, (_, i) => {
    const sum = x[4 * i] + x[4 * i + 1];
    return sum < -0.4 ? 0 : sum < 0.4 ? 1 : 2;
  });
  return { x, y };
}

const rowsOf = ({ x, y }: { x: Float32Array; y: Int32Array }, from: number, to: number) => ({
  x: x.slice(from * 4, to * 4),
  y: y.slice(from, to),
});

const net = w.sequential(w.input(4), w.dense(9), w.relu(), w.dropout(0.2), w.dense(3));
const normalized = w.sequential(w.input(4), w.dense(9), w.batchNorm(), w.relu(), w.dense(3));
const loss = w.softmaxCrossEntropy();

async function make(variant: Variant, description: w.Net = net, seed = 4): Promise<w.Model> {
  return w.build(description, { runtime: await runtimeOf(variant), seed });
}

const mean = (values: readonly number[], weights: readonly number[]) =>
  values.reduce((sum, value, i) => sum + value * weights[i], 0) / weights.reduce((a, b) => a + b, 0);

describe.each(variants)("%s", (variant) => {
  test("without shuffling, the bits of a trainer stepped over the batches, dropout included", async () => {
    const data = classes();
    const options = { loss, optimizer: w.adam({ learningRate: 0.02 }), batchSize: 16, seed: 9 };
    const fitted = await make(variant);
    const history = await fitted.fit(data, { ...options, epochs: 3, shuffle: false });
    const stepped = await make(variant);
    const trainer = await w.createTrainer(stepped, options);
    for (let epoch = 0; epoch < 3; epoch++) {
      const losses = [0, 16, 32].map((from) => trainer.step(rowsOf(data, from, Math.min(from + 16, ROWS))));
      expect(history.loss[epoch]).toBe(mean(losses, [16, 16, 13])); // over rows, not over batches
    }
    expect(fitted.stateDict()).toEqual(stepped.stateDict());
    expect(history).toMatchObject({ epochs: 3, stopped: "epochs", notes: [], valLoss: [], penalty: [], learningRate: [0.02, 0.02, 0.02] });
    fitted.dispose();
    stepped.dispose();
  });

  test.each([
    ["shuffled", { batchSize: 16 }],
    ["in order", { batchSize: 16, shuffle: false }],
    ["full batch", { batchSize: "full" as const }],
    ["weighted", { batchSize: 10, weights: true }],
  ])(
    "rows gathered in JavaScript have the bits of rows gathered in wasm: %s",
    async (_, { weights: isWeighted, ...each }: object & { weights?: boolean; batchSize: number | "full"; shuffle?: boolean }) => {
      const { x, y } = classes();
      const weights = isWeighted ? Float32Array.from({ length: ROWS }, (__, i) => 0.5 + (i % 3)) : undefined;
      const common = { loss, optimizer: w.sgd({ learningRate: 0.1, momentum: 0.9 }), seed: 2 };
      const moved = await make(variant);
      await moved.fit({ x, y, weights }, { ...common, ...each, epochs: 2 });
      const kept = await make(variant);
      const batchSize = each.batchSize === "full" ? ROWS : each.batchSize;
      const step = { ...common, batchSize, penalty: undefined, clip: undefined, decay: undefined, run: 0 };
      const region = kept.runtime.region();
      const training = new Training(kept.state, step, region, y, "test");
      const taken = { x, y: { kind: "labels" as const, data: y }, weights, rows: ROWS };
      const batches = new RowBatches(training, taken, { shuffle: each.shuffle ?? true, seed: 2, run: 0, maxBytes: 0 }, region);
      for (let epoch = 0; epoch < 2; epoch++) {
        batches.begin(epoch);
        for (let index = 0; index < batches.stepsPerEpoch; index++) batches.step(index);
      }
      expect(training.source).toBeUndefined();
      expect(kept.stateDict()).toEqual(moved.stateDict());
      region.free();
      moved.dispose();
      kept.dispose();
    },
  );

  test("rows are visited in an order of their own in each epoch, by seed, run and epoch; every row once", async () => {
    const order: number[][] = [];
    const watch = (yTrue: Int32Array | w.Tensor, _: w.Tensor) => {
      order.push(Array.from((yTrue as w.Tensor).data));
      return 0;
    };
    const rows = Float32Array.from({ length: 20 }, (_, i) => i);
    const model = await make(variant, w.sequential(w.input(1), w.dense(1)));
    const options = { loss: w.mse(), optimizer: w.sgd({ learningRate: 0 }), batchSize: 6, epochs: 3, metrics: { watch } };
    await model.fit({ x: rows, y: rows }, { ...options, seed: 4 });
    await model.fit({ x: rows, y: rows }, { ...options, seed: 4, epochs: 1 });
    const want = [0, 1, 2].map((epoch) => Array.from(permutation(20, new RandomStream(4, STREAM_SHUFFLE, 0, epoch))));
    expect(order).toEqual([...want, Array.from(permutation(20, new RandomStream(4, STREAM_SHUFFLE, 1, 0)))]);
    expect(new Set(order.map(String)).size).toBe(4);
    for (const each of order) expect([...each].sort((a, b) => a - b)).toEqual(Array.from(rows));
    model.dispose();
  });

  test('batchSize "full" is one step an epoch over all rows', async () => {
    const data = classes();
    const full = await make(variant, normalized);
    let steps = 0;
    const onStep = ({ rows }: w.TrainingState) => {
      steps++;
      expect(rows).toBe(ROWS);
    };
    const optimizer = w.sgd({ learningRate: 0.1 });
    await full.fit(data, { loss, optimizer, epochs: 4, batchSize: "full", shuffle: false, callbacks: [{ onStep }] });
    expect(steps).toBe(4);
    const stepped = await make(variant, normalized);
    const trainer = await w.createTrainer(stepped, { loss, optimizer, batchSize: ROWS });
    for (let step = 0; step < 4; step++) trainer.step(data);
    expect(full.stateDict()).toEqual(stepped.stateDict());
    full.dispose();
    stepped.dispose();
  });

  test("a remainder of one row is left out where batch-norm needs two, another row each epoch, and a note says so once", async () => {
    const data = classes(33);
    const seen: number[] = [];
    const model = await make(variant, normalized);
    const callbacks = [{ onEpoch: ({ rows }: w.TrainingState) => void seen.push(rows) }];
    const history = await model.fit(data, { loss, optimizer: w.adam(), batchSize: 16, epochs: 3, callbacks });
    expect(seen).toEqual([32, 32, 32]);
    expect(history.notes).toEqual(["each epoch leaves out one row: a batch of one row has no statistics for batchNorm"]);
    const other = await make(variant);
    seen.length = 0;
    expect((await other.fit(data, { loss, optimizer: w.adam(), batchSize: 16, epochs: 1, callbacks })).notes).toEqual([]);
    expect(seen).toEqual([33]);
    await expect(model.fit(classes(1), { loss, optimizer: w.adam() })).rejects.toThrow(
      "fit: a training batch needs at least 2 rows, got 1: layer 1 (batchNorm) normalizes by the statistics of the batch",
    );
    model.dispose();
    other.dispose();
  });

  test("sample weights that are integers count like repeated rows", async () => {
    const { x, y } = classes(12);
    const weights = Array.from({ length: 12 }, (_, i) => 1 + (i % 3));
    const at = weights.flatMap((weight, row) => new Array<number>(weight).fill(row));
    const repeated = {
      x: Float32Array.from(at.flatMap((row) => Array.from(x.slice(4 * row, 4 * row + 4)))),
      y: Int32Array.from(at, (row) => y[row]),
    };
    const plainNet = w.sequential(w.input(4), w.dense(9), w.tanh(), w.dense(3));
    const options = { loss, optimizer: w.sgd({ learningRate: 0.2, momentum: 0.5 }), batchSize: "full" as const, epochs: 5 };
    const [a, b] = [await make(variant, plainNet), await make(variant, plainNet)];
    const first = await a.fit({ x, y, weights }, options);
    const second = await b.fit(repeated, options);
    first.loss.forEach((value, i) => void expect(Math.abs(value - second.loss[i])).toBeLessThan(1e-5));
    for (const [name, { data }] of Object.entries(a.stateDict())) {
      const want = b.stateDict()[name].data;
      data.forEach((value, i) => void expect(Math.abs(value - want[i]), name).toBeLessThan(1e-5));
    }
    const evaluated = a.evaluate({ x, y, weights }, { loss }).loss;
    expect(Math.abs(evaluated - a.evaluate(repeated, { loss }).loss)).toBeLessThan(1e-5);
    a.dispose();
    b.dispose();
  });

  // PyTorch gives NaN for such a batch; here a weight of 0 means that the row is not there.
  test("a batch whose rows all weigh 0 changes nothing", async () => {
    const { x, y } = classes(8);
    const model = await make(variant, w.sequential(w.input(4), w.dense(3)));
    const before = model.stateDict();
    const weights = [0, 0, 0, 0, 1, 1, 1, 1];
    let first: w.StateDict = {};
    const onStep = ({ step }: w.TrainingState) => {
      if (step === 1) first = model.stateDict();
    };
    const callbacks = [{ onStep }];
    await model.fit({ x, y, weights }, { loss, optimizer: w.sgd(), batchSize: 4, shuffle: false, epochs: 1, callbacks });
    expect(first).toEqual(before);
    expect(model.stateDict()).not.toEqual(before);
  });

  test('class weights "balanced" are rows / (classes · rows of the class) of the training set', async () => {
    const data = classes();
    const counts = [0, 1, 2].map((label) => data.y.filter((each) => each === label).length);
    const classWeights = counts.map((count) => ROWS / (3 * count));
    expect(new Set(counts).size).toBeGreaterThan(1);
    const options = { optimizer: w.sgd({ learningRate: 0.3 }), batchSize: 20, epochs: 2 };
    const [balanced, given] = [await make(variant), await make(variant)];
    const first = await balanced.fit(data, { ...options, loss: w.softmaxCrossEntropy({ classWeights: "balanced" }) });
    const second = await given.fit(data, { ...options, loss: w.softmaxCrossEntropy({ classWeights }) });
    expect(first.loss).toEqual(second.loss);
    expect(balanced.stateDict()).toEqual(given.stateDict());
    balanced.dispose();
    given.dispose();
  });

  test("metrics see probabilities of the training outputs, and names of validation begin with val", async () => {
    const data = classes();
    const model = await make(variant);
    const shapes: string[] = [];
    const sums = (yTrue: Int32Array | w.Tensor, yPred: w.Tensor): number => {
      shapes.push(`${(yTrue as Int32Array).length}: ${yPred.shape}`);
      const off = Array.from({ length: yPred.shape[0] }, (_, row) => yPred.data.slice(3 * row, 3 * row + 3).reduce((a, b) => a + b, 0) - 1);
      return Math.max(...off.map(Math.abs));
    };
    const history = await model.fit(data, {
      loss,
      optimizer: w.adam({ learningRate: 0.05 }),
      epochs: 4,
      validation: 9,
      metrics: { accuracy, sums },
    });
    expect(shapes.slice(0, 2)).toEqual(["36: 36,3", "9: 9,3"]);
    for (const name of ["loss", "valLoss", "accuracy", "valAccuracy", "sums", "valSums"])
      expect((history[name] as number[]).length).toBe(4);
    for (const value of [...(history.sums as number[]), ...(history.valSums as number[])]) expect(value).toBeLessThan(1e-6);
    expect((history.accuracy as number[])[3]).toBeGreaterThan((history.accuracy as number[])[0] - 0.2);
    expect(history.bestEpoch).toBe(history.valLoss.indexOf(Math.min(...history.valLoss)));
    model.dispose();
  });

  test("validation data of its own: its loss is evaluate's after each epoch", async () => {
    const data = classes();
    const own = rowsOf(data, 0, 10);
    const model = await make(variant, normalized);
    const want: number[] = [];
    const callbacks = [
      {
        onEpoch: ({ valLoss }: w.TrainingState) => {
          want.push(model.evaluate(own, { loss }).loss);
          expect(valLoss).toBe(want.at(-1));
        },
      },
    ];
    const history = await model.fit(data, { loss, optimizer: w.adam(), epochs: 3, validation: own, callbacks });
    expect(history.valLoss).toEqual(want);
    expect(new Set(want).size).toBe(3);
    model.dispose();
  });

  test("a validation fraction is set aside by the seed, stratified, and never trained on", async () => {
    const x = Float32Array.from({ length: 40 * 4 }, (_, i) => Math.floor(i / 4) / 40);
    const y = Int32Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const partsOf = async (seed: number) => {
      const model = await make(variant, w.sequential(w.input(4), w.dense(2)));
      const seen: Record<string, Int32Array> = {};
      const part = (yTrue: Int32Array | w.Tensor) => {
        seen[(yTrue as Int32Array).length === 8 ? "validation" : "train"] = (yTrue as Int32Array).slice();
        return 0;
      };
      const metric = (yTrue: Int32Array | w.Tensor, _: w.Tensor) => part(yTrue);
      const history = await model.fit({ x, y }, { loss, optimizer: w.sgd(), epochs: 1, validation: 0.2, seed, metrics: { metric } });
      model.dispose();
      return { seen, valLoss: history.valLoss[0] };
    };
    const first = await partsOf(1);
    expect(first.seen.validation.filter((label) => label === 1).length).toBe(2);
    expect(first.seen.train.length).toBe(32);
    expect(first.seen.train.filter((label) => label === 1).length).toBe(8);
    expect((await partsOf(1)).valLoss).toBe(first.valLoss);
    expect((await partsOf(2)).valLoss).not.toBe(first.valLoss);
  });

  test("penalties are in history, not in the loss", async () => {
    const data = classes();
    const model = await make(variant, w.sequential(w.input(4), w.dense(3)));
    const weight = model.stateDict()["0.weight"].data;
    const at = Array.from(weight).reduce((sum, value) => sum + 0.25 * Math.abs(value) + 0.05 * value * value, 0);
    const { loss: before } = model.evaluate(data, { loss });
    const options = { loss, optimizer: w.sgd({ learningRate: 0.01 }), batchSize: "full" as const, shuffle: false, epochs: 2 };
    const history = await model.fit(data, { ...options, penalty: w.elasticNet(0.25, 0.1) });
    expect(Math.abs(history.penalty[0] - at)).toBeLessThan(1e-5);
    expect(history.penalty[1]).toBeLessThan(history.penalty[0]);
    expect(Math.abs(history.loss[0] - before)).toBeLessThan(1e-5);
    model.dispose();
  });

  test("decoupledDecay shrinks weights by its factor alone, not biases, and adds to adamw's", async () => {
    const model = await make(variant, w.sequential(w.input(4), w.dense(3, { biasInit: w.constant(2) })));
    const before = model.stateDict();
    const optimizer = w.sgd({ learningRate: 0 });
    await model.fit(classes(), { loss, optimizer, batchSize: "full", epochs: 2, decay: w.decoupledDecay(0.25) });
    model.stateDict()["0.weight"].data.forEach((value, i) => void expect(value).toBeCloseTo(before["0.weight"].data[i] * 0.5625, 6));
    expect(model.stateDict()["0.bias"]).toEqual(before["0.bias"]);
    model.dispose();
  });

  test("an iterable and an async iterable of batches, started again when they end", async () => {
    const data = classes();
    const parts = [rowsOf(data, 0, 16), rowsOf(data, 16, 32), rowsOf(data, 32, ROWS)];
    const options = { loss, optimizer: w.adam(), batchSize: 16, epochs: 2, seed: 3 };
    const [rows, list, stream] = [await make(variant), await make(variant), await make(variant)];
    const history = await rows.fit(data, { ...options, shuffle: false, metrics: { accuracy } });
    expect(await list.fit(parts as never, { ...options, stepsPerEpoch: 3, metrics: { accuracy } })).toEqual(history);
    const lazy = {
      async *[Symbol.asyncIterator]() {
        for (const part of parts) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield part;
        }
      },
    };
    await stream.fit(lazy as never, { ...options, stepsPerEpoch: 2, epochs: 3 });
    expect(list.stateDict()).toEqual(rows.stateDict());
    expect(stream.stateDict()).toEqual(rows.stateDict());
    for (const model of [rows, list, stream]) model.dispose();
  });

  test("an iterable may weigh rows and give soft targets in some batches, labels in others", async () => {
    const data = classes();
    const soft = Float32Array.from({ length: 24 }, (_, i) => (data.y[Math.floor(i / 3)] === i % 3 ? 1 : 0));
    const x = data.x.slice(0, 32);
    const batches = [
      { x, y: data.y.slice(0, 8) },
      { x, y: { data: soft, shape: [8, 3] } },
      { x, y: soft, weights: new Float32Array(8).fill(3) },
    ];
    const [mixed, plain] = [await make(variant, normalized), await make(variant, normalized)];
    const options = { loss, optimizer: w.adam(), batchSize: 8, epochs: 1 };
    await mixed.fit(batches as never, { ...options, stepsPerEpoch: 3 });
    await plain.fit(new Array(3).fill(batches[0]) as never, { ...options, stepsPerEpoch: 3 });
    for (const [name, { data: got }] of Object.entries(mixed.stateDict())) {
      got.forEach((value, i) => void expect(Math.abs(value - plain.stateDict()[name].data[i]), name).toBeLessThan(2e-5));
    }
    mixed.dispose();
    plain.dispose();
  });

  test("two fits in a row: a fresh optimizer and new masks each; the same two on another model have the same bits", async () => {
    const data = classes();
    const options = { loss, optimizer: w.adam({ learningRate: 0.05 }), epochs: 2, batchSize: 16 };
    const [a, b] = [await make(variant), await make(variant)];
    for (const model of [a, b]) {
      await model.fit(data, options);
      await model.fit(data, options);
    }
    expect(a.stateDict()).toEqual(b.stateDict());
    const once = await make(variant);
    await once.fit(data, { ...options, epochs: 4 });
    expect(once.stateDict()).not.toEqual(a.stateDict());
    for (const model of [a, b, once]) model.dispose();
  });
});

test("the data of a fit is copied at its start", async () => {
  const data = classes();
  const [a, b] = [await make("portable"), await make("portable")];
  const options = { loss, optimizer: w.adam(), epochs: 3, batchSize: 16 };
  await a.fit(classes(), options);
  const running = b.fit(data, options);
  data.x.fill(9);
  data.y.fill(0);
  await running;
  expect(b.stateDict()).toEqual(a.stateDict());
  a.dispose();
  b.dispose();
});
