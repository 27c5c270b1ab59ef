/**
 * Divides rows at random into parts for training, validation and test. splitIndices knows row numbers only; split applies
 * it to data and keeps each container's kind.
 */
import { checkOneOf, checkOptions, fail, show } from "../check.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { checkSeed, permutation, RandomStream, STREAM_SPLIT } from "../random.ts";
import { isTensorLike, isTypedArray, type TensorLike, type TypedArray } from "./arrays.ts";
import { numberedGroups } from "./groups.ts";

export interface SplitOptions {
  /** Share of all rows below 1, or a count from 1; 0 (default) for no such part. */
  validation?: number;
  /** The same for the test part; default 0.2. */
  test?: number;
  /** Give each part every class in its share. 'auto' (default): if y holds integer labels, each at least twice. */
  stratify?: boolean | "auto";
  /** Integer from 0; default 0. The same seed gives the same parts on every machine. */
  seed?: number;
  /** The group of each row, a number or a text: no group is in two parts, and shares and counts are those of groups. */
  groups?: ArrayLike<unknown>;
}

export interface SplitIndices {
  /** Row numbers of each part, in random order. */
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** Rows as an array, a tensor, or a flat typed array (its width follows from the number of rows). */
export type Rows = TensorLike | TypedArray | readonly unknown[];

export interface SplitData {
  readonly x: Rows;
  readonly y: Rows;
  readonly weights?: Rows;
}

export interface SplitResult<D extends SplitData> {
  readonly train: D;
  /** Only if a validation part was asked for. */
  readonly validation?: D;
  readonly test: D;
  readonly indices: SplitIndices;
}

const NAMES = ["validation", "test", "stratify", "seed", "groups"];

/**
 * Splits { x, y, weights? } by rows; containers keep their kind (tensors and typed arrays are copied, rows of arrays are
 * shared). Sizes round up to whole rows, training takes the rest. Stratified classes share out each part by largest
 * remainder, ties at random, as scikit-learn does.
 * @throws OptionError for a share or count out of range; DataError if the training part would be empty or a class has
 * one row under `stratify: true`; ShapeError for x, y and weights of different lengths.
 */
export function split<D extends SplitData>(data: D, options: SplitOptions = {}): SplitResult<D> {
  checkOptions("split", options, NAMES);
  const n = readData("split", data);
  const { x, y, weights } = data;
  const parts = splitIndices(n, labelsOf(y, n), options);
  const take = (indices: Uint32Array): D => {
    const part = { ...data, x: takeRows(x, n, indices), y: takeRows(y, n, indices) };
    return weights === undefined ? part : { ...part, weights: takeRows(weights, n, indices) };
  };
  const result = { train: take(parts.train), test: take(parts.test), indices: parts };
  return parts.validation.length > 0 ? { ...result, validation: take(parts.validation) } : result;
}

/**
 * Row numbers 0..n-1 in three parts, each row in exactly one. `labels` (one per row, or undefined) are used as
 * `stratify` says. `stream` keeps draws for different ends apart under one seed.
 */
export function splitIndices(
  n: number,
  labels: ArrayLike<unknown> | undefined,
  options: SplitOptions = {},
  stream: number = STREAM_SPLIT,
): SplitIndices {
  const { validation = 0, test = 0.2, stratify = "auto", seed = 0, groups } = options;
  checkSeed("split: seed", seed);
  if (typeof stratify !== "boolean") checkOneOf("split: stratify", stratify, ["auto"]);
  if (groups !== undefined) return splitGroups(n, groups, options, stream);
  const testRows = partSize("test", test, n);
  const validationRows = partSize("validation", validation, n);
  if (n - testRows - validationRows < 1) {
    const shares =
      validationRows > 0 ? `a test part of ${testRows} and a validation part of ${validationRows}` : `a test part of ${testRows}`;
    if (n === 0) throw new DataError("split: the data has no rows");
    throw new DataError(`split: ${n} rows leave none for training beside ${shares}`);
  }

  const random = new RandomStream(seed, stream);
  const order = permutation(n, random);
  const { classes, counts } = classesOf(n, labels, stratify);
  const testLeft = shareOut(testRows, counts, random);
  const rest = counts.map((count, c) => count - testLeft[c]!);
  const validationLeft = shareOut(validationRows, rest, random);

  const parts = {
    train: new Uint32Array(n - testRows - validationRows),
    validation: new Uint32Array(validationRows),
    test: new Uint32Array(testRows),
  };
  const filled = { train: 0, validation: 0, test: 0 };
  for (const row of order) {
    const c = classes[row]!;
    const part = testLeft[c]! > 0 ? "test" : validationLeft[c]! > 0 ? "validation" : "train";
    if (part === "test") testLeft[c]!--;
    if (part === "validation") validationLeft[c]!--;
    parts[part][filled[part]++] = row;
  }
  // A class fills its test rows first, so that a small part would begin with its rarest: mix once more
  return { train: mixed(parts.train, random), validation: mixed(parts.validation, random), test: mixed(parts.test, random) };
}

/** Divides the groups, and takes the rows of each. */
function splitGroups(n: number, groups: ArrayLike<unknown>, options: SplitOptions, stream: number): SplitIndices {
  if (options.stratify === true) throw new OptionError("split: stratify must be false or 'auto' with groups, got true");
  const { numbers, counts } = numberedGroups("split: groups", groups);
  if (groups.length !== n) throw new ShapeError(`split: groups must have ${n} entries, one per row, got ${groups.length}`);
  const parts = splitIndices(counts.length, undefined, { ...options, groups: undefined }, stream);
  const random = new RandomStream(options.seed ?? 0, stream, 1);
  const rowsOf = (part: Uint32Array) => {
    const chosen = new Set(part);
    return mixed(
      Uint32Array.from(numbers.keys()).filter((row) => chosen.has(numbers[row]!)),
      random,
    );
  };
  return { train: rowsOf(parts.train), validation: rowsOf(parts.validation), test: rowsOf(parts.test) };
}

function mixed(rows: Uint32Array, random: RandomStream): Uint32Array {
  return permutation(rows.length, random).map((i) => rows[i]!);
}

function partSize(name: string, share: number, n: number): number {
  const isShare = typeof share === "number" && share >= 0 && share < 1;
  if (!isShare && !(Number.isSafeInteger(share) && share >= 1)) fail(`split: ${name}`, "a share in [0, 1) or a count of rows", share);
  // The allowance undoes the rounding of share * n, which may lie just above a whole number
  const rows = isShare ? Math.ceil(share * n * (1 - 1e-12)) : share;
  if (rows > n) throw new OptionError(`split: ${name} must be at most the ${n} rows there are, got ${share}`);
  return isShare && share > 0 ? Math.max(1, rows) : rows;
}

/** Class of each row from 0, and rows per class: one class for all if there is nothing to stratify by. */
function classesOf(
  n: number,
  labels: ArrayLike<unknown> | undefined,
  stratify: boolean | "auto",
): { classes: Uint32Array; counts: number[] } {
  const single = { classes: new Uint32Array(n), counts: [n] };
  if (stratify === false || (labels === undefined && stratify === "auto")) return single;
  if (labels === undefined) throw new OptionError("split: stratify must be false or 'auto' for targets that are no labels, got true");
  if (labels.length !== n) throw new ShapeError(`split: there must be ${n} labels, one per row, got ${labels.length}`);
  const numbers = new Map<unknown, number>();
  const counts: number[] = [];
  const classes = new Uint32Array(n);
  for (let row = 0; row < n; row++) {
    const label = labels[row];
    if (stratify === "auto" && typeof label !== "string" && !Number.isInteger(label)) return single;
    let c = numbers.get(label);
    if (c === undefined) {
      c = counts.length;
      numbers.set(label, c);
      counts.push(0);
    }
    counts[c]!++;
    classes[row] = c;
  }
  const lonely = counts.findIndex((count) => count < 2);
  if (lonely < 0) return { classes, counts };
  if (stratify === "auto") return single;
  const label = [...numbers.keys()][lonely];
  throw new DataError(`split: class ${show(label)} must have at least 2 rows to be stratified, got 1. Pass stratify: false, or remove it.`);
}

/** How many of `rows` each class gives: in proportion, the rounding by largest remainder, ties at random. */
function shareOut(rows: number, counts: readonly number[], random: RandomStream): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  // rows * count < 2^53 for fewer than 9e7 rows: quotient and remainder are exact
  const shares = counts.map((count) => Math.floor((rows * count) / total));
  const remainders = counts.map((count) => (rows * count) % total);
  const left = rows - shares.reduce((sum, share) => sum + share, 0);
  const order = Array.from(permutation(counts.length, random)).sort((a, b) => remainders[b]! - remainders[a]!);
  for (const c of order.slice(0, left)) shares[c]!++;
  return shares;
}

/** The number of rows of { x, y, weights? }. @throws OptionError for other containers, ShapeError for different lengths. */
export function readData(where: string, data: SplitData): number {
  if (typeof data !== "object" || data === null) fail(`${where}: data`, "an object { x, y }", data);
  const { x, y, weights } = data;
  const given = weights === undefined ? { x, y } : { x, y, weights };
  for (const [name, rows] of Object.entries(given)) checkKind(`${where}: ${name}`, rows);
  const n = rowCount(x, y);
  for (const [name, rows] of Object.entries(given)) checkRows(`${where}: ${name}`, rows, n);
  return n;
}

/** Labels to stratify by: those of a y of rank 1. */
export function labelsOf(y: Rows, n: number): ArrayLike<unknown> | undefined {
  if (isTensorLike(y)) return y.shape.length === 1 ? y.data : undefined;
  if (isTypedArray(y)) return y.length === n ? y : undefined;
  return y.some((row) => typeof row === "object") ? undefined : y;
}

/** Rows of x, or of y where x is flat. */
function rowCount(x: Rows, y: Rows): number {
  const rows = isTypedArray(x) ? y : x;
  return isTensorLike(rows) ? (rows.shape[0] ?? 0) : rows.length;
}

function checkKind(name: string, rows: Rows): void {
  if (isTensorLike(rows) || isTypedArray(rows) || Array.isArray(rows)) return;
  fail(name, "an array, a typed array or a tensor { data, shape }", rows);
}

export function checkRows(name: string, rows: Rows, n: number): void {
  if (n === 0) return; // splitIndices says so
  if (isTypedArray(rows)) {
    if (rows.length > 0 && rows.length % n === 0) return;
    throw new ShapeError(`${name} must hold a multiple of ${n} numbers, as there are ${n} rows, got ${rows.length}`);
  }
  const got = isTensorLike(rows) ? (rows.shape[0] ?? 0) : rows.length;
  if (got !== n) throw new ShapeError(`${name} must have ${n} rows, got ${got}`);
}

export function takeRows(rows: Rows, n: number, indices: Uint32Array): Rows {
  if (isTypedArray(rows)) return takeFlat(rows, rows.length / n, indices) as TypedArray;
  if (!isTensorLike(rows)) return Array.from(indices, (row) => rows[row]);
  return { data: takeFlat(rows.data, rows.data.length / n, indices), shape: [indices.length, ...rows.shape.slice(1)] };
}

function takeFlat(data: ArrayLike<number>, width: number, indices: Uint32Array): ArrayLike<number> {
  const size = indices.length * width;
  const out: TypedArray | number[] = isTypedArray(data)
    ? new (data.constructor as new (size: number) => TypedArray)(size)
    : new Array(size);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]! * width;
    for (let j = 0; j < width; j++) out[i * width + j] = data[row + j]!;
  }
  return out;
}
