/**
 * Turns what users give (nested arrays, typed arrays, tensors) into flat numbers, checked before anything is written.
 * `where` is the argument's full name in messages, such as "fit: x". take* return data of their own or views of the
 * user's; copy* write into wasm memory, and do not allocate for a Float32Array of rows and a typed array of labels.
 */
import { checkOptions, show } from "../check.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { isTensor, isTypedArray, type NestedNumbers, readArrays, shapeOfArrays, type TypedArray, tensorShape } from "../tensor.ts";

/** What a loss takes: labels of the last axis' classes or rows of them, or rows only. */
export type TargetKind = "labels-or-rows" | "rows";

export type Targets = { readonly kind: "labels"; readonly data: Int32Array } | { readonly kind: "rows"; readonly data: Float32Array };

/**
 * A batch is { x, y } or { x, y, weights }. Does not allocate for a good one: it is asked on every step.
 * @throws OptionError for anything else, also for names that nobody would read.
 */
export function checkBatch(where: string, batch: unknown): void {
  if (typeof batch !== "object" || batch === null) {
    throw new OptionError(`${where}: a batch must be { x, y } or { x, y, weights }, got ${show(batch)}`);
  }
  for (const name in batch) {
    if (name !== "x" && name !== "y" && name !== "weights") checkOptions(`${where}: batch`, batch, ["x", "y", "weights"]);
  }
}

/**
 * Rows of `inputShape`: a Float32Array is used without a copy, as is a tensor's data.
 * @throws ShapeError if the width differs, DataError if rows are ragged, not finite, or none.
 */
export function takeInputs(where: string, x: unknown, inputShape: Shape): { data: Float32Array; rows: number } {
  const data = x instanceof Float32Array ? x : inputNumbers(where, x, inputShape);
  const rows = countRows(where, data, inputShape);
  checkFinite(where, data, inputShape);
  return { data: data instanceof Float32Array ? data : new Float32Array(data), rows };
}

/** From so many numbers on, a kernel looks for those that are not finite: 8 µs where the loop here takes 50, for 100,000 (Zen 5). */
const KERNEL_WORDS = 256;

/**
 * Writes checked rows to `target` (f32 [capacityRows, ...inputShape]) and returns their number. areFinite: of the first words there.
 * @throws as takeInputs, and ShapeError if there are more rows than `capacityRows`; `target` is as it was or 0 then.
 */
export function copyInputs(
  where: string,
  x: unknown,
  inputShape: Shape,
  target: Float32Array,
  capacityRows: number,
  areFinite: (words: number) => boolean,
): number {
  const data = x instanceof Float32Array ? x : inputNumbers(where, x, inputShape);
  const rows = countRows(where, data, inputShape);
  if (rows > capacityRows) {
    throw new ShapeError(`${where} must have at most ${capacityRows} rows (the batch size), got ${rows}. Cut it into smaller batches.`);
  }
  const isLong = data.length >= KERNEL_WORDS;
  if (!isLong) checkFinite(where, data, inputShape);
  target.set(data);
  if (isLong && !areFinite(data.length)) {
    target.fill(0, 0, data.length);
    checkFinite(where, data, inputShape);
  }
  return rows;
}

/**
 * Targets for `rows` outputs of `outputShape`; their last axis is that of the classes.
 * @throws ShapeError if shape or number of rows differ, DataError if labels are out of range or values not finite.
 */
export function takeTargets(where: string, y: unknown, rows: number, outputShape: Shape, targetKind: TargetKind): Targets {
  const data = targetNumbers(where, y, rows, outputShape, targetKind);
  if (data.length === rows * labelsPerRow(outputShape, targetKind)) {
    checkLabels(where, data, outputShape);
    return { kind: "labels", data: data instanceof Int32Array ? data : new Int32Array(data) };
  }
  checkFinite(where, data, outputShape);
  return { kind: "rows", data: data instanceof Float32Array ? data : new Float32Array(data) };
}

/**
 * Writes checked targets to `labels` (i32, one per row) or to `values` (f32 [rows, ...outputShape]) and says to which.
 * @throws as takeTargets; `labels` and `values` are as they were then.
 */
export function copyTargets(
  where: string,
  y: unknown,
  rows: number,
  outputShape: Shape,
  targetKind: TargetKind,
  labels: Int32Array,
  values: Float32Array,
): Targets["kind"] {
  const data = targetNumbers(where, y, rows, outputShape, targetKind);
  if (data.length === rows * labelsPerRow(outputShape, targetKind)) {
    checkLabels(where, data, outputShape);
    labels.set(data);
    return "labels";
  }
  checkFinite(where, data, outputShape);
  values.set(data);
  return "rows";
}

/**
 * One weight per row, or undefined if none were given.
 * @throws ShapeError if their number differs, DataError if one is negative or not finite, or if their sum is 0.
 */
export function takeWeights(where: string, weights: unknown, rows: number): Float32Array | undefined {
  if (weights === undefined) return undefined;
  const data = weightNumbers(where, weights, rows);
  checkWeights(where, data);
  return data instanceof Float32Array ? data : new Float32Array(data);
}

/**
 * Writes checked weights (ones if undefined) to `target` and returns their sum.
 * @throws as takeWeights; `target` is as it was then.
 */
export function copyWeights(where: string, weights: unknown, rows: number, target: Float32Array): number {
  if (weights === undefined) {
    target.fill(1, 0, rows);
    return rows;
  }
  const data = weightNumbers(where, weights, rows);
  const sum = checkWeights(where, data);
  target.set(data);
  return sum;
}

/** x's numbers, if its rows have the input's shape; flat numbers need none. */
function inputNumbers(where: string, x: unknown, inputShape: Shape): TypedArray {
  const shape = shapeOf(where, x);
  const isFlat = shape.length === 1 && !isTensor(x);
  // The first row decides: if it is wrong, so is the shape; rows that differ from a right first one are ragged.
  if (!isFlat && !sameShape(shape.slice(1), inputShape)) {
    if (isTensor(x)) throw new ShapeError(`${where} must have shape [rows, ${inputShape.join(", ")}], got ${showShape(shape)}`);
    throw new ShapeError(`${where} must have rows of shape ${showShape(inputShape)}, got shape ${showShape(shape.slice(1))} at row 0`);
  }
  return numbersOf(where, x, shape);
}

function countRows(where: string, data: TypedArray, inputShape: Shape): number {
  const rows = data.length / sizeOf(inputShape);
  if (rows === 0) throw new DataError(`${where} must have one row at least, got none`);
  if (!Number.isInteger(rows)) {
    const rule = `a multiple of ${sizeOf(inputShape)} numbers, to be cut into rows of shape ${showShape(inputShape)}`;
    throw new ShapeError(`${where} must hold ${rule}, got ${data.length}`);
  }
  return rows;
}

/** How many labels stand for a row of targets; NaN, which no count equals, if none do: one class leaves nothing to name. */
function labelsPerRow(outputShape: Shape, targetKind: TargetKind): number {
  const classes = outputShape[outputShape.length - 1]!;
  return targetKind === "labels-or-rows" && classes > 1 ? sizeOf(outputShape) / classes : NaN;
}

/** y's numbers, if they are labels or rows for the rows of x. */
function targetNumbers(where: string, y: unknown, rows: number, outputShape: Shape, targetKind: TargetKind): TypedArray {
  const size = sizeOf(outputShape);
  const labels = labelsPerRow(outputShape, targetKind);
  // Before all else, and without allocation: the flat array of a training step.
  if (isTypedArray(y) && (y.length === rows * size || y.length === rows * labels)) return y;
  const shape = shapeOf(where, y);
  const full = [rows, ...outputShape];
  const short = labels > 0 || outputShape[outputShape.length - 1] === 1 ? full.slice(0, -1) : full; // labels, or a column
  const isFlat = shape.length === 1 && !isTensor(y);
  const fits = isFlat ? shape[0] === rows * size || shape[0] === rows * labels : sameShape(shape, full) || sameShape(shape, short);
  if (fits) return numbersOf(where, y, shape);
  const also = short === full ? "" : ` or ${showShape(short)}${labels > 0 ? " (labels)" : ""}`;
  const came = isFlat ? `${shape[0]} numbers` : `shape ${showShape(shape)}`;
  const fix = short === full && shape.length === 1 && shape[0] === rows ? `. One value per row does not stand for ${size}.` : "";
  throw new ShapeError(`${where} must have shape ${showShape(full)}${also}, as x has ${rows} rows, got ${came}${fix}`);
}

/** Labels are integers in [0, classes). */
function checkLabels(where: string, labels: TypedArray, outputShape: Shape): void {
  const classes = outputShape[outputShape.length - 1]!;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label >= 0 && label < classes && label === Math.trunc(label)) continue;
    const at = place(indices(i, outputShape.slice(0, -1)));
    const fix =
      Number.isFinite(label) && !Number.isInteger(label) ? `Probabilities take rows of ${classes} values.` : "Labels count from 0.";
    throw new DataError(`${where} must be integer labels in [0, ${classes}), got ${label} at ${at}. ${fix}`);
  }
}

function weightNumbers(where: string, weights: unknown, rows: number): TypedArray {
  if (isTypedArray(weights) && weights.length === rows) return weights;
  const shape = shapeOf(where, weights);
  if (shape.length !== 1 || shape[0] !== rows) {
    throw new ShapeError(`${where} must have shape [${rows}], one weight for each row of x, got shape ${showShape(shape)}`);
  }
  return numbersOf(where, weights, shape);
}

/** The sum of the weights as float32 numbers. */
function checkWeights(where: string, weights: TypedArray): number {
  let sum = 0;
  for (let row = 0; row < weights.length; row++) {
    const weight = Math.fround(weights[row]!);
    if (!(weight >= 0 && weight < Infinity)) {
      throw new DataError(`${where} must be finite numbers, 0 or above, got ${weights[row]} at row ${row}`);
    }
    sum += weight;
  }
  if (sum === 0) throw new DataError(`${where} must not all be 0, got a sum of 0. A batch without weight has no mean loss.`);
  return sum;
}

/** The shape of anything that can hold numbers; flat numbers have rank 1. */
function shapeOf(where: string, value: unknown): Shape {
  if (isTensor(value)) return tensorShape(where, value);
  const shape = shapeOfArrays(value);
  if (shape === undefined) throw new DataError(`${where} must be an array, a typed array or a Tensor, got ${show(value)}`);
  return shape;
}

/** The numbers of a value of this shape, which need not be finite. Float64, so that 2.000000001 is not taken for a label. */
function numbersOf(where: string, value: unknown, shape: Shape): TypedArray {
  if (isTypedArray(value)) return value;
  if (isTensor(value)) return value.data;
  const data = new Float64Array(sizeOf(shape));
  readArrays(where, value as NestedNumbers, shape, data, shape.length === 1 ? ([i]) => `index ${i}` : place);
  return data;
}

/** Every number finite as a float32. */
function checkFinite(where: string, data: TypedArray, rowShape: Shape): void {
  const index = data instanceof Float32Array ? firstNotFinite(data) : data.findIndex((value) => !Number.isFinite(Math.fround(value)));
  if (index === -1) return;
  const at = place(indices(index, sizeOf(rowShape) === 1 ? [] : rowShape));
  throw new DataError(
    `${where} must be finite, got ${data[index]} at ${at}. Drop or fill such rows, and scale values beyond 3.4e38, the range of float32.`,
  );
}

/**
 * For Float32Array alone, as a loop that sees one type of array is several times faster. Four at a time, whose sum in float64 is finite
 * if they are: 0.35 ns a number, where Number.isFinite of each takes 0.45 to 5, by what V8 has seen before (Zen 5).
 */
function firstNotFinite(data: Float32Array): number {
  let i = 0;
  for (; i + 3 < data.length; i += 4) if ((data[i]! + data[i + 1]! + data[i + 2]! + data[i + 3]!) * 0 !== 0) break;
  for (; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

/** [row, ...indices within the row] of a flat index. */
function indices(index: number, rowShape: Shape): number[] {
  const path: number[] = [];
  let rest = index;
  for (let axis = rowShape.length - 1; axis >= 0; axis--) {
    path.unshift(rest % rowShape[axis]!);
    rest = Math.floor(rest / rowShape[axis]!);
  }
  return [rest, ...path];
}

/** "row 3, column 1": how messages name an element, or an array within the data. */
function place(path: readonly number[]): string {
  const [row, ...inner] = path;
  if (inner.length === 0) return `row ${row}`;
  return inner.length === 1 ? `row ${row}, column ${inner[0]}` : `row ${row}, position ${showShape(inner)}`;
}
