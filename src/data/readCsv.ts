/**
 * CSV files as tables of columns, each numeric or text as its cells say. What is done with the columns (encoding, choice
 * of a target) is the business of tableEncoder.ts and readTarget.ts.
 */
import { checkOneOf, checkOptions, fail, nearest } from "../check.ts";
import { DataError, FormatError, OptionError } from "../errors.ts";
import { type Cells, cellText, cutCells, findDelimiter } from "./csvCells.ts";
import { parseNumber } from "./parseNumber.ts";

export interface NumberColumn {
  readonly name: string;
  readonly kind: "number";
  /** NaN where a value is missing. */
  readonly values: Float64Array;
  /** How many are missing. */
  readonly missing: number;
}

export interface TextColumn {
  readonly name: string;
  readonly kind: "text";
  /** "" where a value is missing. */
  readonly values: readonly string[];
  readonly missing: number;
}

export type Column = NumberColumn | TextColumn;

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Line of the file on which each row begins, from 1: messages name it. */
  readonly lines: Uint32Array;
}

export interface CsvOptions {
  /** Whether the first row holds names. 'auto' (default): it does if it holds text and no number. */
  header?: boolean | "auto";
  /** One character; 'auto' (default) finds a tab, semicolon, bar or comma. */
  delimiter?: string;
  /** Texts that mean "no value". Default: nothing, NA, N/A, NaN, nan, null, NULL, ?. */
  missing?: readonly string[];
  /** What the named columns hold, whatever their cells look like: codes such as "007" are text. */
  kinds?: Readonly<Record<string, "number" | "text">>;
}

const MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"];

/**
 * Reads CSV (RFC 4180; UTF-8 or UTF-16 if given as bytes). A column is numeric if every cell that is not missing is a
 * number; columns without a name are called column1, column2, ...
 * @throws FormatError for broken quotes, bytes that are no text, names that occur twice; DataError for rows of unequal
 * length, a file without rows, a text in a column that `kinds` calls a number: each names the line.
 */
export function readCsv(source: string | Uint8Array | ArrayBuffer, options: CsvOptions = {}): Table {
  checkCsvOptions("readCsv", options);
  const text = decode("readCsv", source);
  const cells = cutCells(text, options.delimiter === undefined || options.delimiter === "auto" ? findDelimiter(text) : options.delimiter);
  if (cells.rows === 0) throw new DataError("readCsv: the file is empty");
  const { first, format } = findFormat("readCsv", cells, options);
  if (cells.rows === first) throw new DataError("readCsv: the file has a line of names and no rows");
  return tableOf("readCsv", cells, first, format);
}

export function checkCsvOptions(where: string, options: CsvOptions, more: readonly string[] = []): void {
  checkOptions(where, options, ["header", "delimiter", "missing", "kinds", ...more]);
  const { header = "auto", delimiter = "auto", kinds = {} } = options;
  if (typeof header !== "boolean" && header !== "auto") fail(`${where}: header`, "true, false or 'auto'", header);
  if (delimiter !== "auto" && (typeof delimiter !== "string" || delimiter.length !== 1 || /["\r\n]/.test(delimiter))) {
    fail(`${where}: delimiter`, "one character, no quote or line end, or 'auto'", delimiter);
  }
  for (const [name, kind] of Object.entries(kinds)) checkOneOf(`${where}: kinds.${name}`, kind, ["number", "text"]);
}

/** What the first rows of a file say of all. */
export interface CsvFormat {
  readonly names: readonly string[];
  /** What columns must hold; a column that is not named holds what its cells look like. */
  readonly kinds: Readonly<Record<string, "number" | "text">>;
  readonly noValue: ReadonlySet<string>;
}

/** Names and kinds, and the first row that holds values. */
export function findFormat(where: string, cells: Cells, options: CsvOptions): { readonly first: number; readonly format: CsvFormat } {
  const { header = "auto", missing = MISSING, kinds = {} } = options;
  const hasHeader = header === "auto" ? looksLikeHeader(cells, missing) : header;
  const names = hasHeader ? headerNames(where, cells) : Array.from({ length: cells.width }, (_, column) => `column${column + 1}`);
  for (const name of Object.keys(kinds)) {
    if (!names.includes(name)) throw new OptionError(`${where}: kinds names a column ${JSON.stringify(name)} that the file does not have`);
  }
  return { first: hasHeader ? 1 : 0, format: { names, kinds, noValue: new Set(missing) } };
}

/** The rows from `first` as columns. */
export function tableOf(where: string, cells: Cells, first: number, { names, kinds, noValue }: CsvFormat): Table {
  const columns = names.map((name, column) => {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    return (
      (kind === "text" ? undefined : numberColumn(where, cells, first, column, name, noValue, kind)) ??
      textColumn(cells, first, column, name, noValue)
    );
  });
  return { columns, rows: cells.rows - first, lines: cells.lines.slice(first) };
}

/** The column of that name. @throws OptionError with the nearest name if there is none. */
export function columnOf(table: Table, name: string, where = "columnOf"): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  const names = table.columns.map((candidate) => candidate.name);
  const near = nearest(name, names);
  const list = `${names.slice(0, 8).join(", ")}${names.length > 8 ? ", ..." : ""}`;
  throw new OptionError(
    `${where}: no column ${JSON.stringify(name)}. ${near ? `Did you mean ${JSON.stringify(near)}?` : `Columns: ${list}.`}`,
  );
}

export function decode(where: string, source: string | Uint8Array | ArrayBuffer): string {
  if (typeof source === "string") return source;
  if (!(source instanceof Uint8Array || source instanceof ArrayBuffer)) fail(`${where}: the source`, "a text or bytes", source);
  const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
  const mark = bytes.length < 2 ? 0 : bytes[0]! * 256 + bytes[1]!;
  const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    const fix = `Decode it first, as in new TextDecoder("windows-1252").decode(bytes).`;
    throw new FormatError(`${where}: the bytes are not valid ${encoding.toUpperCase()}. ${fix}`, { cause });
  }
}

function looksLikeHeader(cells: Cells, missing: readonly string[]): boolean {
  let hasText = false;
  for (let cell = 0; cell < cells.width; cell++) {
    if (missing.includes(cellText(cells, cell))) continue;
    if (!Number.isNaN(parseNumber(cells.text, cells.starts[cell]!, cells.ends[cell]!))) return false;
    hasText = true;
  }
  return hasText;
}

function headerNames(where: string, cells: Cells): string[] {
  const names: string[] = [];
  for (let column = 0; column < cells.width; column++) {
    const name = cellText(cells, column) || `column${column + 1}`;
    const earlier = names.indexOf(name);
    if (earlier >= 0) {
      const fix = "Rename one, or pass header: false if this line holds values.";
      throw new FormatError(
        `${where}: line ${cells.lines[0]}: columns ${earlier + 1} and ${column + 1} are both named ${JSON.stringify(name)}. ${fix}`,
      );
    }
    names.push(name);
  }
  return names;
}

/** The column as numbers, or undefined at its first text (an error if it must be numeric). */
function numberColumn(
  where: string,
  cells: Cells,
  first: number,
  column: number,
  name: string,
  noValue: ReadonlySet<string>,
  kind: "number" | undefined,
): NumberColumn | undefined {
  const { text, width, rows, starts, ends } = cells;
  const values = new Float64Array(rows - first);
  const codes = new Set([...noValue].map((content) => parseNumber(content, 0, content.length)).filter((code) => !Number.isNaN(code)));
  let missing = 0;
  for (let row = first; row < rows; row++) {
    const cell = row * width + column;
    let value = parseNumber(text, starts[cell]!, ends[cell]!);
    if (codes.size > 0 && codes.has(value)) {
      value = Number.NaN; // -999 and the like
      missing++;
    } else if (Number.isNaN(value)) {
      const content = cellText(cells, cell);
      if (!noValue.has(content)) {
        if (kind === undefined) return undefined;
        throw new DataError(
          `${where}: line ${cells.lines[row]}, column ${column + 1} (${JSON.stringify(name)}) must be a number, got ${JSON.stringify(content)}`,
        );
      }
      missing++;
    }
    values[row - first] = value;
  }
  return { name, kind: "number", values, missing };
}

function textColumn(cells: Cells, first: number, column: number, name: string, noValue: ReadonlySet<string>): TextColumn {
  const values: string[] = [];
  let missing = 0;
  for (let row = first; row < cells.rows; row++) {
    const content = cellText(cells, row * cells.width + column);
    const isMissing = noValue.has(content);
    if (isMissing) missing++;
    values.push(isMissing ? "" : content);
  }
  return { name, kind: "text", values, missing };
}
