import { describe, expect, test } from "vitest";
import {
  groupKFold,
  kFold,
  leaveOneOut,
  modelPipeline,
  pipeline,
  polynomialFeatures,
  readCsv,
  ridge,
  split,
  standardScaler,
  stratifiedKFold,
  tableEncoder,
} from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy, crossValidate, type FoldState, type ModelRecipe, type Run, r2, rmse, type Scores } from "../../src/metrics/index.ts";
import { deviationOf, flowerFit, flowerNet, flowerRecipe, iris, meanOf } from "./recipes.ts";

const flowers = iris();
const rowsOf = ({ x, y }: typeof flowers, rows: Uint32Array) => ({
  x: {
    data: Float32Array.from(Array.from(rows).flatMap((row) => Array.from(x.data.subarray(4 * row, 4 * row + 4)))),
    shape: [rows.length, 4],
  },
  y: Int32Array.from(rows, (row) => y[row]!),
});

/** 60 points of a parabola with noise, in the thousands. */
const parabola = (() => {
  const x = Array.from({ length: 60 }, (_, i) => [((i * 37) % 60) / 30 - 1]);
  const y = Float32Array.from(x, ([value], i) => 5000 + 2000 * value! * value! + 40 * (((i * 7) % 11) - 5));
  return { x, y };
})();

describe("scores", () => {
  test("are those of a loop by hand: each fold scaled, trained and scored by its own rows alone", async () => {
    const folds = stratifiedKFold(flowers.y, { folds: 3, seed: 4 });
    const result = await crossValidate(flowers, (_: undefined, run) => flowerRecipe({ units: 6 }, run), {
      folds,
      metrics: { accuracy },
      seed: 20,
    });

    const own: { test: Scores; train: Scores }[] = [];
    for (const [i, fold] of folds.entries()) {
      const model = await w.build(flowerNet(6), { seed: 20 + i });
      const [train, test] = [rowsOf(flowers, fold.train), rowsOf(flowers, fold.test)];
      const scaler = standardScaler().fit(train.x);
      const scaled = (part: typeof train) => ({ x: scaler.transform(part.x) as w.Tensor, y: part.y });
      await model.fit(scaled(train), { ...flowerFit(), seed: 20 + i });
      const options = { loss: w.softmaxCrossEntropy(), metrics: { accuracy } };
      own.push({ test: model.evaluate(scaled(test), options), train: model.evaluate(scaled(train), options) });
      model.dispose();
    }
    expect(result.folds.map(({ test, train }) => ({ test, train }))).toEqual(own);
    expect(result.folds.map(({ rows }) => rows)).toEqual(own.map(() => ({ train: 100, test: 50 })));
    for (const name of ["loss", "accuracy"]) {
      const values = own.map(({ test }) => test[name]!);
      expect(result.mean[name]).toBeCloseTo(meanOf(values), 12);
      expect(result.std[name]).toBeCloseTo(deviationOf(values), 12);
      expect(result.trainMean[name]).toBeCloseTo(meanOf(own.map(({ train }) => train[name]!)), 12);
      expect(result.trainStd[name]).toBeCloseTo(deviationOf(own.map(({ train }) => train[name]!)), 12);
    }
    expect(result.mean.accuracy).toBeGreaterThan(0.9);
    expect(result.folds[0]!.history!.loss).toHaveLength(20);
    expect([result.best, result.results.length, result.model]).toEqual([0, 1, undefined]);
  });

  test("ten folds by default, stratified for labels: each has five flowers of each class, sorted as the rows may be", async () => {
    const seen: number[][] = [];
    const recipe = () => ({
      train: () => (x: unknown) => {
        const rows = (x as w.Tensor).shape[0]!;
        return Int32Array.from({ length: rows }, () => 1);
      },
    });
    const share = (yTrue: unknown) => {
      const y = yTrue as Int32Array;
      seen.push([0, 1, 2].map((label) => y.filter((value) => value === label).length));
      return 0;
    };
    const result = await crossValidate(flowers, recipe, { metrics: { share, accuracy } });
    expect(result.folds).toHaveLength(10);
    expect(seen.filter((_, i) => i % 2 === 0)).toEqual(new Array(10).fill([5, 5, 5]));
    expect(result.mean.accuracy).toBeCloseTo(1 / 3, 12);
  });

  test("targets are transformed for the net; metrics see them in their own unit, the loss does not", async () => {
    const recipe = (_: undefined, { seed }: Run): ModelRecipe => ({
      model: modelPipeline({
        model: () => w.build(w.sequential(w.input(1), w.dense(16), w.tanh(), w.dense(1)), { seed }),
        targetTransform: standardScaler(),
      }),
      fit: { loss: w.mse(), optimizer: w.adam({ learningRate: 0.03 }), epochs: 60, batchSize: 16 },
    });
    const folds = kFold(60, { folds: 4 });
    const { folds: results, mean } = await crossValidate(parabola, recipe, { folds, metrics: { r2, rmse } });
    expect(mean.r2).toBeGreaterThan(0.9);
    for (const [i, { test }] of results.entries()) {
      const train = Array.from(folds[i]!.train, (row) => parabola.y[row]!);
      // mse of scaled targets · variance of the training targets = (rmse in the own unit)²
      expect(Math.sqrt(test.loss!) * deviationOf(train)).toBeCloseTo(test.rmse!, 1);
      expect(test.rmse).toBeGreaterThan(50); // the noise alone has a deviation of 126
    }
  });

  test("ridge as a recipe of its own, against weights from the training rows by hand; any splitter", async () => {
    const features = (x: unknown) => polynomialFeatures({ degree: 2 }).fitTransform(x as number[][]);
    const times = (rows: number[][], weights: number[]) => rows.map((row) => row.reduce((sum, value, j) => sum + value * weights[j]!, 0));
    const recipe = (lambda: number) => ({
      train: ({ x, y }: { x: unknown; y: unknown }) => {
        const weights = ridge(features(x), Array.from(y as Float32Array), lambda) as number[];
        return (rows: unknown) => times(features(rows), weights);
      },
    });
    for (const folds of [
      groupKFold(
        parabola.x.map((_, i) => i % 7),
        { folds: 7 },
      ),
      leaveOneOut(60),
      kFold(60, { folds: 5, repeats: 3 }),
    ]) {
      const result = await crossValidate(parabola, recipe, { folds, metrics: { rmse }, settings: [1e-3, 100] });
      expect(result.results[0]!.folds).toHaveLength(folds.length);
      for (const i of [0, folds.length - 1]) {
        const pick = (rows: Uint32Array) => ({
          x: Array.from(rows, (row) => parabola.x[row]!),
          y: Array.from(rows, (row) => parabola.y[row]!),
        });
        const [train, test] = [pick(folds[i]!.train), pick(folds[i]!.test)];
        const guess = times(features(test.x), ridge(features(train.x), train.y, 1e-3) as number[]);
        expect(result.results[0]!.folds[i]!.test).toEqual({ rmse: rmse(test.y, guess) });
      }
      expect([result.best, result.setting]).toEqual([0, 1e-3]);
      expect(result.results[1]!.mean.rmse).toBeGreaterThan(10 * result.mean.rmse!);
      expect(result.model).toBeUndefined();
      const all = ridge(features(parabola.x), Array.from(parabola.y), 1e-3) as number[];
      expect(result.predict!([[0.5]])).toEqual(times(features([[0.5]]), all));
    }
  });

  test("weights of rows go with them, in training and in the loss", async () => {
    const weights = Float32Array.from(flowers.y, (label, row) => (label === 1 ? 3 : 1 + (row % 2)));
    const folds = kFold(150, { folds: 2 });
    const recipe = (_: undefined, run: Run) => flowerRecipe({ units: 3 }, run);
    const result = await crossValidate({ ...flowers, weights }, recipe, { folds });
    for (const [i, fold] of folds.entries()) {
      const scaler = standardScaler().fit(rowsOf(flowers, fold.train).x);
      const part = (rows: Uint32Array) => {
        const { x, y } = rowsOf(flowers, rows);
        return { x: scaler.transform(x) as w.Tensor, y, weights: Float32Array.from(rows, (row) => weights[row]!) };
      };
      const model = await w.build(flowerNet(3), { seed: i });
      await model.fit(part(fold.train), { ...flowerFit(), seed: i });
      expect(result.folds[i]!.test).toEqual(model.evaluate(part(fold.test), { loss: w.softmaxCrossEntropy() }));
    }
    expect(result.mean.loss).not.toBe((await crossValidate(flowers, recipe, { folds })).mean.loss);
  });

  test("a seed of fit goes before that of the run, an undefined one does not", async () => {
    const of = async (seed: number | undefined, own: number) => {
      const recipe = (_: undefined, run: Run) => {
        const { model, fit } = flowerRecipe({ units: 3 }, { ...run, seed: 1 });
        return { model, fit: { ...fit, seed } };
      };
      return (await crossValidate(flowers, recipe, { folds: [kFold(150)[0]!], seed: own })).mean.loss;
    };
    expect(await of(7, 0)).toBe(await of(7, 1));
    expect(await of(undefined, 0)).not.toBe(await of(undefined, 1));
    expect(await of(undefined, 7)).toBe(await of(7, 7));
  });

  test("a validation share is cut from the training rows; validation rows of its own are raw, too", async () => {
    const { train, test } = split(flowers, { test: 30 });
    const losses: number[] = [];
    const recipe = (_: undefined, run: Run) => ({
      model: flowerRecipe({ units: 4 }, run).model,
      fit: {
        ...flowerFit(),
        validation: test,
        callbacks: [{ onEnd: (state: { history: w.History }) => void losses.push(state.history.valLoss.at(-1)!) }],
      },
    });
    const { model } = await crossValidate(train, recipe, { folds: 3, settings: [undefined] });
    expect(losses).toHaveLength(4);
    expect(losses.at(-1)).toBe(model!.evaluate(test, { loss: w.softmaxCrossEntropy() }).loss);

    const stopping = (_: undefined, run: Run) => ({
      model: flowerRecipe({ units: 4 }, run).model,
      fit: { ...flowerFit(), validation: 0.2, callbacks: [w.earlyStopping({ patience: 2 })] },
    });
    const share = await crossValidate(flowers, stopping, { folds: 3 });
    expect(share.folds.every(({ history }) => history!.valLoss.length > 0)).toBe(true);
  });

  test("a table: categories that only the test rows of a fold have are unknown to its encoder", async () => {
    const side = Array.from({ length: 40 }, (_, i) => (i % 10 === 3 ? `only${i}` : ["left", "right"][i % 2]));
    const table = readCsv(
      `x,side,label\n${side.map((name, i) => `${(i * 7) % 40},${name},${(i * 7) % 40 > 19 ? "b" : "a"}`).join("\n")}\n`,
    );
    const widths: number[] = [];
    const recipe = (_: undefined, { seed }: Run) => ({
      model: modelPipeline({
        inputs: pipeline(tableEncoder(), standardScaler()),
        target: "label",
        model(inputs, outputs) {
          widths.push(inputs);
          return w.build(w.sequential(w.input(inputs), w.dense(outputs)), { seed });
        },
      }),
      fit: { loss: w.softmaxCrossEntropy(), optimizer: w.adam({ learningRate: 0.1 }), epochs: 30 },
    });
    const folds = stratifiedKFold(table.columns[2]!.values, { folds: 4 });
    const result = await crossValidate(table, recipe, { folds, metrics: { accuracy }, retrain: true });
    const known = folds.map(({ train }) => 1 + new Set(Array.from(train, (row) => side[row])).size);
    expect(widths).toEqual([...known, 7]);
    expect(Math.min(...known)).toBeLessThan(7);
    expect(result.mean.accuracy).toBeGreaterThan(0.85);
    expect(result.model!.classify(table).filter((name, i) => name === table.columns[2]!.values[i]).length).toBeGreaterThan(36);
    const own = () => ({ train: () => () => [0] });
    await expect(crossValidate(table, own, { folds })).rejects.toThrow("recipe must return { model: modelPipeline(...), fit } for a table");
  });
});

describe("settings", () => {
  const settings = [{ units: 1, learningRate: 1e-4 }, { units: 8 }, { units: 8 }];

  test("the best mean wins, the first of equals; it is retrained on all rows", async () => {
    const result = await crossValidate(flowers, flowerRecipe, { settings, folds: 3, metrics: { accuracy }, seed: 3 });
    expect(result.results.map(({ setting }) => setting)).toEqual(settings);
    expect(result.results[2]!.folds).toEqual(result.results[1]!.folds); // same folds, same seeds
    expect([result.best, result.setting]).toEqual([1, settings[1]]);
    expect(result.mean).toEqual(result.results[1]!.mean);
    expect(result.results[0]!.mean.loss).toBeGreaterThan(result.mean.loss! + 0.3);

    const model = await w.build(flowerNet(8), { seed: 3 });
    const scaler = standardScaler().fit(flowers.x);
    const x = scaler.transform(flowers.x) as w.Tensor;
    await model.fit({ x, y: flowers.y }, { ...flowerFit(), seed: 3 });
    expect(result.model!.model.stateDict()).toEqual(model.stateDict());
    expect(result.model!.inputs!.toJSON()).toEqual(scaler.toJSON());
    expect(result.predict!(flowers.x)).toEqual(model.predict(x));
    expect(result.history!.loss).toHaveLength(20);
  });

  test.each([
    ["accuracy", "auto", 1],
    ["loss", "auto", 1],
    ["accuracy", "min", 0],
  ] as const)("monitor %s, mode %s: setting %i", async (monitor, mode, best) => {
    const result = await crossValidate(flowers, flowerRecipe, { settings, folds: 3, metrics: { accuracy }, monitor, mode, retrain: false });
    expect([result.best, result.model, result.predict]).toEqual([best, undefined, undefined]);
  });

  test("a score that is not defined: never the best, and an error if it is so for all", async () => {
    const undefinedFor = (limit: number) => ({
      metrics: { score: (_: unknown, guess: unknown) => ((guess as number[])[0]! < limit ? Number.NaN : 1) },
      settings: [0, 2, 4, 3],
      monitor: "score",
      retrain: false,
    });
    const constant = (setting: number) => ({ train: () => (x: unknown) => (x as number[][]).map(() => setting) });
    const data = { x: Array.from({ length: 6 }, (_, i) => [i]), y: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const run = (limit: number) => crossValidate(data, constant, { folds: 3, ...undefinedFor(limit) });
    expect((await run(1)).best).toBe(1);
    expect((await run(4)).best).toBe(2);
    await expect(run(5)).rejects.toThrow(
      'crossValidate: monitor must be a number for at least one setting, got NaN for "score" of each. Larger folds may',
    );
  });

  test("one whose loss stops being finite is never the best; if none is finite the error says where", async () => {
    const wild = (setting: { rate: number }, { seed }: Run): ModelRecipe => ({
      model: w.build(w.sequential(w.input(1), w.dense(1)), { seed }),
      fit: { loss: w.mse(), optimizer: w.sgd({ learningRate: setting.rate }), epochs: 30 },
    });
    const data = { x: Array.from({ length: 20 }, (_, i) => [i]), y: Array.from({ length: 20 }, (_, i) => 2 * i) };
    const result = await crossValidate(data, wild, { settings: [{ rate: 10 }, { rate: 1e-4 }], folds: 4, metrics: { rmse } });
    expect(result.best).toBe(1);
    const [failed, fine] = result.results;
    expect(failed!.error).toBeInstanceOf(w.NonFiniteError);
    expect(failed!.error!.message).toMatch(/^crossValidate: setting 0, fold 0: /);
    expect(failed!.mean).toEqual({ loss: Number.NaN, rmse: Number.NaN });
    expect(fine!.error).toBeUndefined();
    await expect(crossValidate(data, wild, { settings: [{ rate: 10 }, { rate: 20 }] })).rejects.toThrow(
      /^crossValidate: setting 0, fold 0: /,
    );
    await expect(crossValidate(data, wild, { settings: [{ rate: 10 }] })).rejects.toThrow(/^crossValidate: fold 0: /);
  });
});

describe("runs", () => {
  test("the same seed gives the same results with one thread and two; another seed other ones", async () => {
    const of = async (threads: number, seed: number) => {
      const runtime = await w.createRuntime({ threads, share: "always" } as w.RuntimeOptions);
      try {
        const { model, ...result } = await crossValidate(flowers, flowerRecipe, { settings: [{ units: 8, runtime }], folds: 3, seed });
        return { folds: result.folds, mean: result.mean, weights: model!.model.stateDict() };
      } finally {
        runtime.dispose();
      }
    };
    const one = await of(1, 5);
    expect(await of(2, 5)).toEqual(one);
    expect((await of(1, 6)).mean).not.toEqual(one.mean);
  });

  test("models are disposed of: memory after ten folds is that after one, also where a run fails or is aborted", async () => {
    const runtime = await w.createRuntime({ threads: 1 });
    const recipe = (_: undefined, run: Run) => flowerRecipe({ units: 8, runtime }, run);
    await crossValidate(flowers, recipe, { folds: kFold(150).slice(0, 1) });
    const { used } = runtime.info.memory;
    await crossValidate(flowers, recipe);
    expect(runtime.info.memory.used).toBe(used);
    const wrong = { x: flowers.x, y: flowers.y.map((label) => label + 1) };
    await expect(crossValidate(wrong, recipe)).rejects.toThrow(w.DataError);
    const plain = () => ({ model: w.build(flowerNet(64), { runtime }), fit: { ...flowerFit(), epochs: 0 } });
    for (let i = 0; i < 3; i++) await expect(crossValidate(flowers, plain)).rejects.toThrow("fit: epochs must be");
    expect(runtime.info.memory.used).toBe(used);
    const wrongMetric = () => {
      throw new Error("of a metric");
    };
    await expect(crossValidate(flowers, recipe, { metrics: { wrongMetric } })).rejects.toThrow("of a metric");
    expect(runtime.info.memory.used).toBe(used);

    const abort = new AbortController();
    const states: FoldState[] = [];
    const onFold = (state: FoldState) => {
      states.push(state);
      if (state.fold === 2) abort.abort(new Error("enough"));
    };
    await expect(crossValidate(flowers, recipe, { signal: abort.signal, onFold })).rejects.toThrow(/^enough$/);
    expect(states.map(({ setting, settings, fold, folds }) => [setting, settings, fold, folds])).toEqual([
      [0, 1, 0, 10],
      [0, 1, 1, 10],
      [0, 1, 2, 10],
    ]);
    expect(states[0]!.result.test.loss).toBeGreaterThan(0);
    expect(runtime.info.memory.used).toBe(used);
    runtime.dispose();
  });

  test("aborts within a fold too: after the step, not after the run", async () => {
    const abort = new AbortController();
    let steps = 0;
    const recipe = (_: undefined, run: Run) => {
      const { model, fit } = flowerRecipe({ units: 4 }, run);
      const onStep = () => {
        if (++steps === 12) abort.abort(new Error("now"));
      };
      return { model, fit: { ...fit, callbacks: [{ onStep }] } };
    };
    await expect(crossValidate(flowers, recipe, { signal: abort.signal })).rejects.toThrow(/^now$/);
    expect(steps).toBe(12);
  });
});

describe("refuses", () => {
  const recipe = (_: undefined, run: Run) => flowerRecipe({ units: 4 }, run);
  const cases: [string, () => Promise<unknown>, typeof w.WhetstoneError, string][] = [
    [
      "an unknown option",
      () => crossValidate(flowers, recipe, { fold: 3 } as never),
      w.OptionError,
      'unknown option "fold". Did you mean "folds"?',
    ],
    [
      "one fold",
      () => crossValidate(flowers, recipe, { folds: 1 }),
      w.OptionError,
      "crossValidate: folds must be an integer of at least 2, got 1",
    ],
    [
      "more folds than rows",
      () => crossValidate(flowers, recipe, { folds: 151 }),
      w.OptionError,
      "at most the 150 rows there are, got 151",
    ],
    ["no folds", () => crossValidate(flowers, recipe, { folds: [] }), w.OptionError, "a count or a list of folds, got []"],
    [
      "no settings",
      () => crossValidate(flowers, flowerRecipe, { settings: [] }),
      w.OptionError,
      "settings must be a list of one setting or more, got []",
    ],
    ["folds of other data", () => crossValidate(flowers, recipe, { folds: kFold(200) }), w.OptionError, "row numbers below 150, got"],
    [
      "a row on both sides",
      () => crossValidate(flowers, recipe, { folds: [{ train: Uint32Array.of(0, 1, 2), test: Uint32Array.of(2) }] }),
      w.DataError,
      "folds[0]: row 2 must not be in train and test",
    ],
    [
      "an empty side",
      () => crossValidate(flowers, recipe, { folds: [{ train: new Uint32Array(0), test: Uint32Array.of(2) }] }),
      w.OptionError,
      "folds[0].train must be",
    ],
    [
      "an unknown monitor",
      () => crossValidate(flowers, recipe, { metrics: { accuracy }, monitor: "acuracy" }),
      w.OptionError,
      'Did you mean "accuracy"?',
    ],
    [
      "an unknown mode",
      () => crossValidate(flowers, recipe, { mode: "low" as never }),
      w.OptionError,
      "crossValidate: mode must be one of",
    ],
    [
      "a metric that is none",
      () => crossValidate(flowers, recipe, { metrics: { f1: 1 as never } }),
      w.OptionError,
      "metrics.f1 must be a function",
    ],
    [
      "a metric named loss",
      () => crossValidate(flowers, recipe, { metrics: { loss: accuracy } }),
      w.OptionError,
      "crossValidate: metrics.loss must have another name",
    ],
    [
      "rows of different lengths",
      () => crossValidate({ x: flowers.x, y: [0, 1] }, recipe),
      w.ShapeError,
      "crossValidate: y must have 150 rows, got 2",
    ],
    [
      "a recipe that is none",
      () => crossValidate(flowers, {} as never),
      w.OptionError,
      "recipe must be a function that returns { model, fit }",
    ],
    [
      "what a recipe must not return",
      () => crossValidate(flowers, (() => ({ net: 1 })) as never),
      w.OptionError,
      "recipe must return { model, fit } or { train }, got { net }",
    ],
    [
      "what is no model",
      () => crossValidate(flowers, () => ({ model: flowerNet(4) as never, fit: flowerFit() })),
      w.OptionError,
      "recipe: model must be what build() or modelPipeline() returns",
    ],
    [
      "nothing to choose by",
      () => crossValidate(flowers, () => ({ train: () => () => [0] }), { settings: [1, 2] }),
      w.OptionError,
      "Give metrics",
    ],
  ];
  test.each(cases)("%s", async (_, act, type, message) => {
    const error = await act().then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toBeInstanceOf(type);
    expect(error!.message).toContain(message);
  });

  test("a model that is made once: it would be tested on rows it has seen", async () => {
    const { model, fit } = flowerRecipe({ units: 4 }, { seed: 0, signal: undefined });
    await expect(crossValidate(flowers, () => ({ model, fit }))).rejects.toThrow(
      "crossValidate: fold 1: recipe must make a new model for each run",
    );
  });
});
