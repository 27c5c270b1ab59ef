/**
 * Cuts CSV text into cells (RFC 4180; LF, CRLF or CR ends a line) and finds the delimiter. Cells are positions in the
 * text, row-major: a file of many numbers becomes no strings.
 */
import { DataError, FormatError } from "../errors.ts";

const QUOTE = 34;
const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;

export interface Cells {
  readonly text: string;
  /** Cells of each row. */
  readonly width: number;
  readonly rows: number;
  /** Cell `row * width + column` is text[starts, ends). */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Line on which each row begins, from 1. */
  readonly lines: Uint32Array;
  /** Cells that hold doubled quotes. */
  readonly escaped: ReadonlySet<number>;
}

/** The text of a cell: without its quotes, doubled quotes made single. */
export function cellText(cells: Cells, cell: number): string {
  const content = cells.text.slice(cells.starts[cell], cells.ends[cell]);
  return cells.escaped.has(cell) ? content.replaceAll('""', '"') : content;
}

/** Where a text begins that is part of a file. */
export interface CutStart {
  /** Begins messages. */
  readonly where: string;
  /** Line of its first character, from 1. */
  readonly line: number;
  /** Cells that rows must have, and the line that says so; 0 if the first row does. */
  readonly width: number;
  readonly widthLine: number;
}

/**
 * All cells of `text`. Spaces round a cell do not belong to it, spaces inside quotes do; blank lines are skipped.
 * @throws FormatError for a quote that is not closed or is followed by text, DataError for rows of unequal length.
 */
export function cutCells(text: string, delimiter: string, start: CutStart = { where: "readCsv", line: 1, width: 0, widthLine: 0 }): Cells {
  const { where } = start;
  const separator = delimiter.charCodeAt(0);
  const length = text.length;
  let starts = new Uint32Array(1024);
  let ends = new Uint32Array(1024);
  let lines = new Uint32Array(256);
  const escaped = new Set<number>();
  let count = 0;
  let rows = 0;
  let { width, line } = start;
  let at = line === 1 && text.charCodeAt(0) === 0xfeff ? 1 : 0; // byte order mark

  while (at < length) {
    const first = count;
    const rowLine = line;
    let isBlank = true;
    for (;;) {
      if (count === starts.length) {
        starts = grown(starts);
        ends = grown(ends);
      }
      const content = skipBlanks(text, at, separator);
      if (text.charCodeAt(content) === QUOTE) at = content;
      let from = at;
      let end: number;
      if (at < length && text.charCodeAt(at) === QUOTE) {
        isBlank = false;
        from = at + 1;
        const opened = line;
        for (;;) {
          end = text.indexOf('"', at + 1);
          if (end < 0) throw new FormatError(`${where}: line ${opened}, column ${count - first + 1}: a quote is opened and never closed`);
          line += lineEnds(text, at + 1, end);
          at = end + 1;
          if (text.charCodeAt(at) !== QUOTE) break;
          escaped.add(count);
        }
        at = skipBlanks(text, at, separator);
        const next = at < length ? text.charCodeAt(at) : LF;
        if (next !== separator && next !== LF && next !== CR) {
          const fix = "A quote inside a quoted cell is written twice.";
          throw new FormatError(`${where}: line ${line}, column ${count - first + 1}: text after the closing quote. ${fix}`);
        }
      } else {
        while (at < length) {
          const code = text.charCodeAt(at);
          if (code === separator || code === LF || code === CR) break;
          at++;
        }
        end = at;
        from = Math.min(content, end);
        while (end > from && isBlankCode(text.charCodeAt(end - 1), separator)) end--;
        if (end > from) isBlank = false;
      }
      starts[count] = from;
      ends[count] = end;
      count++;
      if (at >= length || text.charCodeAt(at) !== separator) break;
      at++;
    }
    if (at < length) {
      if (text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF) at++;
      at++;
      line++;
    }

    const cells = count - first;
    if (cells === 1 && isBlank) {
      count = first;
      continue;
    }
    if (width === 0) width = cells;
    if (cells !== width) {
      const model = start.width > 0 ? start.widthLine : lines[0];
      throw new DataError(
        `${where}: line ${rowLine}, column ${Math.min(cells, width) + 1}: the line must have ${width} cells as line ${model} has, got ${cells}`,
      );
    }
    if (rows === lines.length) lines = grown(lines);
    lines[rows++] = rowLine;
  }
  return { text, width, rows, starts: starts.subarray(0, count), ends: ends.subarray(0, count), lines: lines.subarray(0, rows), escaped };
}

/** The candidate that divides the first lines most plausibly, "," if none does. */
export function findDelimiter(text: string): string {
  // A comma comes last: with another delimiter it may be a decimal comma, or stand in texts
  const candidates = ["\t", ";", "|", ","];
  const records = countInRecords(text, candidates);
  for (const candidate of candidates) {
    const counts = records.map((record) => record.get(candidate) ?? 0);
    if (counts.length > 0 && counts[0]! > 0 && counts.every((count) => count === counts[0])) return candidate;
  }
  // No candidate fits: the commonest on the first line, so that the error names the row that differs
  const first = records[0];
  return first
    ? candidates.reduce((best, candidate) => ((first.get(candidate) ?? 0) > (first.get(best) ?? 0) ? candidate : best), ",")
    : ",";
}

/** How often each candidate stands outside quotes, in each of the first twenty records. */
function countInRecords(text: string, candidates: readonly string[]): Map<string, number>[] {
  const records: Map<string, number>[] = [];
  let counts = new Map<string, number>();
  let isQuoted = false;
  let isBlank = true;
  for (let at = 0; at <= text.length && records.length < 20; at++) {
    const character = text[at] ?? "\n";
    if (character === '"') isQuoted = !isQuoted;
    if (!isQuoted && (character === "\n" || character === "\r")) {
      if (!isBlank) records.push(counts);
      counts = new Map();
      isBlank = true;
      continue;
    }
    isBlank &&= character === " ";
    if (!isQuoted && candidates.includes(character)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  return records;
}

function isBlankCode(code: number, separator: number): boolean {
  return code === SPACE || (code === TAB && separator !== TAB);
}

function skipBlanks(text: string, start: number, separator: number): number {
  let at = start;
  while (isBlankCode(text.charCodeAt(at), separator)) at++;
  return at;
}

function lineEnds(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === LF || (code === CR && text.charCodeAt(at + 1) !== LF)) count++;
  }
  return count;
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
