/** Rows of numbers on their way through a transform: read as float64, given back in the form in which they came. */
import { DataError } from "../errors.ts";
import { showShape, sizeOf } from "../shape.ts";
import { flatten, isTensorLike, isTypedArray, type Nested, type NumericData, placeOf, type TensorLike, type TypedArray } from "./arrays.ts";

/** Float64 rows, row-major. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly width: number;
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

/**
 * What a transform gives back that changes the number of columns: [rows, columns], as a tensor for tensors (float32) and flat
 * typed arrays, as float64 numbers in nested arrays for arrays.
 */
export type Encoded<T> = T extends TensorLike
  ? { readonly data: Float32Array; readonly shape: number[] }
  : T extends Float64Array
    ? { readonly data: Float64Array; readonly shape: number[] }
    : T extends TypedArray
      ? { readonly data: Float32Array; readonly shape: number[] }
      : number[][];

/**
 * x as rows: each place of a row is a column, rank 1 is one column. NaN passes only if `takesMissing`.
 * @throws DataError for values that are not finite, ragged rows.
 */
export function readRows(where: string, x: NumericData, takesMissing = false): Matrix & { readonly shape: readonly number[] } {
  const { data, shape } = flatten(where, x);
  const width = sizeOf(shape.slice(1));
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]) || (takesMissing && Number.isNaN(data[i]))) continue;
    const fix = Number.isNaN(data[i]) && !takesMissing ? ". Fill in missing values first, as imputer() does" : "";
    throw new DataError(`${where}: x must be finite, got ${data[i]} at ${placeOf(i, width)} of shape ${showShape(shape)}${fix}`);
  }
  return { data: data instanceof Float64Array ? data : Float64Array.from(data), rows: shape[0] ?? 0, width, shape };
}

/** Values in the same shape and the form in which x came. */
export function inFormOf<T extends NumericData>(x: T, values: Float64Array, shape: readonly number[]): Scaled<T> {
  const isSingle = isTensorLike(x) || (isTypedArray(x) && !(x instanceof Float64Array));
  const out = isSingle ? Float32Array.from(values) : values;
  return (isTensorLike(x) ? { data: out, shape } : isTypedArray(x) ? out : nest(Array.from(out), shape)) as Scaled<T>;
}

/** Values [rows, width] in the form in which x came, where x had rows of another width. */
export function asRowsLike<T extends NumericData>(x: T, values: Float64Array, width: number): Encoded<T> {
  const shape = [values.length / width, width];
  const isSingle = isTensorLike(x) || (isTypedArray(x) && !(x instanceof Float64Array));
  if (isTensorLike(x) || isTypedArray(x)) return { data: isSingle ? Float32Array.from(values) : values, shape } as Encoded<T>;
  return nest(Array.from(values), shape) as Encoded<T>;
}

export function nest(data: readonly number[], shape: readonly number[]): Nested {
  if (shape.length <= 1) return data;
  const size = sizeOf(shape.slice(1));
  return Array.from({ length: shape[0]! }, (_, i) => nest(data.slice(i * size, (i + 1) * size), shape.slice(1)));
}

/** Column j as an array of its own. */
export function columnOfRows({ data, rows, width }: Matrix, j: number): Float64Array {
  const column = new Float64Array(rows);
  for (let i = 0; i < rows; i++) column[i] = data[i * width + j]!;
  return column;
}
