/**
 * Columns of a table as the inputs of a net: numbers as they are, texts one-hot. What was found on one table is applied
 * to every later one, so that a saved model reads raw rows.
 */
import { checkCount, checkOneOf, checkOptions } from "../check.ts";
import { DataError, FormatError, ShapeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import type { NumericData } from "./arrays.ts";
import { decodeColumns, type EncodedColumn, encodeColumns, inputsOf } from "./encodeColumns.ts";
import { parseNumber } from "./parseNumber.ts";
import { columnOf, type Table, type TextColumn } from "./readCsv.ts";
import { readRows } from "./rows.ts";
import type { TransformJSON } from "./transform.ts";

export interface TableEncoderOptions {
  /** Names of columns that are no inputs: the target, row numbers. */
  exclude?: readonly string[];
  /** A text column with more categories than this (default 100) is an error: it holds names, or numbers with a slip. */
  maxCategories?: number;
  /** Names of text columns that become one input with the number of the category, from 0: for embeddings, and for ordered ones. */
  codes?: readonly string[];
  /** A missing number (or code) is an error (default), or stays NaN ('keep'): for an imputer that follows. */
  missing?: "error" | "keep";
}

/** What makes the inputs of a net of a table: a tableEncoder, alone or with transforms after it (`pipeline`). */
export interface TableTransform {
  /** The columns of the table that are inputs; empty before `fit`. */
  readonly columns: readonly EncodedColumn[];
  /** What the columns of later files must hold: `readCsv(text, { kinds: encoder.kinds })`. */
  readonly kinds: Readonly<Record<string, "number" | "text">>;
  /** How many inputs of a net they become. */
  readonly outputs: number;
  fit(table: Table): this;
  /** f32[rows, inputs]. */
  transform(table: Table): Tensor;
  fitTransform(table: Table): Tensor;
  /** The columns of the table again. */
  inverse(x: NumericData): Table;
  toJSON(): TransformJSON;
}

export interface TableEncoder extends TableTransform {
  /** A name per input: the column's, or "column=category". */
  readonly inputs: readonly string[];
  /** f32[rows, inputs.length]. A category that `fit` has not seen, and a missing text, is 0 in all its inputs. */
  transform(table: Table): Tensor;
  /** Of a text column the category with the largest input, none ("") where all are about 0; of a code the nearest. */
  inverse(x: NumericData): Table;
  toJSON(): TableEncoderJSON;
}

export interface TableEncoderJSON {
  readonly type: "tableEncoder";
  readonly columns: readonly EncodedColumn[];
  readonly missing?: "keep";
}

/**
 * An encoder for tables of `readCsv`. Columns are found by name, so that their order may change and others may join them.
 * @throws DataError (from fit and transform) for a missing or infinite number, naming line and column.
 */
export function tableEncoder(options: TableEncoderOptions = {}): TableEncoder {
  checkOptions("tableEncoder", options, ["exclude", "maxCategories", "codes", "missing"]);
  const { exclude = [], maxCategories = 100, codes = [], missing = "error" } = options;
  checkCount("tableEncoder: maxCategories", maxCategories, 0);
  checkOneOf("tableEncoder: missing", missing, ["error", "keep"]);
  return makeEncoder([], missing === "keep", exclude, maxCategories, codes);
}

/** The encoder that `toJSON` described. @throws FormatError for anything else. */
export function tableEncoderFrom(json: TableEncoderJSON): TableEncoder {
  const { type, columns, missing } = json ?? {};
  const isMissing = missing === undefined || missing === "keep";
  if (type !== "tableEncoder" || !isMissing || !Array.isArray(columns) || !columns.every(isEncodedColumn)) {
    throw new FormatError("tableEncoderFrom: the value is not what a tableEncoder's toJSON gives");
  }
  return makeEncoder(columns, missing === "keep", [], 100, []);
}

/** The named columns as f32[rows, names.length]. @throws DataError for a text, missing or infinite value. */
export function numbers(table: Table, names: readonly string[]): Tensor {
  return encodeColumns(
    table,
    names.map((name) => ({ name })),
    "numbers",
    false,
  );
}

function makeEncoder(
  fitted: readonly EncodedColumn[],
  keepsMissing: boolean,
  exclude: readonly string[],
  maxCategories: number,
  codes: readonly string[],
): TableEncoder {
  let columns = fitted;
  return {
    get columns() {
      return columns;
    },
    get inputs() {
      return columns.flatMap(({ name, categories, isCode }) =>
        categories && !isCode ? categories.map((category) => `${name}=${category}`) : [name],
      );
    },
    get outputs() {
      return inputsOf(columns);
    },
    get kinds() {
      return Object.fromEntries(columns.map(({ name, categories }) => [name, categories ? ("text" as const) : ("number" as const)]));
    },
    fit(table) {
      for (const name of exclude) columnOf(table, name, "tableEncoder: exclude");
      const chosen = table.columns.filter(({ name }) => !exclude.includes(name));
      for (const name of codes) {
        const { kind } = columnOf(table, name, "tableEncoder: codes");
        const fix = 'Read the file with kinds: { name: "text" } if its numbers are names.';
        if (kind === "number")
          throw new DataError(`tableEncoder: codes: column ${JSON.stringify(name)} must hold texts, got numbers. ${fix}`);
      }
      columns = chosen.map((column): EncodedColumn => {
        if (column.kind === "number") return { name: column.name };
        const isCode = codes.includes(column.name);
        const categories = categoriesOf(table, column, isCode ? Infinity : maxCategories);
        return isCode ? { name: column.name, categories, isCode } : { name: column.name, categories };
      });
      return this;
    },
    transform(table) {
      if (columns.length === 0) throw new DataError("tableEncoder: transform must come after fit on a table with input columns");
      return encodeColumns(table, columns, "tableEncoder", keepsMissing);
    },
    fitTransform(table) {
      return this.fit(table).transform(table);
    },
    inverse(x) {
      const read = readRows("tableEncoder.inverse", x, keepsMissing);
      const width = inputsOf(columns);
      if (read.width !== width || width === 0)
        throw new ShapeError(`tableEncoder.inverse: rows must have the ${width} columns that transform gives, got ${read.width}`);
      return decodeColumns(read, columns);
    },
    toJSON() {
      return keepsMissing ? { type: "tableEncoder", columns, missing: "keep" } : { type: "tableEncoder", columns };
    },
  };
}

/** The distinct texts in the order of their UTF-16 units: the same on every machine. */
function categoriesOf(table: Table, column: TextColumn, maxCategories: number): string[] {
  const categories = [...new Set(column.values)].filter((value) => value !== "").sort();
  if (categories.length <= maxCategories) return categories;
  const where = `tableEncoder: column ${JSON.stringify(column.name)}`;
  const row = column.values.findIndex((value) => value !== "" && Number.isNaN(parseNumber(value, 0, value.length)));
  const hasNumbers = column.values.some((value) => !Number.isNaN(parseNumber(value, 0, value.length)));
  const fix = hasNumbers
    ? `It has numbers, but also ${JSON.stringify(column.values[row])} on line ${table.lines[row]}.`
    : "Exclude it, or raise maxCategories.";
  throw new DataError(`${where} must have at most ${maxCategories} categories, got ${categories.length}. ${fix}`);
}

function isEncodedColumn(column: unknown): boolean {
  if (typeof column !== "object" || column === null || !("name" in column) || typeof column.name !== "string") return false;
  if (!("categories" in column) || column.categories === undefined) return true;
  if ("isCode" in column && column.isCode !== undefined && column.isCode !== true) return false;
  return Array.isArray(column.categories) && column.categories.every((category) => typeof category === "string");
}
