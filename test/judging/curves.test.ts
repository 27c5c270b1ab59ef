/** Learning and validation curves. */
import { describe, expect, test } from "vitest";
import { kFold, polynomialFeatures, ridge, stratifiedKFold } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy, crossValidate, learningCurve, type ModelRecipe, type Run, rmse, validationCurve } from "../../src/metrics/index.ts";
import { flowerRecipe, iris } from "./recipes.ts";

const flowers = iris();
const recipe = (_: undefined, run: Run): ModelRecipe => flowerRecipe({ units: 6 }, run);

/** 80 rows of sin(3x) with a regular disturbance of deviation about 0.1. */
const wave = {
  x: Array.from({ length: 80 }, (_, i) => [((i * 37) % 80) / 40 - 1]),
  y: Array.from({ length: 80 }, (_, i) => Math.sin(3 * (((i * 37) % 80) / 40 - 1)) + 0.1 * ((((i * 29) % 17) - 8) / 5)),
};

/** Least squares on powers of x up to the degree. */
const polynomial = (degree: number) => ({
  train: ({ x, y }: { x: unknown; y: unknown }) => {
    const features = (rows: unknown) => polynomialFeatures({ degree }).fitTransform(rows as number[][]);
    const weights = ridge(features(x), y as number[], 1e-9) as number[];
    return (rows: unknown) => features(rows).map((row) => row.reduce((sum, value, j) => sum + value * weights[j]!, 0));
  },
});

describe("learningCurve", () => {
  test("its largest size is cross-validation; sizes are shares or counts, equal ones are one", async () => {
    const folds = stratifiedKFold(flowers.y, { folds: 3 });
    const { points } = await learningCurve(flowers, recipe, { folds, sizes: [0.1, 10, 0.5, 1], metrics: { accuracy }, seed: 2 });
    expect(points.map(({ size }) => size)).toEqual([10, 50, 100]);
    const { size, ...last } = points.at(-1)!;
    const {
      folds: own,
      mean,
      std,
      trainMean,
      trainStd,
      error,
    } = await crossValidate(flowers, recipe, { folds, metrics: { accuracy }, seed: 2 });
    expect(last).toEqual({ folds: own, mean, std, trainMean, trainStd, error });
    expect(points[0]!.folds.map(({ rows }) => rows)).toEqual(new Array(3).fill({ train: 10, test: 50 }));
    expect(points[0]!.mean.loss).toBeGreaterThan(last.mean.loss! + 0.1);
  });

  test("training sets are parts of each other, and have every label in its share", async () => {
    const sizes = [6, 30, 63, 120];
    const seen = new Map<number, number[][]>(sizes.map((size) => [size, []]));
    // The first column is the row's own number
    const data = { x: Array.from({ length: 150 }, (_, row) => [row]), y: flowers.y };
    const spy = () => ({
      train: ({ x }: { x: unknown }) => {
        const rows = (x as number[][]).map(([row]) => row!);
        seen.get(rows.length)!.push(rows);
        return (test: unknown) => (test as number[][]).map(() => 0);
      },
    });
    const { points } = await learningCurve(data, spy, { sizes });
    expect(points.map(({ folds }) => folds.length)).toEqual([5, 5, 5, 5]);
    for (const [i, size] of sizes.entries()) {
      for (const [fold, rows] of seen.get(size)!.entries()) {
        const larger = new Set(seen.get(sizes[i + 1] ?? size)![fold]);
        expect(rows.every((row) => larger.has(row))).toBe(true);
        const counts = [0, 1, 2].map((label) => rows.filter((row) => flowers.y[row] === label).length);
        for (const count of counts) expect(Math.abs(count - size / 3)).toBeLessThanOrEqual(1);
      }
    }
    const [first, second] = seen.get(6)!;
    expect(first).not.toEqual(second);
  });

  test("a free model: the error on training rows rises with their number, that on others falls", async () => {
    const { points } = await learningCurve(wave, () => polynomial(7), { sizes: [12, 24, 64], metrics: { rmse } });
    const [few, , all] = points;
    expect(few!.trainMean.rmse).toBeLessThan(all!.trainMean.rmse!);
    expect(few!.mean.rmse).toBeGreaterThan(1.2 * all!.mean.rmse!);
    expect(all!.mean.rmse! - all!.trainMean.rmse!).toBeLessThan(0.05);
  });

  test.each([
    [{ sizes: [] }, "sizes must be a list of one size or more, got []"],
    [{ sizes: [0] }, "learningCurve: sizes[0] must be a share in (0, 1] or a count from 2, got 0"],
    [{ sizes: [1, 2.5] }, "learningCurve: sizes[1] must be a share in (0, 1] or a count from 2, got 2.5"],
    [{ sizes: [121] }, "learningCurve: sizes[0] must be at most the 120 training rows of the smallest fold, got 121"],
    [{ size: [1] } as never, 'learningCurve: unknown option "size". Did you mean "sizes"?'],
  ])("refuses %j", async (options, message) => {
    await expect(learningCurve(flowers, recipe, options)).rejects.toThrow(message);
  });
});

describe("validationCurve", () => {
  test("is cross-validation at each value", async () => {
    const folds = kFold(150, { folds: 3 });
    const values = [{ units: 2 }, { units: 7 }];
    const { points } = await validationCurve(flowers, flowerRecipe, { values, folds, metrics: { accuracy }, seed: 8 });
    const { results } = await crossValidate(flowers, flowerRecipe, {
      settings: values,
      folds,
      metrics: { accuracy },
      seed: 8,
      retrain: false,
    });
    expect(points).toEqual(results.map(({ setting, ...judgement }) => ({ value: setting, ...judgement })));
  });

  test("training errors fall with the degree; those on unseen rows fall and rise again", async () => {
    const values = [1, 3, 5, 7, 28];
    const { points } = await validationCurve(wave, polynomial, { values, metrics: { rmse } });
    const train = points.map(({ trainMean }) => trainMean.rmse!);
    const unseen = points.map(({ mean }) => mean.rmse!);
    expect([...train].sort((a, b) => b - a)).toEqual(train);
    const best = unseen.indexOf(Math.min(...unseen));
    expect(values[best]).toBeGreaterThanOrEqual(3);
    expect(values[best]).toBeLessThan(28);
    expect(unseen[0]).toBeGreaterThan(3 * unseen[best]!);
    expect(unseen[4]).toBeGreaterThan(1.2 * unseen[best]!);
    expect(unseen[best]).toBeGreaterThan(train[best]!);
  });

  test("a value at which the loss stops being finite has no scores, the others have theirs", async () => {
    const wild = (learningRate: number, { seed }: Run): ModelRecipe => ({
      model: w.build(w.sequential(w.input(1), w.dense(1)), { seed }),
      fit: { loss: w.mse(), optimizer: w.sgd({ learningRate }), epochs: 40, batchSize: 8 },
    });
    const { points } = await validationCurve(wave, wild, { values: [0.1, 1e6], folds: 3 });
    expect(points[0]!.mean.loss).toBeLessThan(0.5);
    expect(points[1]!.mean).toEqual({ loss: Number.NaN });
    expect(points[1]!.error).toBeInstanceOf(w.NonFiniteError);
    expect((await validationCurve(wave, wild, { values: [1e6], folds: 3 })).points[0]!.mean).toEqual({ loss: Number.NaN });
    const small = await learningCurve(wave, (_: undefined, run) => wild(1e6, run), { sizes: [10], folds: 3 });
    expect(small.points[0]!.error!.message).toMatch(/^learningCurve: fold 0: /);
  });

  test("refuses an empty list", async () => {
    await expect(validationCurve(flowers, flowerRecipe, {} as never)).rejects.toThrow(
      "validationCurve: values must be a list of one value or more, got undefined",
    );
  });
});
