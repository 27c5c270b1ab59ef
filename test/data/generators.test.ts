import { describe, expect, it } from "vitest";
import { blobs, circles, type LabelledData, moons, regression, ridge, spirals } from "../../src/data/index.ts";
import { OptionError } from "../../src/errors.ts";

type Rows = LabelledData<readonly number[]>;
const rowsOf = ({ x }: Rows) =>
  Array.from({ length: x.shape[0]! }, (_, i) => Array.from(x.data.subarray(i * x.shape[1]!, (i + 1) * x.shape[1]!)));
const ofClass = (data: Rows, label: number) => rowsOf(data).filter((_, i) => data.y[i] === label);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: number[]) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
const counts = ({ y }: Rows) => Array.from(y).reduce<number[]>((all, label) => Object.assign(all, { [label]: (all[label] ?? 0) + 1 }), []);

describe("moons, circles, spirals", () => {
  it("moons: two half circles", () => {
    const data = moons({ samples: 101 });
    expect(data.x.shape).toEqual([101, 2]);
    expect(counts(data)).toEqual([50, 51]);
    for (const [a, b] of ofClass(data, 0)) {
      expect(Math.hypot(a!, b!)).toBeCloseTo(1, 6);
      expect(b).toBeGreaterThanOrEqual(-1e-7);
    }
    for (const [a, b] of ofClass(data, 1)) {
      expect(Math.hypot(a! - 1, b! - 0.5)).toBeCloseTo(1, 6);
      expect(b).toBeLessThanOrEqual(0.5 + 1e-7);
    }
    expect(Math.min(...ofClass(data, 0).map(([a]) => a!))).toBeCloseTo(-1, 6); // both ends are there
    expect(Math.max(...ofClass(data, 1).map(([a]) => a!))).toBeCloseTo(2, 6);
  });
  it("circles: one in the other", () => {
    const data = circles({ samples: 60, factor: 0.3 });
    expect(counts(data)).toEqual([30, 30]);
    for (const row of ofClass(data, 0)) expect(Math.hypot(...row)).toBeCloseTo(1, 6);
    for (const row of ofClass(data, 1)) expect(Math.hypot(...row)).toBeCloseTo(0.3, 6);
    expect(mean(ofClass(data, 0).map(([a]) => a!))).toBeCloseTo(0, 6); // all round
    expect(mean(ofClass(data, 0).map(([, b]) => b!))).toBeCloseTo(0, 6);
  });
  it("spirals: as many arms as classes, each out to radius 1", () => {
    const data = spirals({ samples: 300, classes: 3 });
    expect(counts(data)).toEqual([100, 100, 100]);
    for (const label of [0, 1, 2]) expect(Math.max(...ofClass(data, label).map((row) => Math.hypot(...row)))).toBeCloseTo(1, 6);
    const ends = [0, 1, 2].map((label) => ofClass(data, label).find((row) => Math.hypot(...row) > 0.9999)!);
    expect(Math.hypot(ends[0]![0]! - ends[1]![0]!, ends[0]![1]! - ends[1]![1]!)).toBeCloseTo(Math.sqrt(3), 5);
  });
  it("noise has its deviation; rows are mixed; a seed fixes every bit", () => {
    const plain = moons({ samples: 4000, seed: 2 });
    const noisy = moons({ samples: 4000, seed: 2, noise: 0.1 });
    expect(noisy.y).toEqual(plain.y);
    const added = Array.from(noisy.x.data, (value, i) => value - plain.x.data[i]!);
    expect(mean(added)).toBeCloseTo(0, 2);
    expect(deviation(added)).toBeCloseTo(0.1, 2);
    expect(Math.abs(mean(Array.from(plain.y.subarray(0, 400))) - 0.5)).toBeLessThan(0.1);
    expect(moons({ seed: 2, noise: 0.1 })).toEqual(moons({ seed: 2, noise: 0.1 }));
    expect(moons({ seed: 3 })).not.toEqual(moons({ seed: 2 }));
    // the same on every engine: nothing here may use Math.log or Math.cos
    const hash = (data: Float32Array) => new Uint32Array(data.buffer).reduce((sum, word) => (Math.imul(sum, 31) + word) >>> 0, 0);
    expect([
      hash(moons({ noise: 0.2, seed: 7 }).x.data),
      hash(spirals({ noise: 0.2, seed: 7 }).x.data),
      hash(blobs({ seed: 7 }).x.data),
    ]).toMatchInlineSnapshot(`
      [
        840663258,
        3919900341,
        2321381646,
      ]
    `);
  });
});

describe("blobs", () => {
  it("clouds round their centres, with their deviations and sizes", () => {
    const centers = [
      [0, 0, 0],
      [10, -10, 5],
    ];
    const data = blobs({ samples: [3000, 1000], centers, deviation: [1, 0.25] });
    expect(data.centers).toEqual(centers);
    expect(counts(data)).toEqual([3000, 1000]);
    centers.forEach((center, label) =>
      center.forEach((value, j) => {
        const column = ofClass(data, label).map((row) => row[j]!);
        expect(Math.abs(mean(column) - value)).toBeLessThan(0.06);
        expect(Math.abs(deviation(column) / [1, 0.25][label]! - 1)).toBeLessThan(0.06);
      }),
    );
  });
  it("three of two features in a box by default, as equal as can be", () => {
    const data = blobs();
    expect(data.x.shape).toEqual([100, 2]);
    expect(counts(data)).toEqual([34, 33, 33]);
    expect(
      blobs({ box: [4, 5], centers: 50 })
        .centers.flat()
        .every((value) => value >= 4 && value < 5),
    ).toBe(true);
  });
});

describe("regression", () => {
  it("is linear in the informative columns", () => {
    const { x, y, coefficients } = regression({ samples: 200, features: 12, informative: 4, targets: 2 });
    expect(coefficients.filter((row) => row.some((value) => value !== 0)).length).toBe(4);
    const w = ridge(x, y, 0).data;
    coefficients.flat().forEach((value, i) => expect(w[i]).toBeCloseTo(value, 3));
    expect(y.shape).toEqual([200, 2]);
  });
  it("bias and noise", () => {
    const { y } = regression({ samples: 4000, features: 1, informative: 0, bias: 3, noise: 0.5 });
    expect(y.shape).toEqual([4000]);
    expect(mean(Array.from(y.data))).toBeCloseTo(3, 1);
    expect(deviation(Array.from(y.data))).toBeCloseTo(0.5, 1);
  });
});

it("errors", () => {
  expect(() => moons({ samples: 0 })).toThrow(new OptionError("moons: samples must be an integer of at least 1, got 0"));
  expect(() => moons({ nois: 1 } as object)).toThrow('Did you mean "noise"?');
  expect(() => circles({ factor: 1 })).toThrow("circles: factor must be in [0, 1), got 1");
  expect(() => blobs({ samples: [1, 2], centers: 3 })).toThrow("blobs: samples must have an entry for each of 3 centers, got 2");
  expect(() => blobs({ centers: [[1], [1, 2]] })).toThrow(OptionError);
  expect(() => regression({ features: 3, informative: 4 })).toThrow(OptionError);
  expect(() => spirals({ seed: -1 })).toThrow(OptionError);
});
