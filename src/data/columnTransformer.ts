/** Transforms of some columns each, their results side by side. */
import { checkOneOf, checkOptions, fail } from "../check.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { checkTransform } from "./pipeline.ts";
import type { Matrix } from "./rows.ts";
import { type Encoder, type Transform, type TransformJSON, type TransformRule, transformOf } from "./transform.ts";

export interface ColumnBlock {
  /** Numbers of the columns, from 0, in any order; several blocks may take the same column. */
  columns: readonly number[];
  transform: Transform;
}

export interface ColumnTransformerOptions {
  /** Columns that no block takes: left out ('drop', default), or after all others as they are ('keep'). */
  rest?: "drop" | "keep";
}

export interface ColumnTransformerJSON {
  readonly type: "columnTransformer";
  readonly rest: "drop" | "keep";
  /** Columns that fit saw, 0 before. */
  readonly inputs: number;
  readonly blocks: readonly { readonly columns: readonly number[]; readonly transform: TransformJSON }[];
}

export interface ColumnTransformer extends Encoder {
  toJSON(): ColumnTransformerJSON;
}

/**
 * The results of all blocks, in their order, then the rest. The inverse asks each block for its columns (the first one for a
 * column that several take); a column that is dropped comes back as NaN.
 * @throws OptionError for what is no block, an unknown option; its methods as those of the transforms, ShapeError for rows
 * without a column that a block takes.
 */
export function columnTransformer(blocks: readonly ColumnBlock[], options: ColumnTransformerOptions = {}): ColumnTransformer {
  checkOptions("columnTransformer", options, ["rest"]);
  const { rest = "drop" } = options;
  checkOneOf("columnTransformer: rest", rest, ["drop", "keep"]);
  if (!Array.isArray(blocks) || blocks.length === 0) fail("columnTransformer: blocks", "an array of { columns, transform }", blocks);
  blocks.forEach((block: ColumnBlock, i) => {
    checkOptions(`columnTransformer: blocks[${i}]`, block, ["columns", "transform"]);
    const { columns, transform } = block;
    const isList = Array.isArray(columns) && columns.length > 0 && columns.every((j) => Number.isSafeInteger(j) && j >= 0);
    if (!isList || new Set(columns).size < columns.length) {
      fail(`columnTransformer: blocks[${i}].columns`, "different numbers of columns, from 0", columns);
    }
    checkTransform(`columnTransformer: blocks[${i}].transform`, transform);
  });
  if (new Set(blocks.map(({ transform }) => transform)).size < blocks.length) {
    throw new OptionError("columnTransformer: a transform must stand in one block, got one in two. Make two");
  }
  return makeTransformer(blocks, rest, 0);
}

export function makeTransformer(blocks: readonly ColumnBlock[], rest: "drop" | "keep", fittedInputs: number): ColumnTransformer {
  const parts = blocks.map(({ columns, transform }) => ({ columns, rule: transform.rule }));
  let inputs = fittedInputs;
  const kept = () => {
    const taken = new Set(parts.flatMap(({ columns }) => columns));
    return rest === "drop" ? [] : Array.from({ length: inputs }, (_, j) => j).filter((j) => !taken.has(j));
  };
  let remaining = kept();
  const toJSON = (): ColumnTransformerJSON => ({
    type: "columnTransformer",
    rest,
    inputs,
    blocks: parts.map(({ columns, rule }) => ({ columns, transform: rule.toJSON() })),
  });
  const gather = (x: Float64Array, at: number, columns: readonly number[], rule: TransformRule): Float64Array => {
    const row = Float64Array.from(columns, (j) => x[at + j]!);
    const missing = rule.takesMissing ? -1 : row.findIndex(Number.isNaN);
    if (missing >= 0) {
      const where = `columnTransformer: x must be finite for ${rule.type}`;
      throw new DataError(
        `${where}, got NaN at row ${at / inputs}, column ${columns[missing]}. Fill in missing values first, as imputer() does`,
      );
    }
    return row;
  };
  const rule: TransformRule = {
    type: "columnTransformer",
    keepsColumns: false,
    takesMissing: rest === "drop" || parts.some(({ rule: { takesMissing } }) => takesMissing),
    get inputs() {
      return inputs;
    },
    get outputs() {
      return parts.reduce((sum, part) => sum + part.rule.outputs, remaining.length);
    },
    fit(x, where) {
      const largest = Math.max(...parts.flatMap(({ columns }) => columns));
      if (largest >= x.width)
        throw new ShapeError(`${where}: rows must have a column ${largest}, which a block takes, got ${x.width} columns`);
      inputs = x.width;
      remaining = kept();
      parts.forEach(({ columns, rule: own }, i) => own.fit(blockOf(x, columns, own), `${where}: blocks[${i}], ${own.type}`));
    },
    apply(x, at, y, to) {
      let next = to;
      for (const { columns, rule: own } of parts) {
        own.apply(gather(x, at, columns, own), 0, y, next);
        next += own.outputs;
      }
      for (const j of remaining) {
        if (Number.isNaN(x[at + j])) {
          throw new DataError(`columnTransformer: x must be finite in columns that are kept, got NaN at row ${at / inputs}, column ${j}`);
        }
        y[next++] = x[at + j]!;
      }
    },
    toJSON,
  };
  const blockOf = (x: Matrix, columns: readonly number[], own: TransformRule): Matrix => {
    const data = new Float64Array(x.rows * columns.length);
    for (let i = 0; i < x.rows; i++) data.set(gather(x.data, i * x.width, columns, own), i * columns.length);
    return { data, rows: x.rows, width: columns.length };
  };
  if (parts.every(({ rule: { invert } }) => invert !== undefined)) {
    rule.invert = (y, at, x, to) => {
      x.fill(Number.NaN, to, to + inputs);
      let next = at;
      for (const { columns, rule: own } of parts) {
        const row = new Float64Array(own.inputs);
        own.invert!(y, next, row, 0);
        columns.forEach((j, i) => {
          if (Number.isNaN(x[to + j])) x[to + j] = row[i]!;
        });
        next += own.outputs;
      }
      for (const j of remaining) x[to + j] = y[next++]!;
    };
  }
  return transformOf(rule) as ColumnTransformer;
}
