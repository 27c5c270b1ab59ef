/** Columns shifted to mean 0 and scaled to deviation 1, in float64. */
import { checkJson, isNumbers } from "./checkJson.ts";
import type { Matrix } from "./rows.ts";
import { type Scaler, transformOf, withFields } from "./transform.ts";

export interface StandardScalerJSON {
  readonly type: "standardScaler";
  readonly mean: readonly number[];
  readonly scale: readonly number[];
}

export interface StandardScaler extends Scaler {
  /** Mean of each column; empty before `fit`. */
  readonly mean: Float64Array;
  /** Population deviation (divided by n) of each column, 1 for a constant one. */
  readonly scale: Float64Array;
  toJSON(): StandardScalerJSON;
}

/**
 * (x - mean) / deviation, column by column; a constant column becomes 0 where it keeps its value.
 * @throws (its methods) DataError for NaN, infinite or missing values with row and column, an empty set, ragged rows, a
 * transform before fit; ShapeError for rows of another width.
 */
export function standardScaler(): StandardScaler {
  return makeScaler(new Float64Array(0), new Float64Array(0));
}

/** The scaler that `toJSON` described. @throws FormatError for anything else. */
export function standardScalerFrom(json: StandardScalerJSON): StandardScaler {
  const { type, mean, scale } = json ?? {};
  checkJson("standardScaler", type === "standardScaler", isNumbers(mean), isNumbers(scale));
  checkJson(
    "standardScaler",
    mean.length === scale.length,
    scale.every((value) => value > 0),
  );
  return makeScaler(Float64Array.from(mean), Float64Array.from(scale));
}

function makeScaler(fittedMean: Float64Array, fittedScale: Float64Array): StandardScaler {
  let mean = fittedMean;
  let scale = fittedScale;
  const toJSON = (): StandardScalerJSON => ({ type: "standardScaler", mean: Array.from(mean), scale: Array.from(scale) });
  const base = transformOf({
    type: "standardScaler",
    keepsColumns: true,
    takesMissing: false,
    get inputs() {
      return mean.length;
    },
    get outputs() {
      return mean.length;
    },
    fit(x) {
      mean = columnMeans(x, (value) => value, x.data.subarray(0, x.width));
      const variance = columnMeans(x, (value, j) => (value - mean[j]!) * (value - mean[j]!), new Float64Array(x.width));
      scale = variance.map((value) => (value > 0 ? Math.sqrt(value) : 1));
    },
    apply(x, at, y, to) {
      for (let j = 0; j < mean.length; j++) y[to + j] = (x[at + j]! - mean[j]!) / scale[j]!;
    },
    invert(y, at, x, to) {
      for (let j = 0; j < mean.length; j++) x[to + j] = y[at + j]! * scale[j]! + mean[j]!;
    },
    toJSON,
  });
  return withFields(base, {
    get mean() {
      return mean;
    },
    get scale() {
      return scale;
    },
    toJSON,
  });
}

/** Mean per column of f(value), summed as differences from `origin`: a constant column has exactly its value as mean. */
export function columnMeans(
  { data, rows, width }: Matrix,
  f: (value: number, column: number) => number,
  origin: Float64Array,
): Float64Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < data.length; i++) {
    const j = i % width;
    sums[j]! += f(data[i]!, j) - origin[j]!;
  }
  return sums.map((sum, j) => origin[j]! + sum / rows);
}
