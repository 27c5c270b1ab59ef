/**
 * Tensors as users see them: a flat Float32Array and a shape. Plain data in JavaScript's memory, nothing to dispose, and
 * no arithmetic. Also the one reader of nested arrays.
 */
import { show } from "./check.ts";
import { DataError, ShapeError } from "./errors.ts";
import { type Shape, showShape, sizeOf } from "./shape.ts";

/** Numbers in row-major order, with their shape. */
export interface Tensor<S extends Shape = Shape> {
  readonly data: Float32Array;
  readonly shape: S;
}

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

/** A list of numbers. */
export type Numbers = readonly number[] | TypedArray;

/** Numbers nested to any depth. */
export type NestedNumbers = Numbers | readonly NestedNumbers[];

/** A shape that the compiler does not know: literal shapes have an element 0, which may not be there. */
type UnknownShape = Shape & { readonly 0?: never };

/**
 * What may be given for rows of shape S: nested arrays, flat numbers (cut into rows), or a tensor [rows, ...S]. The compiler
 * refuses tensors of another known shape; arrays are checked at run time. Not a conditional type, so that a model of known
 * shapes is also a model of unknown ones.
 */
export type TensorInput<S extends Shape = Shape> = NestedNumbers | Tensor<readonly [number, ...S]> | Tensor<UnknownShape>;

/** What may be given as targets of outputs of shape S: rows of that shape, or one label (or value) per row. */
export type TargetInput<S extends Shape = Shape> = TensorInput<S> | Tensor<readonly [number]>;

/**
 * A tensor holding a copy of `data`. Without `shape`, that of nested arrays is found, typed arrays have rank 1, and a tensor
 * keeps its own; with `shape`, the same numbers in row-major order take it. Values need not be finite.
 * @throws DataError if arrays are ragged or hold what is not a number.
 * @throws ShapeError if `shape` does not hold as many numbers as there are.
 */
export function tensor<const S extends Shape>(data: NestedNumbers | Tensor, shape: S): Tensor<number extends S["length"] ? S : [...S]>;
export function tensor<S extends Shape>(data: Tensor<S>): Tensor<S>;
export function tensor(data: NestedNumbers): Tensor;
export function tensor(data: unknown, shape?: Shape): Tensor {
  const found = isTensor(data) ? tensorShape("tensor: data", data) : shapeOfArrays(data);
  if (found === undefined) {
    throw new DataError(`tensor: data must be a typed array, nested arrays of numbers or a Tensor, got ${show(data)}`);
  }
  if (shape !== undefined) {
    checkShape("tensor: shape", shape);
    if (sizeOf(shape) !== sizeOf(found)) {
      const came =
        isTypedArray(data) || found.length === 1 ? `${sizeOf(found)} numbers` : `${sizeOf(found)} numbers of shape ${showShape(found)}`;
      throw new ShapeError(`tensor: data must hold ${sizeOf(shape)} numbers for shape ${showShape(shape)}, got ${came}`);
    }
  }
  let copy: Float32Array;
  if (isTensor(data)) copy = new Float32Array(data.data);
  else if (isTypedArray(data)) copy = new Float32Array(data);
  else {
    copy = new Float32Array(sizeOf(found));
    readArrays("tensor: data", data as NestedNumbers, found, copy, (path) => `data[${path.join("][")}]`);
  }
  return { data: copy, shape: [...(shape ?? found)] };
}

/** A typed array of numbers; not DataView, not BigInt arrays. */
export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && "length" in value && !(value instanceof BigInt64Array || value instanceof BigUint64Array);
}

export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== "object" || value === null) return false;
  const { data, shape } = value as Partial<Tensor>;
  return isTypedArray(data) && Array.isArray(shape);
}

/** The tensor's shape, if its data fills it: tensors are plain objects, which anybody can make. */
export function tensorShape(where: string, { data, shape }: Tensor): Shape {
  checkShape(`${where}'s shape`, shape);
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError(`${where} must hold ${sizeOf(shape)} numbers for its shape ${showShape(shape)}, got ${data.length}`);
  }
  return shape;
}

function checkShape(where: string, shape: Shape): void {
  const isShape = Array.isArray(shape) && shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
  if (!isShape) throw new ShapeError(`${where} must be a list of integers, 0 or above, got ${show(shape)}`);
}

/** The shape that nested arrays have along their first elements, or undefined if this is no array. */
export function shapeOfArrays(value: unknown): Shape | undefined {
  const shape: number[] = [];
  let inner = value;
  while (Array.isArray(inner)) {
    shape.push(inner.length);
    inner = inner[0];
  }
  if (isTypedArray(inner)) shape.push(inner.length);
  return shape.length > 0 ? shape : undefined;
}

/**
 * Writes nested arrays of the given shape into `target`, row-major.
 * @param place how messages name an element, by its indices
 * @throws DataError if an array has another length than the shape says, or an element is not a number.
 */
export function readArrays(
  where: string,
  value: NestedNumbers,
  shape: Shape,
  target: Float32Array | Float64Array,
  place: (path: readonly number[]) => string,
): void {
  const path: number[] = [];
  let end = 0;
  const read = (part: unknown): void => {
    const axis = path.length;
    const isLast = axis === shape.length - 1;
    const fits = (Array.isArray(part) || (isLast && isTypedArray(part))) && part.length === shape[axis];
    if (!fits) refuse(where, part, shape.slice(axis), place(path));
    for (let i = 0; i < part.length; i++) {
      path.push(i);
      if (!isLast) read(part[i]);
      else if (typeof part[i] === "number") target[end++] = part[i];
      else refuse(where, part[i], [], place(path));
      path.pop();
    }
  };
  read(value);
}

/** Says what came where an array of the given shape (a number, if []) should be. */
function refuse(where: string, part: unknown, shape: Shape, at: string): never {
  const isList = Array.isArray(part) || isTypedArray(part);
  if (!isList && typeof part !== "number") {
    const isMissing = part === null || part === undefined;
    const fix = isMissing ? ". Fill or drop missing values first." : typeof part === "string" ? ". Turn text into numbers first." : "";
    throw new DataError(`${where} must hold numbers only, got ${show(part)} at ${at}${fix}`);
  }
  const came = isList ? `${part.length} values` : `the number ${part}`;
  const expected = ["a number", `${shape[0]} values`][shape.length] ?? `${shape[0]} arrays of shape ${showShape(shape.slice(1))}`;
  throw new DataError(`${where} must not be ragged, got ${came} at ${at} where the first has ${expected}`);
}
