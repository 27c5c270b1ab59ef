/** Rows as JSON objects, one per line or in one array, as the same tables that CSV files give. */
import { checkCount, checkOneOf, checkOptions, fail, show } from "../check.ts";
import { DataError, FormatError, OptionError } from "../errors.ts";
import { parseNumber } from "./parseNumber.ts";
import { type Column, decode, type Table } from "./readCsv.ts";
import { type ByteSource, countLines, open, pieces } from "./textStream.ts";

export interface JsonOptions {
  /** Names of the columns, in their order; other keys are left out. Default: every key of the rows (of a stream's first table). */
  columns?: readonly string[];
  /** What the named columns hold, whatever their values look like. Default: numbers where all that is there is a number, else text. */
  kinds?: Readonly<Record<string, "number" | "text">>;
}

export interface StreamJsonOptions extends JsonOptions {
  /** Characters of text that a table is made of, about. Default 262144. */
  characters?: number;
}

/** A row and its line, or its place in an array, from 1. */
interface Row {
  readonly line: number;
  readonly values: ReadonlyMap<string, unknown>;
}

const CHARACTERS = 1 << 18;

/**
 * A table of JSON rows: a text (or its bytes) with one object per line or an array of objects, or objects as they are. Values are
 * numbers, texts, true and false (texts too); null and an absent key are missing. In an array `lines` counts the objects, from 1.
 * @throws FormatError for what is no JSON; DataError for rows that are no objects, values that are lists or objects, a text in a
 * column that `kinds` calls a number, no rows: each names line and column.
 */
export function readJson(source: string | Uint8Array | ArrayBuffer | readonly object[], options: JsonOptions = {}): Table {
  const where = "readJson";
  checkJsonOptions(where, options, []);
  if (Array.isArray(source)) return tableOfObjects(where, source, options);
  return tableOfRows(where, rowsOf(where, decode(where, source as string)), options);
}

/** readJson of objects, for those who take them too: errors name them. */
export function tableOfObjects(where: string, source: readonly object[], options: JsonOptions = {}): Table {
  return tableOfRows(
    where,
    source.map((value, i) => rowOf(where, value, i + 1)),
    options,
  );
}

function tableOfRows(where: string, rows: readonly Row[], options: JsonOptions): Table {
  if (rows.length === 0) throw new DataError(`${where}: there must be at least one row, got none`);
  return tableOf(where, rows, options.columns ?? namesOf(rows), options.kinds ?? {});
}

/**
 * JSON lines larger than memory, as tables of a few thousand rows; memory holds one of them. Columns and their kinds are those of
 * the first table: a new key later is an error, which `columns` avoids. For several passes `source` is a function.
 * @throws (while it is read) as readJson; OptionError for a second pass over a stream.
 */
export function streamJson(source: ByteSource, options: StreamJsonOptions = {}): AsyncIterable<Table> {
  checkJsonOptions("streamJson", options, ["characters"]);
  checkCount("streamJson: characters", options.characters ?? CHARACTERS);
  let passes = 0;
  return { [Symbol.asyncIterator]: () => tables(source, options, passes++) };
}

async function* tables(source: ByteSource, options: StreamJsonOptions, pass: number): AsyncGenerator<Table> {
  const where = "streamJson";
  let names = options.columns;
  let kinds = options.kinds ?? {};
  let line = 1;
  let hasRows = false;
  for await (const text of pieces(where, await open(where, source, pass), options.characters ?? CHARACTERS, () => undefined)) {
    const rows = linesOf(where, text, line);
    line += countLines(text);
    if (rows.length === 0) continue;
    hasRows = true;
    const known = names ?? namesOf(rows);
    names = known;
    if (options.columns === undefined) checkKeys(where, rows, known);
    const table = tableOf(where, rows, known, kinds);
    const found = table.columns.filter(({ missing }) => missing < table.rows).map(({ name, kind }) => [name, kind] as const);
    kinds = { ...Object.fromEntries(found), ...kinds };
    yield table;
  }
  if (!hasRows) throw new DataError(`${where}: there must be at least one row, got none`);
}

function checkJsonOptions(where: string, options: JsonOptions, more: readonly string[]): void {
  checkOptions(where, options, ["columns", "kinds", ...more]);
  const { columns, kinds = {} } = options;
  const isNames =
    columns === undefined || (Array.isArray(columns) && columns.length > 0 && columns.every((name) => typeof name === "string"));
  if (!isNames || new Set(columns).size < (columns?.length ?? 0)) fail(`${where}: columns`, "different names", columns);
  for (const [name, kind] of Object.entries(kinds)) checkOneOf(`${where}: kinds.${name}`, kind, ["number", "text"]);
}

function rowsOf(where: string, text: string): Row[] {
  if (!/^[\s\ufeff]*\[/.test(text)) return linesOf(where, text, 1);
  const list = parse(`${where}: the array`, text.replace(/^\ufeff/, "")) as unknown[];
  return list.map((value, i) => rowOf(where, value, i + 1));
}

function linesOf(where: string, text: string, first: number): Row[] {
  const rows: Row[] = [];
  text.split(/\r\n|\n|\r/).forEach((content, i) => {
    const own = first + i === 1 ? content.replace(/^\ufeff/, "") : content;
    if (own.trim() !== "") rows.push(rowOf(where, parse(`${where}: line ${first + i}`, own), first + i));
  });
  return rows;
}

function parse(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`${where} must be JSON, got ${show(text.trim())}: ${(cause as Error).message}`, { cause });
  }
}

function rowOf(where: string, value: unknown, line: number): Row {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { line, values: new Map(Object.entries(value)) };
  throw new DataError(`${where}: line ${line} must be an object of values by name, got ${show(value)}`);
}

function namesOf(rows: readonly Row[]): string[] {
  const names = new Set<string>();
  for (const { values } of rows) for (const name of values.keys()) names.add(name);
  return [...names];
}

function checkKeys(where: string, rows: readonly Row[], names: readonly string[]): void {
  const known = new Set(names);
  for (const { line, values } of rows) {
    for (const name of values.keys()) {
      const fix = "Pass columns: the names of all that shall be read.";
      if (!known.has(name))
        throw new DataError(`${where}: line ${line}, column ${JSON.stringify(name)}: no row of the first table has it. ${fix}`);
    }
  }
}

function tableOf(where: string, rows: readonly Row[], names: readonly string[], kinds: Readonly<Record<string, "number" | "text">>): Table {
  for (const name of Object.keys(kinds)) {
    if (!names.includes(name)) throw new OptionError(`${where}: kinds names a column ${JSON.stringify(name)} that no row has`);
  }
  const columns = names.map((name): Column => {
    const values = rows.map((row) => cellOf(where, row, name));
    const present = values.filter((value) => value !== undefined);
    const missing = values.length - present.length;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    const isText = kind === undefined ? present.some((value) => typeof value !== "number") : kind === "text";
    if (isText) return { name, kind: "text", values: values.map((value) => String(value ?? "")), missing };
    const numbers = Float64Array.from(values, (value, i) => {
      if (typeof value !== "string") return value ?? Number.NaN;
      const number = parseNumber(value, 0, value.length);
      if (!Number.isNaN(number)) return number;
      throw new DataError(`${where}: line ${rows[i]!.line}, column ${JSON.stringify(name)} must be a number, got ${JSON.stringify(value)}`);
    });
    return { name, kind: "number", values: numbers, missing };
  });
  return { columns, rows: rows.length, lines: Uint32Array.from(rows, ({ line }) => line) };
}

/** A number or a text; undefined for what is missing. */
function cellOf(where: string, { line, values }: Row, name: string): number | string | undefined {
  const value = values.get(name);
  if (value === undefined || value === null || value === "" || Number.isNaN(value)) return undefined;
  if (typeof value === "number" || typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  throw new DataError(
    `${where}: line ${line}, column ${JSON.stringify(name)} must be a number, a text, true, false or null, got ${show(value)}`,
  );
}
