/** Damaged CSV files: valid ones with bytes changed, removed, doubled and moved. */
import { type CsvOptions, readCsv, streamCsv, type Table } from "../../src/data/index.ts";
import { DataError, FormatError } from "../../src/errors.ts";
import type { RandomStream } from "../../src/random.ts";

const SEEDS = [
  'a,b,c\n1,2,x\n3,,y\n-4.5,1e3,"z, ""q"""\n',
  '"name one";"n2"\r\n1;2\r\n"3";"4"\r\n',
  "1\t2\t3\n4\t5\t6\n7\t8\t9\n",
  'x,y\n"two\nlines",1\n"three\r\nlines",2\nplain,3\n',
  "id|t\n007|ja\n008|nein\nNA|?\n",
  "\ufeffä,ö\n1,2\n\n\n3,4\n",
];
const PARTS = [
  '"',
  '""',
  ",",
  ";",
  "\t",
  "|",
  "\n",
  "\r",
  "\r\n",
  " ",
  "\0",
  "\ufeff",
  "e",
  "-",
  ".",
  "1e999",
  "NaN",
  "é",
  "\ud800",
  "0x1",
];

export function mutated(random: RandomStream): string {
  let text = SEEDS[random.below(SEEDS.length)]!;
  for (let i = random.below(6); i >= 0; i--) {
    const at = random.below(text.length + 1);
    const end = Math.min(text.length, at + random.below(6));
    const kind = random.below(4);
    const part = kind === 0 ? PARTS[random.below(PARTS.length)]! : kind === 1 ? text.slice(at, end).repeat(2) : "";
    if (kind === 3) {
      const to = random.below(text.length + 1);
      text = text.slice(0, to) + text.slice(at, end) + text.slice(to);
    } else text = text.slice(0, at) + part + text.slice(kind === 0 && random.below(2) === 0 ? at : end);
  }
  return text;
}

/** A table, or the error that reading it throws: any error but DataError and FormatError is passed on. */
export function readOrError(text: string | Uint8Array, options: CsvOptions = {}): Table | DataError | FormatError {
  try {
    return readCsv(text, options);
  } catch (error) {
    if (error instanceof DataError || error instanceof FormatError) return error;
    throw error;
  }
}

/** All tables of a stream as one, or the error. */
export async function streamOrError(
  chunks: Iterable<Uint8Array | string>,
  options: CsvOptions & { characters?: number },
): Promise<Table | Error> {
  const tables: Table[] = [];
  try {
    for await (const table of streamCsv([...chunks], options)) tables.push(table);
  } catch (error) {
    if (error instanceof DataError || error instanceof FormatError) return error;
    throw error;
  }
  return {
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    lines: Uint32Array.from(tables.flatMap(({ lines }) => [...lines])),
    columns: tables[0]!.columns.map((column, j) => {
      const values = tables.flatMap((table): (number | string)[] => [...table.columns[j]!.values]);
      const missing = tables.reduce((sum, table) => sum + table.columns[j]!.missing, 0);
      return column.kind === "number"
        ? { ...column, missing, values: Float64Array.from(values as number[]) }
        : { ...column, missing, values: values as string[] };
    }),
  };
}

/** The text cut at random places. */
export function cut<T extends string | Uint8Array>(whole: T, random: RandomStream, longest: number): T[] {
  const parts: T[] = [];
  for (let at = 0; at < whole.length; ) {
    const end = Math.min(whole.length, at + random.below(longest + 1));
    parts.push(whole.slice(at, end) as T);
    at = end;
  }
  return parts;
}

/** Errors name a line, or say that the file is empty or no text. */
export const NAMES_PLACE = /line \d+|the file is empty|has a line of names and no rows|not valid UTF/;
/** Those of a place in a row name the column too. */
export const NAMES_COLUMN = /line \d+, column \d+|line \d+: columns \d+ and \d+/;
