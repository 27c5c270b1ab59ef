import { describe, expect, it } from "vitest";
import { imputer } from "../../src/data/imputer.ts";
import { pipeline } from "../../src/data/pipeline.ts";
import { readCsv } from "../../src/data/readCsv.ts";
import { readTarget } from "../../src/data/readTarget.ts";
import { standardScaler } from "../../src/data/standardScaler.ts";
import { numbers, type TableEncoderJSON, tableEncoder, tableEncoderFrom } from "../../src/data/tableEncoder.ts";
import type { TransformJSON } from "../../src/data/transform.ts";
import { tableTransformFrom } from "../../src/data/transformFrom.ts";
import { DataError, FormatError, OptionError } from "../../src/errors.ts";

const table = readCsv("size,color,kind,label\n1.5,red,b,0\n2,blue,a,1\n-3,red,c,1\n");

describe("tableEncoder", () => {
  it("numbers as they are, texts one-hot by sorted categories, in the order of the columns", () => {
    const encoder = tableEncoder({ exclude: ["label"] });
    const x = encoder.fitTransform(table);
    expect(encoder.inputs).toEqual(["size", "color=blue", "color=red", "kind=a", "kind=b", "kind=c"]);
    expect(x.shape).toEqual([3, 6]);
    expect(Array.from(x.data)).toEqual([1.5, 0, 1, 0, 1, 0, 2, 1, 0, 1, 0, 0, -3, 0, 1, 0, 0, 1]);
  });
  it("applies to later tables: other order, further columns, unknown and missing categories are all 0", () => {
    const encoder = tableEncoderFrom(JSON.parse(JSON.stringify(tableEncoder({ exclude: ["label"] }).fit(table))));
    const later = readCsv("extra,kind,color,size\n9,z,blue,7\n9,a,?,8\n");
    expect(Array.from(encoder.transform(later).data)).toEqual([7, 1, 0, 0, 0, 0, 8, 0, 0, 1, 0, 0]);
  });
  it("kinds make a later file read as the first: codes stay text, a text in a number is an error with its line", () => {
    const encoder = tableEncoder().fit(readCsv("code,n\n007,1\nx,2\n"));
    expect(encoder.kinds).toEqual({ code: "text", n: "number" });
    const later = readCsv("code,n\n007,5\n7,6\n", { kinds: encoder.kinds });
    expect(Array.from(encoder.transform(later).data)).toEqual([1, 0, 5, 0, 0, 6]);
    expect(() => readCsv("code,n\n1,5\n1,many\n", { kinds: encoder.kinds })).toThrow('line 3, column 2 ("n") must be a number, got "many"');
    expect(() => encoder.transform(readCsv("code,n\n1,5\n1,many\n"))).toThrow('line 3, column "n" must be a finite number, got "many"');
  });
  it("missing, infinite and too large numbers: line and column", () => {
    const encode = (text: string) => () => tableEncoder().fitTransform(readCsv(text));
    expect(encode("a,b\n1,2\n\n3,NA\n")).toThrow(
      new DataError(
        'tableEncoder: line 4, column "b" must be a finite number, got no value. Fill it in, remove the line, or exclude the column.',
      ),
    );
    expect(encode("a,b\n1,inf\n")).toThrow('line 2, column "b" must be a finite number, got Infinity');
    expect(encode("a,b\n1,1e39\n")).toThrow('line 2, column "b" must be a finite number, got 1e+39');
  });
  it("codes: one input with the number of the category; what was not seen is an error, with its place", () => {
    const table = readCsv("n,color,size\n1,red,s\n2,blue,m\n3,red,l\n");
    const encoder = tableEncoder({ codes: ["color"] });
    expect(Array.from(encoder.fitTransform(table).data)).toEqual([1, 1, 0, 0, 1, 2, 0, 0, 1, 0, 3, 1, 1, 0, 0]);
    expect(encoder.inputs).toEqual(["n", "color", "size=l", "size=m", "size=s"]);
    expect(encoder.kinds).toEqual({ n: "number", color: "text", size: "text" });
    const same = tableEncoderFrom(JSON.parse(JSON.stringify(encoder)));
    expect(same.transform(table)).toEqual(encoder.transform(table));
    const later = (value: string) => () => encoder.transform(readCsv(`n,color,size\n1,red,s\n1,${value},s\n`));
    expect(later("green")).toThrow(new DataError('tableEncoder: line 3, column "color" must be one of blue, red, got "green"'));
    expect(later("")).toThrow("must be one of blue, red, got no value");
    expect(() => tableEncoder({ codes: ["n"] }).fit(table)).toThrow('tableEncoder: codes: column "n" must hold texts, got numbers');
    expect(() => tableEncoder({ codes: ["colour"] }).fit(table)).toThrow('Did you mean "color"?');
  });
  it("too many categories: says which line has the text among the numbers", () => {
    const text = `n\n${Array.from({ length: 200 }, (_, i) => (i === 150 ? "12abc" : i)).join("\n")}\n`;
    expect(() => tableEncoder().fit(readCsv(text))).toThrow(
      'column "n" must have at most 100 categories, got 200. It has numbers, but also "12abc" on line 152.',
    );
    expect(tableEncoder({ maxCategories: 200 }).fit(readCsv(text)).inputs.length).toBe(200);
  });
  it("errors", () => {
    expect(() => tableEncoder().transform(table)).toThrow(DataError);
    expect(() => tableEncoder({ exclude: ["lable"] }).fit(table)).toThrow(
      'tableEncoder: exclude: no column "lable". Did you mean "label"?',
    );
    expect(() => tableEncoder().fit(table).transform(readCsv("size\n1\n"))).toThrow('tableEncoder: no column "color"');
    for (const json of [null, {}, { type: "tableEncoder" }, { type: "tableEncoder", columns: [{ name: 1 }] }, { type: "x", columns: [] }]) {
      expect(() => tableEncoderFrom(json as unknown as TableEncoderJSON)).toThrow(FormatError);
    }
  });
});

describe("numbers", () => {
  it("takes the named columns in the order asked for", () => {
    expect(numbers(table, ["label", "size"])).toEqual({ data: Float32Array.of(0, 1.5, 1, 2, 1, -3), shape: [3, 2] });
    expect(() => numbers(table, ["color"])).toThrow('numbers: line 2, column "color" must be a finite number, got "red"');
  });
});

describe("readTarget", () => {
  const column = (values: readonly (string | number)[]) => readCsv(`t\n${values.join("\n")}\n`, { header: true });
  const repeat = (values: readonly (string | number)[], times: number) => Array.from({ length: times }, () => values).flat();
  it("texts are classes, sorted", () => {
    expect(readTarget(column(["b", "a", "c", "b"]), "t")).toEqual({
      task: "classification",
      y: Int32Array.of(1, 0, 2, 1),
      classes: ["a", "b", "c"],
    });
  });
  it("two integers, or few with enough rows each, are classes by size; else a quantity", () => {
    expect(readTarget(column([1, -1, 1]), "t")).toEqual({ task: "classification", y: Int32Array.of(1, 0, 1), classes: ["-1", "1"] });
    expect(readTarget(column(repeat([10, 9, 2], 5)), "t")).toMatchObject({ task: "classification", classes: ["2", "9", "10"] });
    expect(readTarget(column(repeat([10, 9, 2], 4)), "t")).toMatchObject({ task: "regression" });
    expect(readTarget(column(repeat([...Array(21).keys()], 9)), "t").task).toBe("regression");
    expect(readTarget(column(repeat([...Array(20).keys()], 9)), "t").task).toBe("classification");
    expect(readTarget(column([0.5, 1.5, 0.5]), "t")).toEqual({ task: "regression", y: Float32Array.of(0.5, 1.5, 0.5) });
  });
  it("can be told otherwise, and keeps earlier classes", () => {
    expect(readTarget(column([0, 1, 1]), "t", { task: "regression" })).toEqual({ task: "regression", y: Float32Array.of(0, 1, 1) });
    expect(readTarget(column([0.5, 2]), "t", { task: "classification" })).toMatchObject({ y: Int32Array.of(0, 1), classes: ["0.5", "2"] });
    expect(readTarget(column(["c", "a"]), "t", { classes: ["a", "b", "c"] })).toMatchObject({ y: Int32Array.of(2, 0) });
    expect(() => readTarget(column(["c", "d"]), "t", { classes: ["a", "b", "c"] })).toThrow(
      new DataError('readTarget: line 3, column "t" must be one of the classes a, b, c, got "d"'),
    );
  });
  it("a missing target is an error with its line", () => {
    expect(() => readTarget(column(["a", "?", "b"]), "t")).toThrow(
      new DataError('readTarget: line 3, column "t" must have a class, got no value'),
    );
    expect(() => readTarget(column([1.5, "NA", 2.5]), "t")).toThrow('line 3, column "t" must be a finite number, got no value');
    expect(() => readTarget(column(["a"]), "T")).toThrow(OptionError);
    expect(() => readTarget(column(["a"]), "t", { task: "regression" })).toThrow(DataError);
  });
});

describe("tableEncoder and what follows it", () => {
  const holes = readCsv("size,color,kind,grade\n1.5,red,b,low\nNA,blue,a,high\n-3,,c,low\n");
  const some = { missing: "keep", codes: ["grade"] } as const;

  it("missing: 'keep' leaves NaN for an imputer", () => {
    const { data } = tableEncoder(some).fitTransform(holes);
    expect(Array.from(data)).toEqual([1.5, 0, 1, 0, 1, 0, 1, NaN, 1, 0, 1, 0, 0, 0, -3, 0, 0, 0, 0, 1, 1]);
    const grades = readCsv("size,color,kind,grade\n1,red,b,?\n");
    expect(tableEncoder(some).fit(holes).transform(grades).data[6]).toBe(NaN);
    expect(() => tableEncoder({ codes: ["grade"] }).fitTransform(holes)).toThrow(
      'line 3, column "size" must be a finite number, got no value',
    );
    expect(() => tableEncoder({ missing: "drop" as "keep" })).toThrow('tableEncoder: missing must be one of "error", "keep"');
    expect(() => tableEncoder(some).fitTransform(readCsv("size,grade\n1,a\n1e39,b\n", { kinds: { grade: "text" } }))).toThrow(
      'line 3, column "size" must be a finite number, got 1e+39',
    );
  });
  it("the inverse gives the columns again", () => {
    const encoder = tableEncoder(some).fit(holes);
    const back = encoder.inverse(encoder.transform(holes));
    expect(back.columns).toEqual(holes.columns);
    expect(Array.from(back.lines)).toEqual([1, 2, 3]);
    const near = encoder.inverse([[2, 0.2, 0.1, -1, 0, -2, 7]]);
    expect(near.columns.map(({ values }) => values[0])).toEqual([2, "blue", "", "low"]);
    expect(() => encoder.inverse([[1, 2]])).toThrow("tableEncoder.inverse: rows must have the 7 columns that transform gives, got 2");
  });
  it("a pipeline that begins with it takes tables: each step as by hand, back again, and JSON", () => {
    const pipe = pipeline(tableEncoder(some), imputer({ strategy: "constant", value: 7 }), standardScaler());
    const x = pipe.fitTransform(holes);
    const encoded = tableEncoder(some).fitTransform(holes);
    const filled = { ...encoded, data: encoded.data.map((value) => (Number.isNaN(value) ? 7 : value)) };
    expect(x).toEqual(standardScaler().fitTransform(filled));
    expect(pipe.outputs).toBe(7);
    const back = pipe.inverse(x);
    expect(back.columns.map(({ values }) => Array.from<unknown>(values))).toEqual([
      [1.5, 7, -3].map((value) => expect.closeTo(value, 5)),
      ["red", "blue", ""],
      ["b", "a", "c"],
      ["low", "high", "low"],
    ]);
    const same = tableTransformFrom(JSON.parse(JSON.stringify(pipe)));
    expect(same.transform(holes)).toEqual(x);
    expect(JSON.parse(JSON.stringify(same))).toEqual(JSON.parse(JSON.stringify(pipe)));
    const { encoder, steps } = pipe.toJSON();
    for (const json of [
      { type: "tablePipeline", encoder, steps: pipeline(standardScaler()).toJSON() },
      { type: "tablePipeline", steps },
      null,
    ])
      expect(() => tableTransformFrom(json as TransformJSON)).toThrow(FormatError);
    expect(() => tableTransformFrom({ ...encoder, missing: "drop" } as TransformJSON)).toThrow(FormatError);
  });
});
