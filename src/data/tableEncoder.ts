/**
 * Columns of a table as the inputs of a net: numbers as they are, texts one-hot. What was found on one table is applied
 * to every later one, so that a saved model reads raw rows.
 */
import { checkCount, checkOptions } from "../check.ts";
import { DataError, FormatError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { parseNumber } from "./parseNumber.ts";
import { type Column, columnOf, type Table, type TextColumn } from "./readCsv.ts";

/** One column that is encoded: categories, sorted, if it is text. */
export interface EncodedColumn {
  readonly name: string;
  readonly categories?: readonly string[];
  /** One input that holds the number of the category, instead of one per category. */
  readonly isCode?: true;
}

export interface TableEncoderOptions {
  /** Names of columns that are no inputs: the target, row numbers. */
  exclude?: readonly string[];
  /** A text column with more categories than this (default 100) is an error: it holds names, or numbers with a slip. */
  maxCategories?: number;
  /** Names of text columns that become one input with the number of the category, from 0: for embeddings, and for ordered ones. */
  codes?: readonly string[];
}

export interface TableEncoder {
  /** The encoded columns; empty before `fit`. */
  readonly columns: readonly EncodedColumn[];
  /** A name per input: the column's, or "column=category". */
  readonly inputs: readonly string[];
  /** What the columns of later files must hold: `readCsv(text, { kinds: encoder.kinds })`. */
  readonly kinds: Readonly<Record<string, "number" | "text">>;
  fit(table: Table): TableEncoder;
  /** f32[rows, inputs.length]. A category that `fit` has not seen, and a missing text, is 0 in all its inputs. */
  transform(table: Table): Tensor;
  fitTransform(table: Table): Tensor;
  toJSON(): TableEncoderJSON;
}

export interface TableEncoderJSON {
  readonly type: "tableEncoder";
  readonly columns: readonly EncodedColumn[];
}

/**
 * An encoder for tables of `readCsv`. Columns are found by name, so that their order may change and others may join them.
 * @throws DataError (from fit and transform) for a missing or infinite number, naming line and column.
 */
export function tableEncoder(options: TableEncoderOptions = {}): TableEncoder {
  checkOptions("tableEncoder", options, ["exclude", "maxCategories", "codes"]);
  const { exclude = [], maxCategories = 100, codes = [] } = options;
  checkCount("tableEncoder: maxCategories", maxCategories, 0);
  return makeEncoder([], exclude, maxCategories, codes);
}

/** The encoder that `toJSON` described. @throws FormatError for anything else. */
export function tableEncoderFrom(json: TableEncoderJSON): TableEncoder {
  if (json?.type !== "tableEncoder" || !Array.isArray(json.columns) || !json.columns.every(isEncodedColumn)) {
    throw new FormatError("tableEncoderFrom: the value is not what a tableEncoder's toJSON gives");
  }
  return makeEncoder(json.columns, [], 100, []);
}

/** The named columns as f32[rows, names.length]. @throws DataError for a text, missing or infinite value. */
export function numbers(table: Table, names: readonly string[]): Tensor {
  return encode(
    table,
    names.map((name) => ({ name })),
    "numbers",
  );
}

function makeEncoder(
  fitted: readonly EncodedColumn[],
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
      return encode(table, columns, "tableEncoder");
    },
    fitTransform(table) {
      return this.fit(table).transform(table);
    },
    toJSON() {
      return { type: "tableEncoder", columns };
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

function encode(table: Table, columns: readonly EncodedColumn[], where: string): Tensor {
  const width = columns.reduce((sum, { categories, isCode }) => sum + (isCode ? 1 : (categories?.length ?? 1)), 0);
  const data = new Float32Array(table.rows * width);
  let offset = 0;
  for (const { name, categories, isCode } of columns) {
    const column = columnOf(table, name, where);
    if (categories && isCode) putCodes(table, column, categories, where, data, offset++, width);
    else if (categories) {
      putOneHot(column, categories, data, offset, width);
      offset += categories.length;
    } else {
      putNumbers(table, column, where, data, offset, width);
      offset++;
    }
  }
  return { data, shape: [table.rows, width] };
}

function putOneHot(column: Column, categories: readonly string[], data: Float32Array, offset: number, width: number): void {
  const places = new Map(categories.map((category, place) => [category, place]));
  for (let row = 0; row < column.values.length; row++) {
    const place = places.get(String(column.values[row]));
    if (place !== undefined) data[row * width + offset + place] = 1;
  }
}

function putCodes(
  table: Table,
  column: Column,
  categories: readonly string[],
  where: string,
  data: Float32Array,
  offset: number,
  width: number,
): void {
  const places = new Map(categories.map((category, place) => [category, place]));
  for (let row = 0; row < table.rows; row++) {
    const value = column.values[row]!;
    const place = places.get(String(value));
    if (place === undefined) {
      const got = value === "" || Number.isNaN(value) ? "no value" : JSON.stringify(String(value));
      const list = `${categories.slice(0, 8).join(", ")}${categories.length > 8 ? ", ..." : ""}`;
      throw new DataError(`${where}: line ${table.lines[row]}, column ${JSON.stringify(column.name)} must be one of ${list}, got ${got}`);
    }
    data[row * width + offset] = place;
  }
}

function putNumbers(table: Table, column: Column, where: string, data: Float32Array, offset: number, width: number): void {
  const { values } = column;
  for (let row = 0; row < table.rows; row++) {
    const value = values[row]!;
    const number = typeof value === "number" ? Math.fround(value) : value === "" ? Number.NaN : parseNumber(value, 0, value.length);
    if (Number.isFinite(number)) {
      data[row * width + offset] = number;
      continue;
    }
    const isMissing = value === "" || Number.isNaN(value);
    const got = isMissing ? "no value" : typeof value === "number" ? String(value) : JSON.stringify(value);
    const fix = isMissing ? " Fill it in, remove the line, or exclude the column." : "";
    const place = `line ${table.lines[row]}, column ${JSON.stringify(column.name)}`;
    throw new DataError(`${where}: ${place} must be a finite number, got ${got}.${fix}`);
  }
}

function isEncodedColumn(column: unknown): boolean {
  if (typeof column !== "object" || column === null || !("name" in column) || typeof column.name !== "string") return false;
  if (!("categories" in column) || column.categories === undefined) return true;
  if ("isCode" in column && column.isCode !== undefined && column.isCode !== true) return false;
  return Array.isArray(column.categories) && column.categories.every((category) => typeof category === "string");
}
