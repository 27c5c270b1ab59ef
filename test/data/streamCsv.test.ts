import { describe, expect, it } from "vitest";
import { batches, type Piece, readCsv, streamCsv, type Table, tableEncoder } from "../../src/data/index.ts";
import { DataError, FormatError, OptionError, ShapeError } from "../../src/errors.ts";
import { RandomStream } from "../../src/random.ts";
import { cut, mutated, NAMES_COLUMN, NAMES_PLACE, readOrError, streamOrError } from "./mutateCsv.ts";

const random = new RandomStream(5, 1);
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("streamCsv", () => {
  const rows = Array.from({ length: 500 }, (_, i) => `${i},${i % 7 === 0 ? "" : i / 8},"t ""${i % 3}""\n${i}"`);
  const file = `n,x,t\r\n${rows.join("\r\n")}\r\n`;

  it("is readCsv, table after table, wherever the bytes are cut", async () => {
    const whole = readCsv(file);
    for (const characters of [1, 40, 1000, 1e6]) {
      for (const form of [file, bytesOf(file)])
        expect(await streamOrError(cut<string | Uint8Array>(form, random, 30), { characters })).toEqual(whole);
    }
    expect((await all(streamCsv([file], { characters: 100 }))).length).toBe(1); // a chunk is cut no further
    expect((await all(streamCsv(cut(file, random, 50), { characters: 100 }))).length).toBeGreaterThan(50);
  });

  it("reads web streams, async iterables, UTF-16 with a mark, and opens a function's stream for each pass", async () => {
    const table = readCsv("a,b\n1,é\n");
    const utf16 = new Uint8Array(
      new Uint16Array([0xfeff, ..."a,b\n1,é\n"].map((c) => (typeof c === "string" ? c.charCodeAt(0) : c))).buffer,
    );
    const one = (chunks: Uint8Array[]) =>
      new ReadableStream<Uint8Array>({
        start(to) {
          for (const chunk of chunks) to.enqueue(chunk);
          to.close();
        },
      });
    expect(await all(streamCsv(one([bytesOf("a,b\n1,"), bytesOf("é\n")])))).toEqual([table]);
    expect(await all(streamCsv([utf16.subarray(0, 1), utf16.subarray(1, 4), utf16.subarray(4)]))).toEqual([table]);
    const again = streamCsv(() => one([bytesOf("a,b\n1,é\n")]));
    expect([await all(again), await all(again)]).toEqual([[table], [table]]);
    const once = streamCsv(one([bytesOf("a,b\n1,é\n")]));
    await all(once);
    await expect(all(once)).rejects.toThrow(
      "streamCsv: a stream can be read once. For several passes (epochs) give a function that opens it",
    );
  });

  it("a byte order mark is no part of the first cell, also where that is quoted", async () => {
    const chunks = ["\ufeff", '"two\nli', 'nes",2\n', "plain,3\n"];
    expect((await streamOrError(chunks, { characters: 5, delimiter: "," })) as Table).toEqual(readCsv(chunks.join("")));
  });

  it("a column is what its first table says; a missing value says nothing", async () => {
    const chunks = ["a,b,c\n", "1,,x\n", "2,y,3\n", "NA,z,\n"];
    const tables = await all(streamCsv(chunks, { characters: 1 }));
    expect(tables.map(({ columns }) => columns.map(({ kind }) => kind).join(" "))).toEqual([
      "number number text",
      "number text text",
      "number text text",
    ]);
    expect(tables.map(({ columns }) => columns[0]!.values[0])).toEqual([1, 2, Number.NaN]);
    await expect(all(streamCsv(["a\n1\n2\n", "x\n"], { characters: 3 }))).rejects.toThrow(
      new DataError('streamCsv: line 4, column 1 ("a") must be a number, got "x"'),
    );
    expect((await all(streamCsv(["a\n1\n2\n", "x\n"], { characters: 3, kinds: { a: "text" } }))).length).toBe(2);
  });

  it("errors name line and column, counted from the start of the file", async () => {
    const wide = `a,b\n${"1,2\n".repeat(300)}`;
    const of = (end: string) => all(streamCsv(cut(wide + end, random, 20), { characters: 50 }));
    await expect(of("1\n")).rejects.toThrow(
      new DataError("streamCsv: line 302, column 2: the line must have 2 cells as line 1 has, got 1"),
    );
    await expect(of('\n1,"2" x\n')).rejects.toThrow("streamCsv: line 303, column 2: text after the closing quote");
    await expect(of('1,"2\n\n')).rejects.toThrow(new FormatError("streamCsv: line 302, column 2: a quote is opened and never closed"));
    await expect(all(streamCsv([]))).rejects.toThrow(new DataError("streamCsv: the file is empty"));
    await expect(all(streamCsv([bytesOf("a\n1\n"), Uint8Array.of(0xff, 0x31)]))).rejects.toThrow(
      "streamCsv: line 3 or below: the bytes are not valid UTF-8",
    );
    await expect(all(streamCsv([5 as unknown as string]))).rejects.toThrow("streamCsv: the stream's chunks must be bytes or texts, got 5");
    await expect(all(streamCsv(5 as unknown as string[]))).rejects.toThrow(OptionError);
    expect(() => streamCsv([], { heder: true } as object)).toThrow('Did you mean "header"?');
  });

  it("a quote that is never closed does not fill the memory", async () => {
    function* endless() {
      yield 'a,b\n1,"';
      for (;;) yield "x".repeat(1 << 20);
    }
    await expect(all(streamCsv(endless()))).rejects.toThrow(
      "streamCsv: line 2, column 1: the record has over 16777216 characters. Is a quote never closed?",
    );
  });
});

describe("damaged files", () => {
  it("2,000 of them: a table or an error that names its place, and the stream says the same", async () => {
    let errors = 0;
    for (let i = 0; i < 2000; i++) {
      const text = mutated(random);
      const read = readOrError(text);
      if (read instanceof Error) {
        errors++;
        expect(read.message, JSON.stringify(text)).toMatch(NAMES_PLACE);
        if (/line/.test(read.message) && !/line of names/.test(read.message)) expect(read.message).toMatch(NAMES_COLUMN);
      }
      // In pieces: the same rows, or an error too. A stream meets a column's first text, and doubled names, in another order
      const options = { delimiter: [",", ";", "\t", "|"][random.below(4)]!, header: random.below(2) === 0 };
      const whole = readOrError(text, options);
      const streamed = await streamOrError(cut(text, random, 9), { ...options, characters: 1 + random.below(30) });
      if (whole instanceof Error) {
        expect(streamed, JSON.stringify([text, options])).toBeInstanceOf(Error);
        const message = (streamed as Error).message.replace("streamCsv", "readCsv");
        if (message !== whole.message) expect(message + whole.message).toMatch(/must be a number|both named/);
      } else if (streamed instanceof Error) expect(streamed.message).toMatch(/must be a number/);
      else expect([streamed.rows, streamed.lines], JSON.stringify([text, options])).toEqual([whole.rows, whole.lines]);
    }
    expect(errors).toBeGreaterThan(200);
    expect(errors).toBeLessThan(1800);
  });
});

describe("batches", () => {
  const x = (from: number, rows: number) => ({ data: Float32Array.from({ length: 2 * rows }, (_, i) => 2 * from + i), shape: [rows, 2] });
  const piece = (from: number, rows: number): Piece => ({ x: x(from, rows), y: Int32Array.from({ length: rows }, (_, i) => from + i) });
  const source = [piece(0, 5), piece(5, 1), piece(6, 17), piece(23, 2)]; // 25 rows
  const labels = (list: { y: unknown }[]) => list.map(({ y }) => Array.from(y as Int32Array));

  it("keeps the order without a buffer, and puts pieces together anew", async () => {
    const list = await all(batches(source, { batchSize: 10 }));
    expect(labels(list)).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
      [20, 21, 22, 23, 24],
    ]);
    for (const { x, y } of list) expect(Array.from(x.data)).toEqual(Array.from(y as Int32Array).flatMap((row) => [2 * row, 2 * row + 1]));
    expect(list.map(({ x }) => x.shape)).toEqual([
      [10, 2],
      [10, 2],
      [5, 2],
    ]);
    expect(list[0]!.y).toBeInstanceOf(Int32Array);
  });

  it("a buffer mixes rows, each stands in one batch; every pass in another way, the same for a seed", async () => {
    const run = (seed: number) => batches(source, { batchSize: 4, buffer: 8, seed, prefetch: 3 });
    const first = run(1);
    const passes = [labels(await all(first)), labels(await all(first))];
    for (const pass of passes) expect(pass.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(passes[0]).not.toEqual(passes[1]);
    expect(passes[0]!.flat().slice(0, 8)).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(Math.max(...passes[0]![0]!)).toBeLessThan(8 + 4); // from the nearest rows
    expect(labels(await all(run(1)))).toEqual(passes[0]);
    expect(labels(await all(run(2)))).not.toEqual(passes[0]);
    const whole = labels(await all(batches(source, { buffer: 1000 }))).flat();
    expect(whole.sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => i));
  });

  it("every place of the output is equally likely for a row of the buffer", async () => {
    const counts = new Array<number>(8).fill(0);
    const stream = batches([piece(0, 8)], { batchSize: 8, buffer: 8 });
    for (let pass = 0; pass < 800; pass++) counts[labels(await all(stream))[0]!.indexOf(3)]!++;
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThan(45); // 4.8 deviations
  });

  it("tables through `rows`, weights, column targets", async () => {
    const table: Table = readCsv("a,b,t\n1,u,5\n2,v,6\n");
    const encoder = tableEncoder({ exclude: ["t"] }).fit(table);
    const rows = (part: Table) => ({
      x: encoder.transform(part),
      y: { data: part.columns[2]!.values as Float64Array, shape: [part.rows, 1] },
      weights: [2, 3],
    });
    const made = (part: Table) => ({ ...rows(part), weights: Float32Array.of(2, 3) });
    const [batch] = await all(batches(streamCsv(["a,b,t\n1,u,5\n2,v,6\n"]), { rows: made }));
    expect(batch).toEqual({
      x: { data: Float32Array.of(1, 1, 0, 2, 0, 1), shape: [2, 3] },
      y: { data: Float32Array.of(5, 6), shape: [2, 1] },
      weights: Float32Array.of(2, 3),
    });
  });

  it("reads ahead, and no further; stops the source when it is left", async () => {
    let given = 0;
    let isClosed = false;
    async function* counted() {
      try {
        for (; given < 100; ) yield piece(given++, 1);
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of batches(counted(), { batchSize: 1, prefetch: 3 })) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(given).toBe(4); // the one in hand and three ahead
      break;
    }
    expect(isClosed).toBe(true);
  });

  it("errors of the source and of shapes arrive where they are awaited", async () => {
    await expect(all(batches([piece(0, 2), { x: { data: new Float32Array(3), shape: [1, 3] }, y: Int32Array.of(1) }]))).rejects.toThrow(
      new ShapeError("batches: piece 1 must have rows of x [3], y [] as the first one has, got x [3], y []").message.replace(
        "rows of x [3]",
        "rows of x [2]",
      ),
    );
    await expect(all(batches([{ x: x(0, 2), y: Int32Array.of(1) }]))).rejects.toThrow(
      "batches: piece 0: y must have as many rows as x, 2, got 1",
    );
    await expect(all(batches([{ x: [[1]], y: [1] } as unknown as Piece]))).rejects.toThrow(DataError);
    await expect(all(batches(streamCsv(["a,b\n1\n"]), { rows: () => piece(0, 1) }))).rejects.toThrow("streamCsv: line 2, column 2");
    expect(() => batches(5 as unknown as Piece[])).toThrow(OptionError);
    expect(() => batches([], { batchsize: 3 } as object)).toThrow('Did you mean "batchSize"?');
  });
});
