import { describe, expect, it } from "vitest";
import { readCsv, readJson, streamJson, type Table, tableEncoder } from "../../src/data/index.ts";
import { DataError, FormatError, OptionError } from "../../src/errors.ts";
import { RandomStream } from "../../src/random.ts";
import { cut } from "./mutateCsv.ts";

const lines = '{"a":1,"b":"x"}\r\n{"a":2.5e1,"b":"y","c":true}\n\n{"b":null,"a":-3}\n';
const all = async (items: AsyncIterable<Table>) => {
  const list: Table[] = [];
  for await (const item of items) list.push(item);
  return list;
};

describe("readJson", () => {
  it("gives the table that the same CSV would", () => {
    const table = readJson(lines);
    const csv = readCsv("a,b,c\n1,x,\n25,y,true\n\n-3,,\n");
    expect(table.columns).toEqual(csv.columns);
    expect(Array.from(table.lines)).toEqual([1, 2, 4]);
    const { columns } = readJson('\ufeff [{"a":1,"b":"x"},{"a":25,"b":"y","c":true},{"b":null,"a":-3}]');
    expect(columns).toEqual(csv.columns);
    expect(readJson(new TextEncoder().encode(lines))).toEqual(table);
    expect(
      readJson([
        { a: 1, b: "x" },
        { a: 25, b: "y", c: true },
        { b: "", a: -3 },
      ]).columns,
    ).toEqual(csv.columns);
    expect(tableEncoder({ exclude: ["b"] }).fitTransform(table).shape).toEqual([3, 2]);
  });
  it("numbers and texts mixed are text; kinds and columns", () => {
    expect(readJson([{ a: 1 }, { a: "u" }]).columns[0]).toEqual({ name: "a", kind: "text", values: ["1", "u"], missing: 0 });
    expect(readJson([{ a: "1" }, { a: "2" }]).columns[0]!.kind).toBe("text");
    expect(readJson([{ a: "1" }, { a: null }], { kinds: { a: "number" } }).columns[0]!.values).toEqual(Float64Array.of(1, Number.NaN));
    expect(readJson([{ a: 7 }], { kinds: { a: "text" } }).columns[0]!.values).toEqual(["7"]);
    expect(readJson([{ a: 1, b: 2 }], { columns: ["b"] }).columns.map(({ name }) => name)).toEqual(["b"]);
    expect(readJson('{"__proto__":5,"constructor":6}').columns.map(({ name, values }) => [name, values[0]])).toEqual([
      ["__proto__", 5],
      ["constructor", 6],
    ]);
  });
  it("errors name line and column", () => {
    expect(() => readJson('{"a":1}\n{"a":}\n')).toThrow(FormatError);
    expect(() => readJson('{"a":1}\n{"a":}\n')).toThrow("readJson: line 2 must be JSON, got");
    expect(() => readJson('{"a":1}\n5\n')).toThrow(new DataError("readJson: line 2 must be an object of values by name, got 5"));
    expect(() => readJson('{"a":[1]}')).toThrow('readJson: line 1, column "a" must be a number, a text, true, false or null, got [1]');
    expect(() => readJson([{ a: 1 }, { a: "x" }], { kinds: { a: "number" } })).toThrow('line 2, column "a" must be a number, got "x"');
    expect(() => readJson("")).toThrow(DataError);
    expect(() => readJson("[")).toThrow(FormatError);
    expect(() => readJson([{ a: 1 }], { kinds: { b: "text" } })).toThrow(OptionError);
    expect(() => readJson(5 as unknown as string)).toThrow("readJson: the source must be a text or bytes, got 5");
  });
});

describe("streamJson", () => {
  const random = new RandomStream(9, 1);
  const file = Array.from({ length: 300 }, (_, i) => `{"n":${i},"t":${i % 5 === 0 ? "null" : `"v${i % 3}"`}}`).join("\r\n");
  it("is readJson, table after table, wherever the bytes are cut", async () => {
    const whole = readJson(file);
    for (const characters of [1, 200, 1e6]) {
      const tables = await all(streamJson(cut(new TextEncoder().encode(file), random, 40), { characters }));
      expect(tables.flatMap(({ lines }) => [...lines])).toEqual(Array.from(whole.lines));
      for (const j of [0, 1])
        expect(tables.flatMap(({ columns }): unknown[] => [...columns[j]!.values])).toEqual([...whole.columns[j]!.values]);
      expect(tables.length > 1).toBe(characters < 1e6);
    }
  });
  it("errors", async () => {
    const small = { characters: 1 };
    await expect(all(streamJson(['{"a":1}\n', '{"a":2,"b":3}\n'], small))).rejects.toThrow(
      'streamJson: line 2, column "b": no row of the first table has it',
    );
    expect((await all(streamJson(['{"a":1}\n', '{"a":2,"b":3}\n'], { ...small, columns: ["a"] }))).length).toBe(2);
    await expect(all(streamJson(['{"a":1}\n', '{"a":"x"}\n'], small))).rejects.toThrow('line 2, column "a" must be a number, got "x"');
    await expect(all(streamJson(['{"a":1}\n', "x\n"], small))).rejects.toThrow('streamJson: line 2 must be JSON, got "x"');
    await expect(all(streamJson(["\n"]))).rejects.toThrow(new DataError("streamJson: there must be at least one row, got none"));
  });
});
