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

  describe("an iterable that has not ended is let go", () => {
    const first = { x: all.x.data.slice(0, 60), y: all.y.slice(0, 15) };
    const bad = { x: [[NaN, 0, 0, 0]], y: [0] };
    const abort = () => {
      const controller = new AbortController();
      const onStep = ({ step }: w.TrainingState) => step === 4 && controller.abort(new Error("enough"));
      return { signal: controller.signal, callbacks: [{ onStep: (state: w.TrainingState) => void onStep(state) }] };
    };
    const failing = {
      onStep: ({ step }: w.TrainingState) => {
        if (step === 4) throw new Error("enough");
      },
    }; // prettier-ignore
    const ways: [string, () => object, string | undefined, number][] = [
      ["at the end of the run", () => ({ epochs: 2 }), undefined, 6],
      [
        "where a callback stops in a step",
        () => ({ callbacks: [{ onStep: ({ step }: w.TrainingState) => (step === 4 ? "stop" : undefined) }] }),
        undefined,
        4,
      ],
      ["where a callback stops after an epoch", () => ({ callbacks: [{ onEpoch: () => "stop" }] }), undefined, 3],
      ["on abort", abort, "enough", 4],
      ["on an error of a callback", () => ({ callbacks: [failing] }), "enough", 4],
      ["on a batch that is refused", () => ({ epochs: 9 }), "fit: x must be finite", 20],
      ["where nothing was taken", () => ({ callbacks: [{ onStart: () => "stop" }] }), undefined, 0],
    ]; // prettier-ignore
    test.each(ways)("%s", async (_, given, message, taken) => {
      for (const isAsync of [false, true]) {
        const model = await make();
        const log: string[] = [];
        function* sync() {
          try {
            for (let i = 1; ; i++) {
              log.push("batch");
              yield i === 20 ? bad : first;
            }
          } finally {
            log.push("closed");
          }
        }
        async function* later() {
          try {
            for (const batch of sync()) yield await Promise.resolve(batch);
          } finally {
            await Promise.resolve();
            log.push("closed later");
          }
        }
        const ended = { onEnd: () => void log.push("end") };
        const more = given() as Partial<w.FitOptions>;
        const callbacks = [...(more.callbacks ?? []), ended];
        const source = (isAsync ? later() : sync()) as AsyncIterable<typeof first>;
        const run = model.fit(source, { ...options, epochs: 3, stepsPerEpoch: 3, ...more, callbacks });
        if (message === undefined) await run;
        else await expect(run).rejects.toThrow(message);
        const closed = taken === 0 ? [] : isAsync ? ["closed", "closed later"] : ["closed"];
        expect(log).toEqual([...new Array(taken).fill("batch"), ...closed, "end"]);
        model.dispose();
      }
    });

    test("on abort, while it keeps the run waiting", async () => {
      const model = await make();
      for (const isSync of [false, true]) await stalls(model, isSync);
      model.dispose();
    });

    async function stalls(model: w.Model<[4], [3]>, isSync: boolean): Promise<void> {
      const controller = new AbortController();
      let [stall, returns] = [0, 0];
      const source = {
        [Symbol.asyncIterator]: () => ({
          next() {
            if (stall++ < 2) return Promise.resolve({ done: false as const, value: first });
            setTimeout(() => controller.abort(new Error("enough")), 20);
            return new Promise<IteratorResult<typeof first>>((_, reject) => setTimeout(() => reject(new Error("late")), 60));
          },
          return: () => {
            returns++;
            if (isSync) throw new Error("later");
            return Promise.reject(new Error("later"));
          },
        }),
      };
      const run = model.fit(source, { ...options, stepsPerEpoch: 3, signal: controller.signal });
      const error = await run.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ message: "enough", history: { stopped: "aborted", notes: [] } });
      expect([stall, returns]).toEqual([3, 1]);
      await new Promise((resolve) => setTimeout(resolve, 80)); // no rejection without a handler comes of it
      await model.fit(all, { ...options, epochs: 1 });
    }

    test("not one that has ended or thrown; what its return throws fails the run, but hides no error", async () => {
      const model = await make();
      const log: string[] = [];
      const iterable = (length: number, then: () => unknown, back: () => unknown) => ({
        [Symbol.iterator]() {
          let i = 0;
          log.push("begin");
          return {
            next: () => (i++ < length ? { done: false, value: first } : (then() as IteratorResult<typeof first>)),
            return: () => {
              log.push("return");
              return back() as IteratorResult<typeof first>;
            },
          };
        },
      });
      const done = () => ({ done: true, value: undefined });
      const fail = (message: string) => () => {
        throw new Error(message);
      };
      const steps = { ...options, epochs: 2, stepsPerEpoch: 3 };
      // 4 batches at a time: the second of two iterators is left with 2 to give
      await model.fit(iterable(4, done, done), steps);
      expect(log.splice(0)).toEqual(["begin", "begin", "return"]);
      await model.fit(iterable(3, done, done), { ...steps, epochs: 1 });
      expect(log.splice(0)).toEqual(["begin", "return"]); // it has not said yet that it has ended
      await expect(model.fit(iterable(4, fail("lost"), done), steps)).rejects.toThrow("lost");
      expect(log.splice(0)).toEqual(["begin"]);
      const before = model.stateDict();
      const error = await model.fit(iterable(9, done, fail("stuck")), { ...steps, epochs: 1 }).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ message: "stuck", history: { epochs: 1, stopped: "failed" } });
      expect(model.stateDict()).not.toEqual(before);
      const stopping = { ...steps, callbacks: [{ onStep: fail("mine"), onEnd: fail("late") }] };
      const mine = await model.fit(iterable(9, done, fail("stuck")), stopping).catch((caught: unknown) => caught);
      const notes = ["the iterable's return failed too: Error: stuck", "onEnd failed too: Error: late"];
      expect(mine).toMatchObject({ message: "mine", history: { notes } });
      model.dispose();
    });

    test("and a stream of rows lets its text go", async () => {
      const model = await make();
      const opened: boolean[] = [];
      let isOpen = false;
      function* source() {
        isOpen = true;
        try {
          yield* chunks();
        } finally {
          isOpen = false;
        }
      }
      const stream = batches(streamCsv(source, { characters: 300 }), { rows, batchSize: 15, buffer: 30 });
      await model.fit(stream, {
        ...options,
        epochs: 1,
        stepsPerEpoch: 2,
        callbacks: [{ onStep: () => void opened.push(isOpen) }],
      });
      expect([...opened, isOpen]).toEqual([true, true, false]);
      model.dispose();
    });
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
