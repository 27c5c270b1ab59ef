/**
 * The forms in which numbers come (typed arrays, nested arrays, tensors), read as one flat array with a shape.
 * Nothing is copied that is flat already.
 */
import { show } from "../check.ts";
import { DataError, ShapeError } from "../errors.ts";
import { showShape, sizeOf } from "../shape.ts";

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Nested arrays of numbers; an innermost row may be a typed array. */
export type Nested = readonly (number | TypedArray | Nested)[];

/** A flat array with a shape; every Tensor is one. */
export interface TensorLike {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

export type NumericData = TensorLike | TypedArray | Nested;

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value instanceof BigInt64Array || value instanceof BigUint64Array);
}

export function isTensorLike(value: unknown): value is TensorLike {
  if (typeof value !== "object" || value === null || !("data" in value && "shape" in value)) return false;
  return Array.isArray(value.shape) && (isTypedArray(value.data) || Array.isArray(value.data));
}

/**
 * The numbers of `value`, flat and row-major, with their shape: of rank 1 for flat arrays.
 * @throws DataError for ragged rows and entries that are no numbers, ShapeError if a tensor's shape is not its size.
 */
export function flatten(where: string, value: NumericData): TensorLike {
  if (isTypedArray(value)) return { data: value, shape: [value.length] };
  if (isTensorLike(value)) {
    const { data, shape } = value;
    if (sizeOf(shape) !== data.length) {
      throw new ShapeError(`${where}: a tensor of shape ${showShape(shape)} must hold ${sizeOf(shape)} numbers, got ${data.length}`);
    }
    return { data, shape };
  }
  if (!Array.isArray(value)) {
    throw new DataError(`${where} must be a typed array, nested arrays or a tensor { data, shape }, got ${show(value)}`);
  }
  const shape = shapeOfNested(value);
  const data = new Float64Array(sizeOf(shape));
  copyNested(where, value, shape, 0, data, 0, []);
  return { data, shape };
}

function shapeOfNested(value: Nested): number[] {
  const shape: number[] = [];
  let inner: unknown = value;
  while (Array.isArray(inner) || isTypedArray(inner)) {
    shape.push(inner.length);
    inner = inner[0];
  }
  return shape;
}

function copyNested(
  where: string,
  value: unknown,
  shape: readonly number[],
  axis: number,
  out: Float64Array,
  offset: number,
  place: readonly number[],
): void {
  const isRow = Array.isArray(value) || isTypedArray(value);
  if (!isRow || value.length !== shape[axis]) {
    const got = isRow ? `${value.length} entries` : show(value);
    throw new DataError(`${where}: ${showPlace(place)} must have ${shape[axis]} entries as the first one has, got ${got}`);
  }
  const last = axis === shape.length - 1;
  const size = sizeOf(shape.slice(axis + 1));
  for (let i = 0; i < value.length; i++) {
    const entry: unknown = value[i];
    if (!last) copyNested(where, entry, shape, axis + 1, out, offset + i * size, [...place, i]);
    else if (typeof entry === "number") out[offset + i] = entry;
    else throw new DataError(`${where}: ${showPlace([...place, i])} must be a number, got ${show(entry)}`);
  }
}

/** "row 3, column 1": places count from 0, as indices do. */
export function showPlace(place: readonly number[]): string {
  if (place.length === 0) return "the array";
  if (place.length === 1) return `row ${place[0]}`;
  if (place.length === 2) return `row ${place[0]}, column ${place[1]}`;
  return `row ${place[0]}, entry ${showShape(place.slice(1))}`;
}

/** "row 3, column 1" for a flat position in rows of `width` entries. */
export function placeOf(index: number, width: number): string {
  return width === 1 ? showPlace([index]) : showPlace([Math.floor(index / width), index % width]);
}
