/** The expected error of a way to train, taken apart into bias², variance and noise: on made-up data, where the truth is known. */
import { checkCount, checkOptions, fail } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { deviate } from "../data/generators.ts";
import { type Matrix, readRows } from "../data/rows.ts";
import type { Rows } from "../data/split.ts";
import { DataError, ShapeError } from "../errors.ts";
import { checkSeed, RandomStream, STREAM_GENERATE } from "../random.ts";
import { meanOf } from "./judge.ts";
import { checkRecipe, type Recipe, trainRecipe } from "./recipe.ts";

export interface KnownProblem {
  /** The function behind the data: a row of x to a number, or to one number per output. */
  readonly truth: (row: readonly number[]) => number | readonly number[];
  /** Inputs of each training set: the same for all, or drawn anew from uniform numbers in [0, 1). */
  readonly x: NumericData | ((random: () => number) => NumericData);
  /** Deviation of the normal noise on every target, or its deviation at a row of x. */
  readonly noise: number | ((row: readonly number[]) => number);
  /** Where errors are measured. Default x, where it is the same for all sets. */
  readonly points?: NumericData;
}

export interface BiasVarianceOptions {
  /** How many training sets are drawn. Default 100. */
  sets?: number;
  /** Of noise and drawn inputs; the run on set i has seed + i. Default 0. */
  seed?: number;
  signal?: AbortSignal;
  /** After each set. */
  onSet?: (state: { readonly set: number; readonly sets: number }) => void | Promise<void>;
}

/** Means over the outputs. */
export interface PointErrors {
  readonly x: readonly number[];
  readonly truth: readonly number[];
  /** Mean prediction over the training sets. */
  readonly mean: readonly number[];
  readonly bias2: number;
  readonly variance: number;
  readonly noise: number;
}

/** Means over points and outputs. */
export interface BiasVariance {
  /** (mean prediction - truth)², without what the finite number of sets adds to it: it may be a little below 0. */
  readonly bias2: number;
  /** Of the predictions over training sets and, as each run has its own seed, initial weights. */
  readonly variance: number;
  /** Variance of the noise: what no model gets below. */
  readonly noise: number;
  /** Squared error on targets with fresh noise, measured: it estimates bias2 + variance + noise. */
  readonly error: number;
  /** error - (bias2 + variance + noise): 0 but for chance. */
  readonly gap: number;
  /** Of the estimates, from the spread over training sets. */
  readonly standardErrors: { readonly bias2: number; readonly variance: number; readonly error: number; readonly gap: number };
  readonly points: readonly PointErrors[];
}

/**
 * Trains the recipe on `sets` training sets of one problem that differ by their noise (and their inputs, where those are drawn)
 * and compares what the models predict (notes 002):
 *   f̄(x) = E f(x; D),  bias² = (f̄ - truth)²,  variance = E (f - f̄)²,  E (f - y)² = bias² + variance + noise
 * with unbiased estimates: variance s² with n - 1, bias² (f̄ - truth)² - s² / n. For regression: squared errors of raw outputs.
 * @throws OptionError for values out of range; DataError for a truth or a noise that is not finite; ShapeError for predictions
 * of another shape than the truth's; and what training throws.
 */
export async function biasVariance(
  problem: KnownProblem,
  recipe: Recipe<undefined>,
  options: BiasVarianceOptions = {},
): Promise<BiasVariance> {
  const where = "biasVariance";
  checkOptions(where, options, ["sets", "seed", "signal", "onSet"]);
  checkOptions(`${where}: problem`, problem, ["truth", "x", "noise", "points"]);
  const { sets = 100, seed = 0, signal, onSet } = options;
  checkCount(`${where}: sets`, sets, 2);
  checkSeed(`${where}: seed`, seed);
  checkRecipe(where, recipe);
  const { truth, x, points = x } = problem;
  if (typeof truth !== "function") fail(`${where}: truth`, "a function of a row of x", truth);
  if (typeof points === "function") fail(`${where}: points`, "given where x is drawn", undefined);
  const at = target(problem, points);

  const predictions: Float64Array[] = [];
  for (let set = 0; set < sets; set++) {
    const design = new RandomStream(seed, STREAM_GENERATE, set, 1);
    const inputs = typeof x === "function" ? x(() => design.uniform()) : x;
    const made = target(problem, inputs);
    const noisy = withNoise(made, new RandomStream(seed, STREAM_GENERATE, set, 2));
    const trained = await trainRecipe(recipe, undefined, { x: inputs as Rows, y: noisy }, { seed: seed + set, signal });
    try {
      predictions.push(readPredictions(trained.predict(points as Rows), at));
    } finally {
      trained.dispose();
    }
    await onSet?.({ set, sets });
  }
  return decompose(at, predictions, seed);
}

/** Truth and deviation of the noise at rows. */
interface Target {
  readonly rows: Matrix;
  /** [rows, outputs], flat. */
  readonly truth: Float64Array;
  readonly outputs: number;
  /** The truth gives plain numbers: so do the targets. */
  readonly isFlat: boolean;
  /** [rows]. */
  readonly deviations: Float64Array;
}

function target({ truth, noise }: KnownProblem, x: NumericData): Target {
  const rows = readRows("biasVariance: x", x);
  if (rows.data.length === 0) throw new DataError("biasVariance: x must have one row at least, got none");
  const values = Array.from({ length: rows.rows }, (_, i) => truth(rowOf(rows, i)));
  const isFlat = typeof values[0] === "number";
  const flat = Float64Array.from(values.flat());
  const outputs = flat.length / rows.rows;
  const bad = values.findIndex((value) => [value].flat().length !== outputs || ![value].flat().every(Number.isFinite));
  if (bad >= 0) throw new DataError(`biasVariance: truth must give as many finite numbers for each row, got ${values[bad]} at row ${bad}`);
  const deviations = Float64Array.from({ length: rows.rows }, (_, i) => (typeof noise === "function" ? noise(rowOf(rows, i)) : noise));
  const wrong = deviations.find((deviation) => !(deviation >= 0 && deviation < Infinity));
  if (wrong !== undefined) fail("biasVariance: noise", "a finite number, 0 or above", typeof noise === "function" ? wrong : noise);
  return { rows, truth: flat, outputs, isFlat, deviations };
}

const rowOf = ({ data, width }: Matrix, i: number): number[] => Array.from(data.subarray(i * width, (i + 1) * width));

function withNoise({ truth, outputs, isFlat, deviations }: Target, random: RandomStream): number[] | number[][] {
  const noisy = Array.from(truth, (value, i) => value + deviations[Math.floor(i / outputs)]! * deviate(random));
  return isFlat ? noisy : Array.from(deviations, (_, row) => noisy.slice(row * outputs, (row + 1) * outputs));
}

function readPredictions(predicted: NumericData, { rows, outputs }: Target): Float64Array {
  const read = readRows("biasVariance: predictions", predicted);
  if (read.rows === rows.rows && read.width === outputs) return read.data;
  throw new ShapeError(
    `biasVariance: predictions must have shape [${rows.rows}, ${outputs}], as the truth, got [${read.rows}, ${read.width}]`,
  );
}

function decompose(at: Target, predictions: readonly Float64Array[], seed: number): BiasVariance {
  const { truth, outputs, deviations, rows } = at;
  const sets = predictions.length;
  const mean = truth.map((_, i) => meanOf(predictions.map((f) => f[i]!)));
  const variance = truth.map((_, i) => predictions.reduce((sum, f) => sum + square(f[i]! - mean[i]!), 0) / (sets - 1));
  const bias2 = truth.map((value, i) => square(mean[i]! - value) - variance[i]! / sets);
  const noise = truth.map((_, i) => square(deviations[Math.floor(i / outputs)]!));
  const overOutputs = (values: Float64Array, row: number) => meanOf(Array.from(values.subarray(row * outputs, (row + 1) * outputs)));

  // One value per set, whose mean is (or, for bias², moves as) the estimate: their spread tells its standard error
  const perSet = (valueAt: (f: number, i: number) => number) => predictions.map((f) => meanOf(Array.from(f, valueAt)));
  const errors: number[] = [];
  const gaps = predictions.map((f, set) => {
    const random = new RandomStream(seed, STREAM_GENERATE, set, 3);
    const fresh = truth.map((value, i) => value + deviations[Math.floor(i / outputs)]! * deviate(random));
    errors.push(meanOf(Array.from(f, (value, i) => square(value - fresh[i]!))));
    return errors[set]! - meanOf(Array.from(f, (value, i) => square(value - truth[i]!) + noise[i]!));
  });
  return {
    bias2: meanOf(Array.from(bias2)),
    variance: meanOf(Array.from(variance)),
    noise: meanOf(Array.from(noise)),
    error: meanOf(errors),
    gap: meanOf(gaps),
    standardErrors: {
      bias2: standardError(perSet((f, i) => 2 * (mean[i]! - truth[i]!) * (f - mean[i]!))),
      variance: standardError(perSet((f, i) => square(f - mean[i]!))),
      error: standardError(errors),
      gap: standardError(gaps),
    },
    points: Array.from(deviations, (_, row) => ({
      x: rowOf(rows, row),
      truth: Array.from(truth.subarray(row * outputs, (row + 1) * outputs)),
      mean: Array.from(mean.subarray(row * outputs, (row + 1) * outputs)),
      bias2: overOutputs(bias2, row),
      variance: overOutputs(variance, row),
      noise: overOutputs(noise, row),
    })),
  };
}

const square = (value: number): number => value * value;

/** Of the mean of the values. */
function standardError(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => square(value - mean))) / (values.length - 1));
}
