/** Radial basis functions: how near a row is to each of some centres. */
import { checkCount, checkOptions, checkPositive, fail } from "../check.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { checkSeed, permutation, RandomStream, STREAM_SPLIT } from "../random.ts";
import { exp } from "../scalar.ts";
import type { NumericData } from "./arrays.ts";
import { checkJson, isNumbers } from "./checkJson.ts";
import { type Matrix, readRows } from "./rows.ts";
import { type Encoder, transformOf, withFields } from "./transform.ts";

export interface RbfFeaturesOptions {
  /** The centres [count, columns], or how many of the training rows (chosen by the seed) are centres. */
  centers: number | NumericData;
  /** σ in exp(-‖x - c‖² / (2 σ²)). Default: the largest distance between centres / √(2 count) (Haykin 1999, section 5.13). */
  width?: number;
  /** Of the choice of rows. Default 0. */
  seed?: number;
}

export interface RbfFeaturesJSON {
  readonly type: "rbfFeatures";
  readonly centers: readonly (readonly number[])[];
  readonly width: number;
}

export interface RbfFeatures extends Encoder {
  /** Empty before `fit`. */
  readonly centers: readonly (readonly number[])[];
  /** NaN before `fit` where it is not given. */
  readonly width: number;
  toJSON(): RbfFeaturesJSON;
}

/**
 * exp(-‖x - c‖² / (2 width²)) for every centre c. There is no way back.
 * @throws OptionError for unknown options, a width that is not above 0; DataError (from `fit`) for fewer rows than centres or
 * centres that all are equal without a width; ShapeError for rows of another width than the centres.
 */
export function rbfFeatures(options: RbfFeaturesOptions): RbfFeatures {
  checkOptions("rbfFeatures", options, ["centers", "width", "seed"]);
  if (options?.centers === undefined) fail("rbfFeatures: centers", "a count of training rows, or rows of numbers", undefined);
  const { centers, width, seed = 0 } = options;
  if (width !== undefined) checkPositive("rbfFeatures: width", width);
  checkSeed("rbfFeatures: seed", seed);
  if (typeof centers === "number") checkCount("rbfFeatures: centers", centers);
  const given = typeof centers === "number" ? undefined : readRows("rbfFeatures: centers", centers);
  if (given?.data.length === 0) throw new DataError("rbfFeatures: centers must have at least one row");
  return makeFeatures(typeof centers === "number" ? centers : given!, width, seed, undefined);
}

/** The transform that `toJSON` described, fitted. @throws FormatError for anything else. */
export function rbfFeaturesFrom(json: RbfFeaturesJSON): RbfFeatures {
  const { type, centers, width } = json ?? {};
  checkJson("rbfFeatures", type === "rbfFeatures", Array.isArray(centers) && centers.length > 0, Number.isFinite(width) && width > 0);
  const columns = centers[0]?.length ?? 0;
  checkJson(
    "rbfFeatures",
    columns > 0,
    centers.every((center) => isNumbers(center) && center.length === columns),
  );
  const matrix = { data: Float64Array.from(centers.flat()), rows: centers.length, width: columns };
  return makeFeatures(matrix, width, 0, matrix);
}

function makeFeatures(wanted: number | Matrix, givenWidth: number | undefined, seed: number, fitted: Matrix | undefined): RbfFeatures {
  let centers: Matrix = fitted ?? { data: new Float64Array(0), rows: 0, width: 0 };
  let sigma = givenWidth ?? Number.NaN;
  const lists = () =>
    Array.from({ length: centers.rows }, (_, i) => Array.from(centers.data.subarray(i * centers.width, (i + 1) * centers.width)));
  const toJSON = (): RbfFeaturesJSON => ({ type: "rbfFeatures", centers: lists(), width: sigma });
  const base = transformOf({
    type: "rbfFeatures",
    keepsColumns: false,
    takesMissing: false,
    get inputs() {
      return centers.width;
    },
    get outputs() {
      return centers.rows;
    },
    fit(x, where) {
      const found = typeof wanted === "number" ? chosenRows(x, wanted, seed, where) : wanted;
      if (found.width !== x.width)
        throw new ShapeError(`${where}: rows must have the ${found.width} columns of the centers, got ${x.width}`);
      const width = givenWidth ?? Math.sqrt(largestDistance(found)) / Math.sqrt(2 * found.rows);
      if (!(width > 0)) throw new DataError(`${where}: the centers must differ, or width be given, got ${found.rows} equal centers`);
      centers = found;
      sigma = width;
    },
    apply(x, at, y, to) {
      for (let i = 0; i < centers.rows; i++) {
        y[to + i] = exp(-squaredDistance(x, at, centers.data, i * centers.width, centers.width) / (2 * sigma * sigma));
      }
    },
    toJSON,
  });
  return withFields(base, {
    get centers() {
      return lists();
    },
    get width() {
      return sigma;
    },
    toJSON,
  });
}

function chosenRows(x: Matrix, count: number, seed: number, where: string): Matrix {
  if (count > x.rows) throw new OptionError(`${where}: centers must be at most the ${x.rows} rows there are, got ${count}`);
  const order = permutation(x.rows, new RandomStream(seed, STREAM_SPLIT)).subarray(0, count).sort();
  const data = new Float64Array(count * x.width);
  order.forEach((row, i) => data.set(x.data.subarray(row * x.width, (row + 1) * x.width), i * x.width));
  return { data, rows: count, width: x.width };
}

function squaredDistance(a: Float64Array, at: number, b: Float64Array, to: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) {
    const difference = a[at + j]! - b[to + j]!;
    sum += difference * difference;
  }
  return sum;
}

function largestDistance({ data, rows, width }: Matrix): number {
  let largest = 0;
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < i; k++) largest = Math.max(largest, squaredDistance(data, i * width, data, k * width, width));
  }
  return largest;
}
