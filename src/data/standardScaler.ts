/** Columns shifted to mean 0 and scaled to deviation 1, in float64. */
import { DataError, FormatError, ShapeError } from "../errors.ts";
import { showShape, sizeOf } from "../shape.ts";
import { flatten, isTensorLike, isTypedArray, type Nested, type NumericData, placeOf, type TensorLike, type TypedArray } from "./arrays.ts";

export interface StandardScalerJSON {
  readonly type: "standardScaler";
  readonly mean: readonly number[];
  readonly scale: readonly number[];
}

/**
 * What a scaler gives back: a tensor for a tensor and nested arrays for nested arrays, a flat array for a flat one.
 * Tensors and flat typed arrays are float32 (Float64Array stays what it is), nested arrays hold float64 numbers.
 */
export type Scaled<T> = T extends TensorLike
  ? { readonly data: Float32Array; readonly shape: T["shape"] }
  : T extends Float64Array
    ? Float64Array
    : T extends TypedArray
      ? Float32Array
      : T extends readonly (readonly unknown[] | TypedArray)[]
        ? number[][]
        : T extends readonly number[]
          ? number[]
          : Nested;

export interface StandardScaler {
  /** Mean of each column; empty before `fit`. */
  readonly mean: Float64Array;
  /** Population deviation (divided by n) of each column, 1 for a constant one. */
  readonly scale: Float64Array;
  /** Learns mean and scale of x [rows, ...]: each place of a row is a column; rank 1 is one column. */
  fit(x: NumericData): StandardScaler;
  /** (x - mean) / scale; a constant column becomes 0 where it keeps its value. */
  transform<T extends NumericData>(x: T): Scaled<T>;
  /** x · scale + mean. */
  inverse<T extends NumericData>(x: T): Scaled<T>;
  fitTransform<T extends NumericData>(x: T): Scaled<T>;
  toJSON(): StandardScalerJSON;
}

/**
 * A scaler that `fit` has to meet first.
 * @throws (its methods) DataError for NaN, infinite or missing values with row and column, an empty set, ragged rows, a
 * transform before fit; ShapeError for rows of another width.
 */
export function standardScaler(): StandardScaler {
  return makeScaler(new Float64Array(0), new Float64Array(0));
}

/** The scaler that `toJSON` described. @throws FormatError for anything else. */
export function standardScalerFrom(json: StandardScalerJSON): StandardScaler {
  const isNumbers = (values: unknown): values is number[] => Array.isArray(values) && values.every(Number.isFinite);
  const { type, mean, scale } = json ?? {};
  if (
    type !== "standardScaler" ||
    !isNumbers(mean) ||
    !isNumbers(scale) ||
    mean.length !== scale.length ||
    !scale.every((value) => value > 0)
  ) {
    throw new FormatError("standardScalerFrom: the value is not what a standardScaler's toJSON gives");
  }
  return makeScaler(Float64Array.from(mean), Float64Array.from(scale));
}

function makeScaler(fittedMean: Float64Array, fittedScale: Float64Array): StandardScaler {
  let mean = fittedMean;
  let scale = fittedScale;
  const apply = <T extends NumericData>(where: string, x: T, map: (value: number, column: number) => number): Scaled<T> => {
    if (mean.length === 0) throw new DataError(`${where} must come after fit`);
    const { data, width, shape } = readRows(where, x);
    if (width !== mean.length) {
      throw new ShapeError(`${where}: rows must have the ${mean.length} columns that fit saw, got ${width}`);
    }
    const out =
      isTensorLike(x) || (isTypedArray(x) && !(x instanceof Float64Array)) ? new Float32Array(data.length) : new Float64Array(data.length);
    for (let i = 0; i < data.length; i++) out[i] = map(data[i]!, i % width);
    return (isTensorLike(x) ? { data: out, shape } : isTypedArray(x) ? out : nest(Array.from(out), shape)) as Scaled<T>;
  };
  return {
    get mean() {
      return mean;
    },
    get scale() {
      return scale;
    },
    fit(x) {
      const { data, width } = readRows("standardScaler.fit", x);
      if (data.length === 0) throw new DataError("standardScaler.fit: x must have at least one row and one column");
      mean = columnMeans(data, width, (value) => value, data.subarray(0, width));
      const variance = columnMeans(data, width, (value, j) => (value - mean[j]!) * (value - mean[j]!), new Float64Array(width));
      scale = variance.map((value) => (value > 0 ? Math.sqrt(value) : 1));
      return this;
    },
    transform: (x) => apply("standardScaler.transform", x, (value, j) => (value - mean[j]!) / scale[j]!),
    inverse: (x) => apply("standardScaler.inverse", x, (value, j) => value * scale[j]! + mean[j]!),
    fitTransform(x) {
      return this.fit(x).transform(x);
    },
    toJSON: () => ({ type: "standardScaler", mean: Array.from(mean), scale: Array.from(scale) }),
  };
}

/** Mean per column of f(value), summed as differences from `origin`: a constant column has exactly its value as mean. */
function columnMeans(data: Float64Array, width: number, f: (value: number, column: number) => number, origin: Float64Array): Float64Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < data.length; i++) {
    const j = i % width;
    sums[j]! += f(data[i]!, j) - origin[j]!;
  }
  const rows = data.length / width;
  return sums.map((sum, j) => origin[j]! + sum / rows);
}

function readRows(where: string, x: NumericData): { data: Float64Array; width: number; shape: readonly number[] } {
  const { data, shape } = flatten(where, x);
  const width = sizeOf(shape.slice(1));
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new DataError(`${where}: x must be finite, got ${data[i]} at ${placeOf(i, width)} of shape ${showShape(shape)}`);
    }
  }
  return { data: data instanceof Float64Array ? data : Float64Array.from(data), width, shape };
}

function nest(data: readonly number[], shape: readonly number[]): Nested {
  if (shape.length <= 1) return data;
  const size = sizeOf(shape.slice(1));
  return Array.from({ length: shape[0]! }, (_, i) => nest(data.slice(i * size, (i + 1) * size), shape.slice(1)));
}
