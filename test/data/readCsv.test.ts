import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cutCells, findDelimiter } from "../../src/data/csvCells.ts";
import { parseNumber } from "../../src/data/parseNumber.ts";
import { type CsvOptions, columnOf, readCsv, type Table } from "../../src/data/readCsv.ts";
import { DataError, FormatError, OptionError } from "../../src/errors.ts";

/** The cells as strings, as cutCells finds them. */
function cells(text: string, delimiter = ","): string[][] {
  const { rows, width, starts, ends, escaped } = cutCells(text, delimiter);
  const at = (cell: number) => {
    const content = text.slice(starts[cell], ends[cell]);
    return escaped.has(cell) ? content.replaceAll('""', '"') : content;
  };
  return Array.from({ length: rows }, (_, row) => Array.from({ length: width }, (_, column) => at(row * width + column)));
}

const plain = ({ columns, lines }: Table) => ({
  columns: columns.map(({ name, kind, values, missing }) => [name, kind, Array.from<string | number>(values), missing]),
  lines: Array.from(lines),
});

describe("cells", () => {
  it("quotes, doubled quotes, delimiters and line ends inside quotes", () => {
    expect(cells('a,"b,c","say ""no"""\n"line\none","""",""\n')).toEqual([
      ["a", "b,c", 'say "no"'],
      ["line\none", '"', ""],
    ]);
  });
  it("LF, CRLF, CR, with and without the last one; blank lines; byte order mark", () => {
    const want = [
      ["1", "2"],
      ["3", "4"],
    ];
    for (const text of ["1,2\n3,4", "1,2\n3,4\n", "1,2\r\n3,4\r\n", "1,2\r3,4\r", "\n1,2\n\n  \n3,4\n\n", "\ufeff1,2\n3,4"]) {
      expect(cells(text), JSON.stringify(text)).toEqual(want);
    }
  });
  it("spaces round cells go, spaces in quotes stay, quotes within a text are text", () => {
    expect(cells(' a , "b " ,5" disk\n\t1,2\t,"3"  \n')).toEqual([
      ["a", "b ", '5" disk'],
      ["1", "2", "3"],
    ]);
  });
  it("empty cells at each place, a row of one cell, a quoted empty row", () => {
    expect(cells(",,\n1,,\n,,3")).toEqual([
      ["", "", ""],
      ["1", "", ""],
      ["", "", "3"],
    ]);
    expect(cells('a\n""\nb\n')).toEqual([["a"], [""], ["b"]]);
    expect(cells("")).toEqual([]);
  });
  it("more cells than the first guess of memory", () => {
    const rows = Array.from({ length: 700 }, (_, i) => [`${i}`, `${i * i}`, "x"]);
    expect(cells(rows.map((row) => row.join(";")).join("\r\n"), ";")).toEqual(rows);
  });
  it("records the line on which a row begins", () => {
    expect(Array.from(cutCells('a,b\n\n"x\ny\r\nz",1\r\n2,3\r4,5', ",").lines)).toEqual([1, 3, 6, 7]);
  });
  it("fails with line and column", () => {
    expect(() => cells('a,b\n1,"2\n3,4\n')).toThrow(new FormatError("readCsv: line 2, column 2: a quote is opened and never closed"));
    expect(() => cells('a,b\n"1"x,2\n')).toThrow(FormatError);
    expect(() => cells('a,b\n1,"2" x\n')).toThrow("line 2, column 2: text after the closing quote");
    expect(() => cells("a,b\n1,2\n3\n")).toThrow(
      new DataError("readCsv: line 3, column 2: the line must have 2 cells as line 1 has, got 1"),
    );
    expect(() => cells('a,b\n"1\n1",2\n3,4,5\n')).toThrow("line 4, column 3: the line must have 2 cells as line 1 has, got 3");
  });
});

describe("findDelimiter", () => {
  it("takes the candidate that stands equally often on every line", () => {
    expect(findDelimiter("a,b\n1,2\n")).toBe(",");
    expect(findDelimiter("a;b\n1,5;2,5\n3;4\n")).toBe(";");
    expect(findDelimiter("1,5;2,5\n3,5;4,5\n")).toBe(";");
    expect(findDelimiter("a\tb\n1,5\tx y\n")).toBe("\t");
    expect(findDelimiter("a|b|c\n1|2|3")).toBe("|");
    expect(findDelimiter('name,note\n"a;b",1\nc;d,2\n')).toBe(",");
    expect(findDelimiter('"a;b;c",d\n"e\n;",f\n')).toBe(",");
  });
  it("takes a comma for one column, the commonest for a ragged file", () => {
    expect(findDelimiter("a\n1\n2\n")).toBe(",");
    expect(findDelimiter("")).toBe(",");
    expect(findDelimiter("a;b;c\n1;2\n")).toBe(";");
  });
});

describe("parseNumber", () => {
  const parse = (text: string) => parseNumber(text, 0, text.length);
  it("numbers are exactly those of the language's own parser", () => {
    const texts = ["0", "-0", "+5", "12", "-0.5", ".5", "5.", "1e3", "1E-3", "-1.5e+10", "0.1", "123456789012345", "1234567890123456789"];
    texts.push(
      "9007199254740993",
      "0.30000000000000004",
      "1e22",
      "1e23",
      "1e-22",
      "1e-23",
      "1.7976931348623157e308",
      "5e-324",
      "1e999",
      "-1e999",
    );
    texts.push("000000000000000000001.5", "0.000000000000000000000000012345", "17.99", "0.006399");
    let state = 1;
    for (let i = 0; i < 20_000; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      texts.push(String((state - 2 ** 31) / 10 ** (state % 14)), (state / 3).toPrecision(1 + (state % 21)));
    }
    for (const text of texts) expect(parse(text), text).toBe(Number(text));
  });
  it("infinities", () => {
    expect(["inf", "-inf", "+Inf", "Infinity", "-INFINITY"].map(parse)).toEqual([Infinity, -Infinity, Infinity, Infinity, -Infinity]);
  });
  it("nothing else", () => {
    for (const text of [
      "",
      "+",
      "-",
      ".",
      "-.",
      "1,5",
      "12abc",
      "abc",
      "0x10",
      "1_000",
      "1e",
      "1e+",
      "1e5.0",
      "--1",
      "1-",
      "1 2",
      "1.2.3",
      "NaN",
      "e5",
      "infx",
      "1n",
    ]) {
      expect(parse(text), text).toBeNaN();
    }
  });
  it("reads no further than its end", () => {
    expect(parseNumber("12-5", 0, 2)).toBe(12);
    expect(parseNumber("1e-5", 0, 2)).toBeNaN();
    expect(parseNumber("a-5", 1, 1)).toBeNaN();
    expect(parseNumber("x12y", 1, 3)).toBe(12);
  });
});

describe("readCsv", () => {
  it("finds header, kinds and missing values", () => {
    expect(plain(readCsv("size,kind,note\n1.5,a,x\n,b,NA\n-2e3,?,7\n"))).toEqual({
      columns: [
        ["size", "number", [1.5, Number.NaN, -2000], 1],
        ["kind", "text", ["a", "b", ""], 1],
        ["note", "text", ["x", "", "7"], 1],
      ],
      lines: [2, 3, 4],
    });
  });
  it("header: found if the first line has text and no number", () => {
    const names = (text: string, options?: CsvOptions) => readCsv(text, options).columns.map(({ name }) => name);
    expect(names("1,2\n3,4\n")).toEqual(["column1", "column2"]);
    expect(names("a,2\n3,4\n")).toEqual(["column1", "column2"]);
    expect(names(",a,b\n0,1,2\n")).toEqual(["column1", "a", "b"]);
    expect(names('"a b",c\n1,2\n')).toEqual(["a b", "c"]);
    expect(names("1999,2000\n3,4\n", { header: true })).toEqual(["1999", "2000"]);
    expect(names("a,b\nc,d\n", { header: false })).toEqual(["column1", "column2"]);
    expect(readCsv("a,b\nc,d\n", { header: false }).rows).toBe(2);
  });
  it("a column with one text is text, and keeps its numbers as they were written", () => {
    expect(readCsv("code\n007\n1.50\nx\n").columns[0]!.values).toEqual(["007", "1.50", "x"]);
    expect(readCsv("a;b\n1,5;2\n2,5;3\n").columns.map(({ kind }) => kind)).toEqual(["text", "number"]);
  });
  it("options: missing, kinds, delimiter", () => {
    expect(plain(readCsv("a,b\n-999,x\n1,NA\n", { missing: ["-999"] })).columns).toEqual([
      ["a", "number", [Number.NaN, 1], 1],
      ["b", "text", ["x", "NA"], 0],
    ]);
    expect(readCsv("zip,n\n00123,1\n", { kinds: { zip: "text", n: "number" } }).columns[0]!.values).toEqual(["00123"]);
    expect(() => readCsv("a,n\n1,1\n1,2x\n", { kinds: { n: "number" } })).toThrow(
      new DataError('readCsv: line 3, column 2 ("n") must be a number, got "2x"'),
    );
    expect(readCsv("a:b\n1:2\n", { delimiter: ":" }).columns.length).toBe(2);
    expect(() => readCsv("a\n1\n", { kinds: { b: "text" } })).toThrow(OptionError);
    expect(() => readCsv("a\n1\n", { delimiter: ",," })).toThrow(OptionError);
    expect(() => readCsv("a\n1\n", { headers: true } as CsvOptions)).toThrow('unknown option "headers". Did you mean "header"?');
  });
  it("bytes: UTF-8 with and without mark, UTF-16, a view into a buffer; not Latin-1", () => {
    const text = "größe,b\nä,2\n";
    const utf8 = new TextEncoder().encode(text);
    const want = plain(readCsv(text));
    expect(plain(readCsv(utf8))).toEqual(want);
    expect(plain(readCsv(utf8.buffer as ArrayBuffer))).toEqual(want);
    expect(plain(readCsv(new TextEncoder().encode(`\ufeff${text}`)))).toEqual(want);
    expect(plain(readCsv(new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"))))).toEqual(want);
    expect(plain(readCsv(new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le").swap16())))).toEqual(want);
    const padded = new Uint8Array(utf8.length + 8);
    padded.set(utf8, 3);
    expect(plain(readCsv(padded.subarray(3, 3 + utf8.length)))).toEqual(want);
    expect(() => readCsv(new Uint8Array(Buffer.from(text, "latin1")))).toThrow(FormatError);
  });
  it("errors: empty, no rows, names twice, unknown column", () => {
    for (const text of ["", "\n\n", "\ufeff", new Uint8Array(0)])
      expect(() => readCsv(text)).toThrow(new DataError("readCsv: the file is empty"));
    expect(() => readCsv("a,b\n")).toThrow(DataError);
    expect(() => readCsv("a,b,a\n1,2,3\n")).toThrow(FormatError);
    expect(() => readCsv("a,b,a\n1,2,3\n")).toThrow('line 1: columns 1 and 3 are both named "a"');
    expect(() => readCsv(5 as unknown as string)).toThrow(OptionError);
    expect(() => columnOf(readCsv("width,height\n1,2\n"), "widht")).toThrow('no column "widht". Did you mean "width"?');
  });
  it("reads the example data", () => {
    const read = (name: string) => readCsv(readFileSync(new URL(`../../examples/data/${name}.csv`, import.meta.url)));
    const digits = read("digits");
    expect([digits.rows, digits.columns.length, digits.columns.at(-1)!.name]).toEqual([1797, 65, "label"]);
    const sum = digits.columns.slice(0, 64).reduce((total, { values }) => total + (values as Float64Array).reduce((a, b) => a + b, 0), 0);
    expect(sum).toBe(561718); // of the same images in scikit-learn
    expect(read("iris").rows).toBe(150);
    expect(read("diabetes").columns.every(({ kind, missing }) => kind === "number" && missing === 0)).toBe(true);
  });
  it("100,000 rows of 20 numbers in well under a second", () => {
    const row = Array.from({ length: 20 }, (_, i) => (i * 1.2345 - 7).toFixed(4)).join(",");
    const text = `${row}\n`.repeat(100_000);
    const start = performance.now();
    const table = readCsv(text);
    const elapsed = performance.now() - start;
    expect(table.rows).toBe(100_000);
    expect((table.columns[19]!.values as Float64Array)[99_999]).toBe(16.4555);
    expect(elapsed).toBeLessThan(2000); // 0.2 s on an idle core of a 2023 server; the margin is for busy machines
  });
});
