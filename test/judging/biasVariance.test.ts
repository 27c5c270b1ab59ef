/** Against the known bias and variance of linear smoothers: f(x) = φ(x)ᵀ A y, so that E f = φᵀ A t and var f = σ² ‖φᵀ A‖². */
import { describe, expect, test } from "vitest";
import { polynomialFeatures, ridge } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { type BiasVariance, biasVariance, type ModelRecipe, type Run } from "../../src/metrics/index.ts";
import { deviationOf, meanOf } from "./recipes.ts";

const xs = Array.from({ length: 20 }, (_, i) => [i / 10 - 0.95]);
const points = [-0.9, -0.5, -0.1, 0.2, 0.6, 1].map((value) => [value]);
const truth = ([x]: readonly number[]) => Math.sin(3 * x!);
const NOISE = 0.3;

const features = (degree: number, rows: unknown) => polynomialFeatures({ degree }).fitTransform(rows as number[][]) as number[][];
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, j) => sum + value * b[j]!, 0);

const smoother = (degree: number, lambda: number) => () => ({
  train: ({ x, y }: { x: unknown; y: unknown }) => {
    const weights = ridge(features(degree, x), y as number[], lambda) as number[];
    return (rows: unknown) => features(degree, rows).map((row) => dot(row, weights));
  },
});

/** Exact values, from the response to each training target alone. */
function exact(degree: number, lambda: number): { bias2: number; variance: number; at: { bias2: number; variance: number }[] } {
  const units = xs.map((_, i) => xs.map((__, j) => (i === j ? 1 : 0)));
  const responses = units.map((unit) => {
    const weights = ridge(features(degree, xs), unit, lambda) as number[];
    return features(degree, points).map((row) => dot(row, weights));
  });
  const at = points.map((point, p) => {
    const own = responses.map((response) => response[p]!);
    return { bias2: (dot(own, xs.map(truth)) - truth(point)) ** 2, variance: NOISE ** 2 * dot(own, own) };
  });
  const mean = (name: "bias2" | "variance") => at.reduce((sum, one) => sum + one[name], 0) / at.length;
  return { bias2: mean("bias2"), variance: mean("variance"), at };
}

const problem = { truth, x: xs, noise: NOISE, points };

/** In standard errors. */
const away = (result: BiasVariance, name: "bias2" | "variance" | "error" | "gap", value: number) =>
  (result[name] - value) / result.standardErrors[name];

describe("polynomials by ridge", () => {
  test.each([
    [1, 1e-9],
    [3, 1e-9],
    [3, 5],
    [9, 1e-9],
  ])("degree %i, λ %d: bias², variance, noise and error are the exact ones within standard errors", async (degree, lambda) => {
    const known = exact(degree, lambda);
    const result = await biasVariance(problem, smoother(degree, lambda), { sets: 1500, seed: 7 });
    expect(Math.abs(away(result, "bias2", known.bias2))).toBeLessThan(3.5);
    expect(Math.abs(away(result, "variance", known.variance))).toBeLessThan(3.5);
    expect(result.noise).toBeCloseTo(NOISE ** 2, 14);
    expect(Math.abs(away(result, "error", known.bias2 + known.variance + NOISE ** 2))).toBeLessThan(3.5);
    expect(Math.abs(away(result, "gap", 0))).toBeLessThan(3.5);
    expect(result.error).toBeCloseTo(result.bias2 + result.variance + result.noise + result.gap, 12);
    // Small enough to tell the cases apart
    expect(result.standardErrors.variance).toBeLessThan(0.1 * known.variance);
    expect(result.standardErrors.gap).toBeLessThan(0.01);
    result.points.forEach((point, p) => {
      expect(point.x).toEqual(points[p]);
      expect(point.truth).toEqual([truth(points[p]!)]);
      expect(point.variance / known.at[p]!.variance).toBeCloseTo(1, 0);
      expect(Math.abs(point.mean[0]! - point.truth[0]!)).toBeCloseTo(Math.sqrt(known.at[p]!.bias2), 1);
    });
  });

  test("a line is biased, a high degree varies", async () => {
    const line = await biasVariance(problem, smoother(1, 1e-9), { sets: 200 });
    const free = await biasVariance(problem, smoother(9, 1e-9), { sets: 200 });
    expect(line.bias2).toBeGreaterThan(10 * Math.abs(free.bias2));
    expect(free.variance).toBeGreaterThan(3 * line.variance);
  });

  test("standard errors are honest: over 40 seeds the estimates are that far from the exact values", async () => {
    const known = exact(2, 0.1);
    const far: Record<"bias2" | "variance" | "gap", number[]> = { bias2: [], variance: [], gap: [] };
    const values = { ...known, gap: 0 };
    for (let seed = 0; seed < 40; seed++) {
      const result = await biasVariance(problem, smoother(2, 0.1), { sets: 50, seed: 1000 * seed });
      for (const name of ["bias2", "variance", "gap"] as const) far[name].push(away(result, name, values[name]));
    }
    for (const list of Object.values(far)) {
      const spread = Math.sqrt(list.reduce((sum, z) => sum + z * z, 0) / list.length);
      expect(spread).toBeGreaterThan(0.7);
      expect(spread).toBeLessThan(1.4);
    }
  });
});

test("few sets: estimates are right on average, where those that divide by the number of sets would not be", async () => {
  // A line fitted to a line: no bias, and var f = σ² ‖φᵀ A‖². The plug-in bias² of 3 sets would be a third of the variance.
  const line = { truth: ([x]: readonly number[]) => 2 * x! + 1, x: xs, noise: NOISE, points };
  const known = exact(1, 1e-9).variance;
  const [bias2, variance]: [number[], number[]] = [[], []];
  for (let seed = 0; seed < 300; seed++) {
    const result = await biasVariance(line, smoother(1, 1e-9), { sets: 3, seed: 10 * seed });
    bias2.push(result.bias2);
    variance.push(result.variance);
  }
  const spread = (values: number[]) => deviationOf(values) / Math.sqrt(values.length);
  expect(Math.abs(meanOf(bias2))).toBeLessThan(3.5 * spread(bias2));
  expect(Math.abs(meanOf(variance) - known)).toBeLessThan(3.5 * spread(variance));
  expect(3.5 * spread(bias2)).toBeLessThan(known / 3 / 2);
  expect(3.5 * spread(variance)).toBeLessThan(known / 3);
});

test("inputs drawn anew, noise that grows with x: the mean of the targets", async () => {
  // f = mean of y over 8 draws of x: E f = ½, var f = (1/12 + E(0.2 x)²) / 8
  const drawn = {
    truth: ([x]: readonly number[]) => x!,
    x: (random: () => number) => Array.from({ length: 8 }, () => [random()]),
    noise: ([x]: readonly number[]) => 0.2 * x!,
    points: [[0], [0.5], [1]],
  };
  const recipe = () => ({
    train: ({ y }: { y: unknown }) => {
      const mean = (y as number[]).reduce((sum, value) => sum + value, 0) / 8;
      return (rows: unknown) => (rows as number[][]).map(() => mean);
    },
  });
  const result = await biasVariance(drawn, recipe, { sets: 2000 });
  expect(Math.abs(away(result, "bias2", 1 / 6))).toBeLessThan(3.5);
  expect(Math.abs(away(result, "variance", (1 / 12 + 0.04 / 3) / 8))).toBeLessThan(3.5);
  expect(result.noise).toBeCloseTo((0 + 0.01 + 0.04) / 3, 14);
  expect(result.points.map(({ noise }) => noise)).toEqual([0, expect.closeTo(0.01, 14), expect.closeTo(0.04, 14)]);
  expect(Math.abs(away(result, "gap", 0))).toBeLessThan(3.5);
});

describe("nets", () => {
  const line =
    (runtime?: w.Runtime) =>
    (_: undefined, { seed }: Run): ModelRecipe => ({
      model: w.build(w.sequential(w.input(1), w.dense(1)), { seed, runtime }),
      fit: { loss: w.mse(), optimizer: w.lbfgs(), batchSize: "full", epochs: 12 },
    });

  test("a linear net trained to the end is least squares on a line", async () => {
    const runtime = await w.createRuntime({ threads: 1 });
    const known = exact(1, 1e-9);
    await biasVariance(problem, line(runtime), { sets: 2 });
    const { used } = runtime.info.memory;
    const [net, own] = [
      await biasVariance(problem, line(runtime), { sets: 60, seed: 3 }),
      await biasVariance(problem, smoother(1, 1e-9), { sets: 60, seed: 3 }),
    ];
    for (const name of ["bias2", "variance", "error"] as const) expect(net[name]).toBeCloseTo(own[name], 4);
    expect(Math.abs(away(net, "bias2", known.bias2))).toBeLessThan(3.5);
    expect(runtime.info.memory.used).toBe(used);
    runtime.dispose();
  });

  test("two outputs: the mean of both, each as it is alone", async () => {
    const two = { truth: ([x]: readonly number[]) => [x!, 5], x: xs, noise: 0.1, points: [[0.5], [1]] };
    const recipe = () => ({ train: () => (rows: unknown) => (rows as number[][]).map(([x]) => [x!, 3]) });
    const result = await biasVariance(two, recipe, { sets: 3 });
    expect([result.bias2, result.variance]).toEqual([2, 0]); // (0 + 2²) / 2
    expect(result.points[1]).toMatchObject({ x: [1], truth: [1, 5], mean: [1, 3], bias2: 2, variance: 0 });
  });

  test("the same seed gives the same numbers, another one others; onSet counts, abort ends it", async () => {
    const seen: number[] = [];
    const onSet = ({ set, sets }: { set: number; sets: number }) => void seen.push(set, sets);
    const first = await biasVariance(problem, line(), { sets: 2, seed: 1, onSet });
    expect(seen).toEqual([0, 2, 1, 2]);
    expect(await biasVariance(problem, line(), { sets: 2, seed: 1 })).toEqual(first);
    expect((await biasVariance(problem, line(), { sets: 2, seed: 2 })).variance).not.toBe(first.variance);
    const abort = new AbortController();
    const stop = () => abort.abort(new Error("enough"));
    await expect(biasVariance(problem, line(), { signal: abort.signal, onSet: stop })).rejects.toThrow(/^enough$/);
  });
});

describe("refuses", () => {
  const recipe = smoother(1, 1e-9);
  test.each([
    [{ ...problem, noise: -1 }, {}, "biasVariance: noise must be a finite number, 0 or above, got -1"],
    [{ ...problem, noise: undefined }, {}, "biasVariance: noise must be a finite number, 0 or above, got undefined"],
    [{ ...problem, nois: 1 }, {}, 'biasVariance: problem: unknown option "nois". Did you mean "noise"?'],
    [{ ...problem, truth: 3 }, {}, "biasVariance: truth must be a function of a row of x, got 3"],
    [{ ...problem, truth: () => Number.NaN }, {}, "truth must give as many finite numbers for each row, got NaN at row 0"],
    [{ ...problem, points: undefined, x: () => xs }, {}, "biasVariance: points must be given where x is drawn"],
    [{ ...problem, x: [] }, {}, "biasVariance: x must have one row at least"],
    [problem, { sets: 1 }, "biasVariance: sets must be an integer of at least 2, got 1"],
    [problem, { set: 5 }, 'unknown option "set". Did you mean "sets"?'],
  ])("%#", async (given, options, message) => {
    await expect(biasVariance(given as never, recipe, options as never)).rejects.toThrow(message);
  });

  test("predictions of another shape than the truth's", async () => {
    const wide = () => ({ train: () => () => [[1, 2]] });
    await expect(biasVariance(problem, wide)).rejects.toThrow("predictions must have shape [6, 1], as the truth, got [1, 2]");
  });
});
