/** Columns of a table as rows of numbers, and back. Which columns, and what categories they have, tableEncoder.ts finds out. */
import { DataError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { parseNumber } from "./parseNumber.ts";
import { type Column, columnOf, type Table } from "./readCsv.ts";
import { columnOfRows, type Matrix } from "./rows.ts";

/** One column that is encoded: categories, sorted, if it is text. */
export interface EncodedColumn {
  readonly name: string;
  readonly categories?: readonly string[];
  /** One input that holds the number of the category, instead of one per category. */
  readonly isCode?: true;
}

const widthOf = ({ categories, isCode }: EncodedColumn): number => (categories && !isCode ? categories.length : 1);

/** How many inputs all of them make. */
export const inputsOf = (columns: readonly EncodedColumn[]): number => columns.reduce((sum, column) => sum + widthOf(column), 0);

/**
 * f32[rows, inputs]: a text is 1 in the input of its category, 0 in the others; what is unknown or missing is 0 in all.
 * @throws DataError for a number or code that is missing (NaN with `keepsMissing`) or none, with its line and column.
 */
export function encodeColumns(table: Table, columns: readonly EncodedColumn[], where: string, keepsMissing: boolean): Tensor {
  const width = inputsOf(columns);
  const data = new Float32Array(table.rows * width);
  let offset = 0;
  for (const own of columns) {
    const { name, categories, isCode } = own;
    const { values } = columnOf(table, name, where);
    const places = new Map(categories?.map((category, place) => [category, place]));
    for (let row = 0; row < table.rows; row++) {
      const value = values[row]!;
      const at = row * width + offset;
      if (categories && !isCode) {
        const place = places.get(String(value));
        if (place !== undefined) data[at + place] = 1;
        continue;
      }
      const number = categories ? (places.get(String(value)) ?? Number.NaN) : numberOf(value);
      const isMissing = value === "" || Number.isNaN(value);
      if (!Number.isFinite(number) && !(isMissing && keepsMissing)) refuse(where, table.lines[row]!, own, value, isMissing);
      data[at] = number;
    }
    offset += widthOf(own);
  }
  return { data, shape: [table.rows, width] };
}

/** As float32 holds it; NaN for what is no number. */
const numberOf = (value: string | number): number => Math.fround(typeof value === "number" ? value : parseNumber(value, 0, value.length));

function refuse(where: string, line: number, { name, categories }: EncodedColumn, value: string | number, isMissing: boolean): never {
  const place = `${where}: line ${line}, column ${JSON.stringify(name)}`;
  const got = isMissing ? "no value" : typeof value === "number" && !categories ? String(value) : JSON.stringify(String(value));
  if (categories) {
    const list = `${categories.slice(0, 8).join(", ")}${categories.length > 8 ? ", ..." : ""}`;
    throw new DataError(`${place} must be one of ${list}, got ${got}`);
  }
  const fix = isMissing ? " Fill it in, remove the line, or exclude the column." : "";
  throw new DataError(`${place} must be a finite number, got ${got}.${fix}`);
}

/** The columns that such rows stand for; lines count from 1. */
export function decodeColumns(x: Matrix, columns: readonly EncodedColumn[]): Table {
  let offset = 0;
  const decoded = columns.map((own): Column => {
    const { name, categories } = own;
    const from = offset;
    offset += widthOf(own);
    if (!categories) {
      const values = columnOfRows(x, from);
      return { name, kind: "number", values, missing: values.filter(Number.isNaN).length };
    }
    const values = Array.from({ length: x.rows }, (_, row) => categoryAt(x.data, row * x.width + from, own));
    return { name, kind: "text", values, missing: values.filter((value) => value === "").length };
  });
  return { columns: decoded, rows: x.rows, lines: Uint32Array.from({ length: x.rows }, (_, row) => row + 1) };
}

/** What the way there and back through a scaler makes of a 0 lies below this. */
const NO_CATEGORY = 1e-3;

/** Of a code the nearest, else the first largest; "" for none. */
function categoryAt(data: Float64Array, at: number, { categories = [], isCode }: EncodedColumn): string {
  if (isCode) return categories[Math.min(Math.max(Math.round(data[at]!), 0), categories.length - 1)] ?? "";
  let best = -1;
  for (let place = 0; place < categories.length; place++) {
    if (data[at + place]! > (best < 0 ? NO_CATEGORY : data[at + best]!)) best = place;
  }
  return categories[best] ?? "";
}
