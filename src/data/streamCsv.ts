/** CSV files larger than memory, as one small table after the other. */
import { checkCount } from "../check.ts";
import { DataError } from "../errors.ts";
import { type Cells, cutCells, findDelimiter } from "./csvCells.ts";
import { type CsvFormat, type CsvOptions, checkCsvOptions, findFormat, type Table, tableOf } from "./readCsv.ts";
import { type ByteSource, countLines, open, pieces } from "./textStream.ts";

export interface StreamCsvOptions extends CsvOptions {
  /** Characters of text that a table is made of, about. Default 262144: a few thousand rows. */
  characters?: number;
}

const WHERE = "streamCsv";
const CHARACTERS = 1 << 18;

/**
 * The rows of a CSV file in tables of a few thousand rows, as readCsv would give them; memory holds one of them. Delimiter, names
 * and the kinds of columns are those of the first table: a text in a column that began with numbers is an error, which `kinds`
 * avoids. For several passes (epochs) `source` is a function that opens the file anew.
 * @throws (while it is read) as readCsv: each error names line and column; FormatError for a record of more than 16 million
 * characters; OptionError for a second pass over a stream.
 */
export function streamCsv(source: ByteSource, options: StreamCsvOptions = {}): AsyncIterable<Table> {
  checkCsvOptions(WHERE, options, ["characters"]);
  checkCount(`${WHERE}: characters`, options.characters ?? CHARACTERS);
  let passes = 0;
  return {
    [Symbol.asyncIterator]: () => tables(source, options, passes++),
  };
}

async function* tables(source: ByteSource, options: StreamCsvOptions, pass: number): AsyncGenerator<Table> {
  let delimiter = options.delimiter === "auto" ? undefined : options.delimiter;
  let format: CsvFormat | undefined;
  let width = 0;
  let widthLine = 0;
  let line = 1;
  let hasRows = false;
  const findOnce = (text: string) => {
    delimiter ??= findDelimiter(text);
    return delimiter;
  };
  for await (const text of pieces(WHERE, await open(WHERE, source, pass), options.characters ?? CHARACTERS, findOnce)) {
    const cells: Cells = cutCells(text, findOnce(text), { where: WHERE, line, width, widthLine });
    line += countLines(text);
    if (cells.rows === 0) continue;
    let first = 0;
    if (format === undefined) {
      ({ first, format } = findFormat(WHERE, cells, options));
      width = cells.width;
      widthLine = cells.lines[0]!;
    }
    if (cells.rows === first) continue;
    const table = tableOf(WHERE, cells, first, format);
    if (table.columns.some(({ name }) => format!.kinds[name] === undefined)) {
      // What the first rows hold is what all must hold; what is missing in all of them may yet be anything
      const found = table.columns.filter(({ missing }) => missing < table.rows).map(({ name, kind }) => [name, kind] as const);
      format = { ...format, kinds: { ...Object.fromEntries(found), ...format.kinds } };
    }
    hasRows = true;
    yield table;
  }
  if (format === undefined) throw new DataError(`${WHERE}: the file is empty`);
  if (!hasRows) throw new DataError(`${WHERE}: the file has a line of names and no rows`);
}
