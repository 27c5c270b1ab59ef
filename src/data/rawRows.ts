/** Rows as they come from files, forms and arrays: tables, objects, numbers. What they mean to a net is modelPipeline.ts's. */
import { DataError, OptionError, ShapeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { flatten, isTypedArray, type NumericData, type TensorLike } from "./arrays.ts";
import { tableOfObjects } from "./jsonRows.ts";
import type { Table } from "./readCsv.ts";
import type { TableTransform } from "./tableEncoder.ts";

/** A table of readCsv or readJson, objects with a value per column, or numbers. */
export type RawRows = Table | readonly object[] | NumericData;

export const isTable = (rows: unknown): rows is Table =>
  typeof rows === "object" && rows !== null && "columns" in rows && Array.isArray(rows.columns) && "lines" in rows;

export function isObjects(rows: unknown): rows is readonly object[] {
  const first: unknown = Array.isArray(rows) ? rows[0] : undefined;
  return typeof first === "object" && first !== null && !Array.isArray(first) && !isTypedArray(first);
}

/** A table of some of the rows, in the order of the numbers given. */
export function takeTableRows(table: Table, indices: Uint32Array): Table {
  const columns = table.columns.map((column) => {
    const missing = (values: ArrayLike<unknown>) => Array.from(values).filter((value) => value === "" || Number.isNaN(value)).length;
    if (column.kind === "number") {
      const values = Float64Array.from(indices, (row) => column.values[row]!);
      return { ...column, values, missing: missing(values) };
    }
    const values = Array.from(indices, (row) => column.values[row]!);
    return { ...column, values, missing: missing(values) };
  });
  return { columns, rows: indices.length, lines: indices.map((row) => table.lines[row]!) };
}

/** The table without some columns, which need not be there. */
export function without(table: Table, names: readonly string[]): Table {
  return { ...table, columns: table.columns.filter(({ name }) => !names.includes(name)) };
}

/**
 * The table that objects make; columns that `inputs` knows hold what they held when it was fitted, others of `more` what they
 * look like.
 */
export function tableOf(where: string, rows: readonly object[], inputs: TableTransform | undefined, more: readonly string[]): Table {
  if (inputs === undefined || inputs.columns.length === 0) return tableOfObjects(where, rows);
  const found = new Set(rows.flatMap((row) => Object.keys(row)));
  checkColumns(where, inputs, found);
  const columns = [...inputs.columns.map(({ name }) => name), ...more].filter((name) => found.has(name));
  return tableOfObjects(where, rows, { columns, kinds: inputs.kinds });
}

/** @throws DataError that names all columns which are missing. */
export function checkColumns(where: string, { columns }: TableTransform, found: ReadonlySet<string>): void {
  const missing = columns.filter(({ name }) => !found.has(name)).map(({ name }) => JSON.stringify(name));
  if (missing.length === 0) return;
  const which = missing.length === 1 ? "column" : `${missing.length} columns`;
  const list = `${missing.slice(0, 10).join(", ")}${missing.length > 10 ? ", ..." : ""}`;
  throw new DataError(`${where}: the table lacks the ${which} ${list}, which the model was trained on`);
}

/** Numbers as [rows, ...]; a flat array is cut into so many rows, or so wide ones. */
export function numericRows(where: string, x: NumericData, cut: { readonly rows: number } | { readonly width: number }): TensorLike {
  if (isTable(x) || isObjects(x)) refuseTable(where);
  const { data, shape } = flatten(where, x);
  if (shape.length > 1) return { data, shape };
  const rows = "rows" in cut ? cut.rows : data.length / cut.width;
  if (Number.isInteger(rows) && data.length % rows === 0) return { data, shape: [rows, data.length / rows] };
  const rule = "rows" in cut ? `${cut.rows} rows of one width` : `rows of ${cut.width} numbers`;
  throw new ShapeError(`${where} must hold ${rule}, got ${data.length} numbers`);
}

export function refuseTable(where: string): never {
  throw new OptionError(`${where} must be numbers, which the inputs take, got a table. Let them begin with tableEncoder()`);
}

/** As a Tensor of the core: float32 where the numbers are in no typed array. */
export const typed = ({ data, shape }: TensorLike): Tensor =>
  ({ data: isTypedArray(data) ? data : Float32Array.from(data), shape }) as Tensor;
