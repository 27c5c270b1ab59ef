import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type StandardScalerJSON, standardScaler, standardScalerFrom } from "../../src/data/standardScaler.ts";
import { DataError, FormatError, ShapeError } from "../../src/errors.ts";

interface Golden {
  shape: number[];
  data: number[];
}
const file = JSON.parse(readFileSync(new URL("../vectors/preprocessing.json", import.meta.url), "utf8"));
const golden: {
  x: Golden;
  x_new: Golden;
  y: Golden;
  y_new: Golden;
  inverse_of_y_new: Golden;
  fitted: Record<"mean" | "var" | "scale", Golden>;
} = file.cases.find(({ name }: { name: string }) => name === "standardScaler");
const rows = ({ shape, data }: Golden) => Array.from({ length: shape[0]! }, (_, i) => data.slice(i * shape[1]!, (i + 1) * shape[1]!));

function expectNear(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++)
    expect(Math.abs(got[i]! - want[i]!), `entry ${i}`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(want[i]!)));
}

describe("standardScaler", () => {
  it("golden vectors: float64 for nested arrays within the 9 digits of the file, float32 for tensors", () => {
    const scaler = standardScaler();
    expectNear(scaler.fitTransform(rows(golden.x)).flat(), golden.y.data, 1e-8);
    expectNear(scaler.mean, golden.fitted.mean.data, 1e-8);
    expectNear(scaler.scale, golden.fitted.scale.data, 1e-8);
    expectNear(scaler.transform(rows(golden.x_new)).flat(), golden.y_new.data, 1e-8);
    expectNear(scaler.inverse(rows(golden.y_new)).flat(), golden.inverse_of_y_new.data, 1e-8);
    const tensor = { data: Float32Array.from(golden.x.data), shape: golden.x.shape };
    const y = standardScaler().fitTransform(tensor);
    expect(y.shape).toEqual(golden.x.shape);
    expect(y.data).toBeInstanceOf(Float32Array);
    expectNear(y.data, golden.y.data, 1e-7);
    expectNear(
      scaler.inverse({ data: Float32Array.from(golden.y_new.data), shape: golden.y_new.shape }).data,
      golden.inverse_of_y_new.data,
      3e-7,
    );
  });
  it("a constant column is exactly 0 with scale 1, whatever its value and number of rows", () => {
    for (const value of [0.1, 1e10 / 3, -7e-9]) {
      const scaler = standardScaler();
      expect(scaler.fitTransform(new Array<number>(1001).fill(value)).every((entry) => entry === 0)).toBe(true);
      expect(Array.from(scaler.scale)).toEqual([1]);
      expect(scaler.transform([value + 2])[0]).toBeCloseTo(2, 5);
    }
  });
  it("is accurate far from zero", () => {
    const scaler = standardScaler().fit([1e9, 1e9 + 1, 1e9 + 2]);
    expect(scaler.mean[0]).toBe(1e9 + 1);
    expect(scaler.scale[0]).toBeCloseTo(Math.sqrt(2 / 3), 14);
  });
  it("returns what it is given: tensor, nested, flat; rank 1 is one column, rank 3 a column per place", () => {
    const x = [1, 2, 3, 6];
    const want = [-2, -1, 0, 3].map((value) => value / Math.sqrt(3.5));
    expectNear(standardScaler().fitTransform(x), want, 1e-15);
    expect(Array.isArray(standardScaler().fitTransform(x))).toBe(true);
    expect(standardScaler().fitTransform(Float32Array.from(x))).toEqual(Float32Array.from(want));
    expect(standardScaler().fitTransform(Int32Array.from(x))).toEqual(Float32Array.from(want));
    expect(standardScaler().fitTransform(Float64Array.from(x))).toBeInstanceOf(Float64Array);
    const column = standardScaler()
      .fit(x)
      .transform({ data: Float32Array.from(x), shape: [4, 1] });
    expect(column).toEqual({ data: Float32Array.from(want), shape: [4, 1] });
    const images = standardScaler().fitTransform({ data: Float32Array.of(0, 10, 5, 1, 2, 20, 5, 3), shape: [2, 2, 2] });
    expect(images).toEqual({ data: Float32Array.of(-1, -1, 0, -1, 1, 1, 0, 1), shape: [2, 2, 2] });
    expect(
      standardScaler().fitTransform([
        [
          [0, 10],
          [5, 1],
        ],
        [
          [2, 20],
          [5, 3],
        ],
      ]),
    ).toEqual([
      [
        [-1, -1],
        [0, -1],
      ],
      [
        [1, 1],
        [0, 1],
      ],
    ]); // prettier-ignore
    expect(standardScaler().fitTransform([Float32Array.of(0), Float32Array.of(2)])).toEqual([[-1], [1]]);
    expectTypeOf(standardScaler().fitTransform([[1], [2]])).toEqualTypeOf<number[][]>();
    expectTypeOf(standardScaler().fitTransform(new Float32Array(2))).toEqualTypeOf<Float32Array>();
  });
  it("does not change its input", () => {
    const x = Float64Array.of(1, 2, 3);
    standardScaler().fitTransform(x);
    expect(Array.from(x)).toEqual([1, 2, 3]);
  });
  it("goes through JSON without losing a bit", () => {
    const scaler = standardScaler().fit(rows(golden.x));
    const same = standardScalerFrom(JSON.parse(JSON.stringify(scaler)));
    expect(same.transform(rows(golden.x_new))).toEqual(scaler.transform(rows(golden.x_new)));
    expect(JSON.stringify(same)).toBe(JSON.stringify(scaler));
  });
  it("errors", () => {
    const fitted = standardScaler().fit([
      [1, 2],
      [3, 4],
    ]); // prettier-ignore
    expect(() => standardScaler().transform([1])).toThrow(new DataError("standardScaler.transform must come after fit"));
    expect(() => standardScaler().inverse([1])).toThrow(DataError);
    expect(() => fitted.transform([[1, 2, 3]])).toThrow(
      new ShapeError("standardScaler.transform: rows must have the 2 columns that fit saw, got 3"),
    );
    expect(() => fitted.transform([1, 2])).toThrow(ShapeError);
    expect(() =>
      standardScaler().fit([
        [1, 2],
        [3, Number.NaN],
      ]),
    ).toThrow(DataError); // prettier-ignore
    expect(() =>
      standardScaler().fit([
        [1, 2],
        [3, Number.NaN],
      ]),
    ).toThrow("x must be finite, got NaN at row 1, column 1"); // prettier-ignore
    expect(() => fitted.transform([[Infinity, 1]])).toThrow("got Infinity at row 0, column 0");
    expect(() => standardScaler().fit([[1, 2], [3]])).toThrow(
      "standardScaler.fit: row 1 must have 2 entries as the first one has, got 1 entries",
    ); // prettier-ignore
    expect(() => standardScaler().fit([[1], ["2" as unknown as number]])).toThrow('row 1, column 0 must be a number, got "2"');
    expect(() => standardScaler().fit([[1], 2])).toThrow("row 1 must have 1 entries as the first one has, got 2");
    expect(() => standardScaler().fit([])).toThrow(DataError);
    expect(() => standardScaler().fit({ data: new Float32Array(3), shape: [2, 2] })).toThrow(ShapeError);
    expect(() => standardScaler().fit("x" as unknown as number[])).toThrow(DataError);
    const bad = [
      null,
      {},
      { type: "standardScaler", mean: [1], scale: [] },
      { type: "standardScaler", mean: [1], scale: [0] },
      { type: "standardScaler", mean: [null], scale: [1] },
    ];
    for (const json of bad) expect(() => standardScalerFrom(json as unknown as StandardScalerJSON)).toThrow(FormatError);
  });
});
