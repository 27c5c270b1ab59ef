/**
 * Made-up data sets with scikit-learn's parameters. The same seed gives the same bits on every machine: deviates are the
 * polar method of G. Marsaglia & T. A. Bray 1964 on our own log, circles our own cos.
 */
import { checkBetween, checkCount, checkFinite, checkNotNegative, checkOptions, fail } from "../check.ts";
import { OptionError } from "../errors.ts";
import { checkSeed, permutation, RandomStream, STREAM_GENERATE } from "../random.ts";
import { cos, log } from "../scalar.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Rows in random order, with the class of each. */
export interface LabelledData<S extends Shape = [number, 2]> {
  readonly x: Tensor<S>;
  readonly y: Int32Array;
}

export interface RegressionData {
  /** [rows, features]. */
  readonly x: Tensor;
  /** [rows], or [rows, targets] for several. */
  readonly y: Tensor;
  /** What x was multiplied by, [features][targets]. */
  readonly coefficients: number[][];
}

interface Common {
  /** Rows of all classes together. Default 100. */
  samples?: number;
  /** Deviation of what is added to every coordinate. Default 0. */
  noise?: number;
  /** Integer from 0; default 0. */
  seed?: number;
}

export type MoonsOptions = Common;

/** Two half circles that reach into each other: classes 0 (the upper) and 1. @throws OptionError for values out of range. */
export function moons(options: MoonsOptions = {}): LabelledData {
  const { samples, noise, random } = common("moons", options, []);
  const outer = Math.floor(samples / 2);
  return shuffled(samples, 2, noise, random, (row) => {
    const label = row < outer ? 0 : 1;
    const [x, y] = onCircle(share(label === 0 ? row : row - outer, label === 0 ? outer : samples - outer) / 2);
    return label === 0 ? [label, x, y] : [label, 1 - x, 0.5 - y];
  });
}

export interface CirclesOptions extends Common {
  /** Radius of the inner circle, in [0, 1). Default 0.8. */
  factor?: number;
}

/** A circle of radius 1 (class 0) round one of radius `factor` (class 1). @throws OptionError for values out of range. */
export function circles(options: CirclesOptions = {}): LabelledData {
  const { samples, noise, random } = common("circles", options, ["factor"]);
  const { factor = 0.8 } = options;
  if (!(factor >= 0 && factor < 1)) fail("circles: factor", "in [0, 1)", factor);
  const outer = Math.floor(samples / 2);
  return shuffled(samples, 2, noise, random, (row) => {
    const label = row < outer ? 0 : 1;
    const count = label === 0 ? outer : samples - outer;
    const [x, y] = onCircle((label === 0 ? row : row - outer) / count);
    return label === 0 ? [label, x, y] : [label, factor * x, factor * y];
  });
}

export interface SpiralsOptions extends Common {
  /** Arms, one class each. Default 2. */
  classes?: number;
  /** Of each arm, round the centre. Default 1.75. */
  turns?: number;
}

/** Arms that wind round the centre out to radius 1, one class each. @throws OptionError for values out of range. */
export function spirals(options: SpiralsOptions = {}): LabelledData {
  const { samples, noise, random } = common("spirals", options, ["classes", "turns"]);
  const { classes = 2, turns = 1.75 } = options;
  checkCount("spirals: classes", classes);
  checkFinite("spirals: turns", turns);
  return shuffled(samples, 2, noise, random, (row) => {
    const label = row % classes;
    const radius = (Math.floor(row / classes) + 1) / Math.ceil(samples / classes);
    const [x, y] = onCircle(radius * turns + label / classes);
    return [label, radius * x, radius * y];
  });
}

export interface BlobsOptions {
  /** Rows of all blobs together, as equal as can be, or of each. Default 100. */
  samples?: number | readonly number[];
  /** Default 2. */
  features?: number;
  /** How many, drawn from the box, or where they are [count][features]. Default 3. */
  centers?: number | readonly (readonly number[])[];
  /** Deviation of the blobs, or of each. Default 1. */
  deviation?: number | readonly number[];
  /** From where to where centres are drawn. Default [-10, 10]. */
  box?: readonly [number, number];
  /** Integer from 0; default 0. */
  seed?: number;
}

/** Normal clouds, one class each. @throws OptionError for values out of range or lists of different lengths. */
export function blobs(options: BlobsOptions = {}): LabelledData<Shape> & { readonly centers: number[][] } {
  checkOptions("blobs", options, ["samples", "features", "centers", "deviation", "box", "seed"]);
  const { samples = 100, deviation = 1, box = [-10, 10], seed = 0 } = options;
  const given = options.centers ?? (typeof samples === "number" ? 3 : samples.length);
  const features = typeof given === "number" ? (options.features ?? 2) : (given[0]?.length ?? 0);
  checkCount("blobs: features", features);
  if (typeof given === "number") checkCount("blobs: centers", given);
  else if (!given.every((center) => center.length === features && center.every(Number.isFinite))) {
    fail("blobs: centers", "a count, or rows of as many finite numbers each", given);
  }
  if (!(Number.isFinite(box[0]) && Number.isFinite(box[1]) && box[0] <= box[1])) fail("blobs: box", "two finite numbers [low, high]", box);
  checkSeed("blobs: seed", seed);
  const random = new RandomStream(seed, STREAM_GENERATE);
  const centers =
    typeof given === "number"
      ? Array.from({ length: given }, () => Array.from({ length: features }, () => box[0] + (box[1] - box[0]) * random.uniform()))
      : given.map((center) => [...center]);
  const count = centers.length;
  const sizes =
    typeof samples === "number" ? centers.map((_, k) => Math.floor(samples / count) + (k < samples % count ? 1 : 0)) : [...samples];
  const deviations = typeof deviation === "number" ? centers.map(() => deviation) : [...deviation];
  for (const [name, list] of [
    ["samples", sizes],
    ["deviation", deviations],
  ] as const) {
    if (list.length !== count) throw new OptionError(`blobs: ${name} must have an entry for each of ${count} centers, got ${list.length}`);
  }
  if (typeof samples === "number") checkCount("blobs: samples", samples);
  else sizes.forEach((size, k) => checkCount(`blobs: samples[${k}]`, size, 0));
  deviations.forEach((value) => checkNotNegative("blobs: deviation", value));
  const labels = sizes.flatMap((size, k) => new Array<number>(size).fill(k));
  const data = shuffled(labels.length, features, 0, random, (row) => {
    const label = labels[row]!;
    return [label, ...centers[label]!.map((value) => value + deviations[label]! * deviate(random))];
  });
  return { ...data, centers };
}

export interface RegressionOptions extends Common {
  /** Columns of x. Default 100. */
  features?: number;
  /** How many of them have a coefficient other than 0. Default 10. */
  informative?: number;
  /** Columns of y. Default 1. */
  targets?: number;
  /** Added to y. Default 0. */
  bias?: number;
}

/**
 * y = x · coefficients + bias + noise for normal x; coefficients of the informative columns, which are drawn, lie in [0, 100).
 * @throws OptionError for values out of range.
 */
export function regression(options: RegressionOptions = {}): RegressionData {
  const { samples, noise, random } = common("regression", options, ["features", "informative", "targets", "bias"]);
  const { features = 100, informative = Math.min(10, features), targets = 1, bias = 0 } = options;
  checkCount("regression: features", features);
  checkCount("regression: informative", informative, 0);
  checkBetween("regression: informative", informative, 0, features);
  checkCount("regression: targets", targets);
  checkFinite("regression: bias", bias);
  const chosen = new Set(permutation(features, random).subarray(0, informative));
  const coefficients = Array.from({ length: features }, (_, j) =>
    Array.from({ length: targets }, () => (chosen.has(j) ? 100 * random.uniform() : 0)),
  );
  const x = Float32Array.from({ length: samples * features }, () => deviate(random));
  const y = new Float32Array(samples * targets);
  for (let row = 0; row < samples; row++) {
    for (let k = 0; k < targets; k++) {
      let sum = bias + noise * deviate(random);
      for (let j = 0; j < features; j++) sum += x[row * features + j]! * coefficients[j]![k]!;
      y[row * targets + k] = sum;
    }
  }
  return {
    x: { data: x, shape: [samples, features] },
    y: { data: y, shape: targets === 1 ? [samples] : [samples, targets] },
    coefficients,
  };
}

function common(where: string, options: Common, more: readonly string[]): { samples: number; noise: number; random: RandomStream } {
  checkOptions(where, options, ["samples", "noise", "seed", ...more]);
  const { samples = 100, noise = 0, seed = 0 } = options;
  checkCount(`${where}: samples`, samples);
  checkNotNegative(`${where}: noise`, noise);
  checkSeed(`${where}: seed`, seed);
  return { samples, noise, random: new RandomStream(seed, STREAM_GENERATE) };
}

/** Rows [label, ...coordinates] in random order, with noise. */
function shuffled<Features extends number>(
  rows: number,
  features: Features,
  noise: number,
  random: RandomStream,
  make: (row: number) => number[],
): LabelledData<[number, Features]> {
  const x = new Float32Array(rows * features);
  const y = new Int32Array(rows);
  permutation(rows, random).forEach((place, row) => {
    const [label, ...coordinates] = make(row);
    y[place] = label!;
    for (let j = 0; j < features; j++) x[place * features + j] = coordinates[j]! + (noise > 0 ? noise * deviate(random) : 0);
  });
  return { x: { data: x, shape: [rows, features] }, y };
}

/** i of count points from 0 to 1, both ends among them. */
const share = (i: number, count: number): number => (count < 2 ? 0 : i / (count - 1));

/** The point after so many turns from [1, 0]. */
function onCircle(turns: number): [number, number] {
  const angle = 2 * Math.PI * turns;
  return [cos(angle), cos(angle - Math.PI / 2)];
}

/** A normal deviate of mean 0 and deviation 1. */
export function deviate(random: RandomStream): number {
  for (;;) {
    const a = 2 * random.uniform() - 1;
    const b = 2 * random.uniform() - 1;
    const square = a * a + b * b;
    if (square > 0 && square < 1) return a * Math.sqrt((-2 * log(square)) / square);
  }
}
