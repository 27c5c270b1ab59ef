/**
 * What all transforms share: learning from training rows, applying to new ones, the way back, and JSON. A transform is a
 * rule (the maths of one row) and the forms in which rows come and go, which are dealt with here.
 */
import { DataError, OptionError, ShapeError } from "../errors.ts";
import type { NumericData } from "./arrays.ts";
import { asRowsLike, type Encoded, inFormOf, type Matrix, readRows, type Scaled } from "./rows.ts";

/** What `toJSON` gives: plain data, from which `transformFrom` makes the same transform. */
export interface TransformJSON {
  readonly type: string;
}

/** The maths. Rows are float64; `at` and `to` are the places at which a row begins. */
export interface TransformRule {
  /** Name of the factory, for messages and JSON. */
  readonly type: string;
  /** Every column becomes one column: results keep the shape of their rows. */
  readonly keepsColumns: boolean;
  /** Whether NaN may stand for a missing value in its input. */
  readonly takesMissing: boolean;
  /** Columns of the rows that `fit` saw, 0 before; and of the rows that `apply` gives. */
  readonly inputs: number;
  readonly outputs: number;
  /** Learns from rows, of which there is at least one. `where` begins messages. */
  fit(x: Matrix, where: string): void;
  apply(x: Float64Array, at: number, y: Float64Array, to: number): void;
  /** Absent where there is no way back. */
  invert?(y: Float64Array, at: number, x: Float64Array, to: number): void;
  toJSON(): TransformJSON;
}

/** What pipelines and models take: any transform. */
export interface Transform {
  readonly rule: TransformRule;
  /** Learns from training rows x [rows, ...]: each place of a row is a column; rank 1 is one column. */
  fit(x: NumericData): this;
  transform(x: NumericData): unknown;
  inverse(x: NumericData): unknown;
  fitTransform(x: NumericData): unknown;
  toJSON(): TransformJSON;
}

/** A transform that gives as many columns as it takes. */
export interface Scaler extends Transform {
  transform<T extends NumericData>(x: T): Scaled<T>;
  inverse<T extends NumericData>(x: T): Scaled<T>;
  fitTransform<T extends NumericData>(x: T): Scaled<T>;
}

/** A transform that gives other columns than it takes. */
export interface Encoder extends Transform {
  transform<T extends NumericData>(x: T): Encoded<T>;
  inverse<T extends NumericData>(x: T): Encoded<T>;
  fitTransform<T extends NumericData>(x: T): Encoded<T>;
}

/**
 * The transform of a rule.
 * @throws (its methods) DataError for NaN, infinite or missing values with row and column, an empty set, ragged rows, a
 * transform before fit; ShapeError for rows of another width.
 */
export function transformOf(rule: TransformRule & { readonly keepsColumns: true }): Scaler;
export function transformOf(rule: TransformRule): Encoder;
export function transformOf(rule: TransformRule): Encoder | Scaler {
  return {
    rule,
    fit(x: NumericData) {
      const where = `${rule.type}.fit`;
      const read = readRows(where, x, rule.takesMissing);
      if (read.data.length === 0) throw new DataError(`${where}: x must have at least one row and one column`);
      rule.fit(read, where);
      return this;
    },
    transform(x: NumericData) {
      return mapRows(`${rule.type}.transform`, rule, x, "forward");
    },
    inverse(x: NumericData) {
      return mapRows(`${rule.type}.inverse`, rule, x, "back");
    },
    fitTransform(x: NumericData) {
      return this.fit(x).transform(x) as never;
    },
    toJSON: () => rule.toJSON(),
  } as Encoder | Scaler;
}

function mapRows(where: string, rule: TransformRule, x: NumericData, direction: "forward" | "back"): unknown {
  if (rule.inputs === 0) throw new DataError(`${where} must come after fit`);
  const isForward = direction === "forward";
  if (!isForward && rule.invert === undefined) throw new OptionError(`${where}: ${rule.type} has no inverse`);
  const { data, rows, width, shape } = readRows(where, x, rule.takesMissing && isForward);
  const [from, to] = isForward ? [rule.inputs, rule.outputs] : [rule.outputs, rule.inputs];
  if (width !== from) {
    const whose = isForward || rule.keepsColumns ? "that fit saw" : "that transform gives";
    throw new ShapeError(`${where}: rows must have the ${from} columns ${whose}, got ${width}`);
  }
  const out = new Float64Array(rows * to);
  for (let i = 0; i < rows; i++) {
    if (isForward) rule.apply(data, i * from, out, i * to);
    else rule.invert!(data, i * from, out, i * to);
  }
  return rule.keepsColumns ? inFormOf(x, out, shape) : asRowsLike(x, out, to);
}

/** All rows through a fitted rule. */
export function applyTo(rule: TransformRule, { data, rows, width }: Matrix): Matrix {
  const out = new Float64Array(rows * rule.outputs);
  for (let i = 0; i < rows; i++) rule.apply(data, i * width, out, i * rule.outputs);
  return { data: out, rows, width: rule.outputs };
}

/** The transform with getters of its own. */
export function withFields<T extends Transform, F extends object>(transform: T, fields: F): T & F {
  return Object.defineProperties(transform, Object.getOwnPropertyDescriptors(fields)) as T & F;
}
