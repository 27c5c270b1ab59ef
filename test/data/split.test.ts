import { describe, expect, it } from "vitest";
import { type SplitOptions, split, splitIndices } from "../../src/data/split.ts";
import { DataError, OptionError, ShapeError } from "../../src/errors.ts";
import { STREAM_VALIDATION } from "../../src/random.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const sizes = (n: number, options: SplitOptions) => {
  const { train, validation, test } = splitIndices(n, undefined, options);
  expect([...train, ...validation, ...test].sort((a, b) => a - b)).toEqual(range(n));
  return [train.length, validation.length, test.length];
};
const countBy = (rows: Uint32Array, labels: readonly unknown[]) => {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[String(labels[row])] = (counts[String(labels[row])] ?? 0) + 1;
  return counts;
};

describe("splitIndices", () => {
  it("sizes: shares round up as scikit-learn's do, counts are exact, every row in one part", () => {
    expect(sizes(1797, {})).toEqual([1437, 0, 360]);
    expect(sizes(150, { test: 0.2, validation: 0.2 })).toEqual([90, 30, 30]);
    expect(sizes(10, { test: 0.25 })).toEqual([7, 0, 3]);
    expect(sizes(100, { test: 0.07 })).toEqual([93, 0, 7]); // 0.07 * 100 is 7.000000000000001
    expect(sizes(10, { test: 3, validation: 2 })).toEqual([5, 2, 3]);
    expect(sizes(10, { test: 0, validation: 0.3 })).toEqual([7, 3, 0]);
    expect(sizes(2, {})).toEqual([1, 0, 1]);
    expect(sizes(10, { test: 1 })).toEqual([9, 0, 1]);
    expect(sizes(5, { test: 0, validation: 0 })).toEqual([5, 0, 0]);
  });
  it("repeats for a seed and differs for another, or for another stream", () => {
    const labels = range(60).map((i) => i % 3);
    expect(splitIndices(60, labels, { seed: 4 })).toEqual(splitIndices(60, labels, { seed: 4 }));
    expect(splitIndices(60, labels, { seed: 4 })).not.toEqual(splitIndices(60, labels, { seed: 5 }));
    expect(splitIndices(60, labels, { seed: 4 })).not.toEqual(splitIndices(60, labels, { seed: 4 }, STREAM_VALIDATION));
    expect(Array.from(splitIndices(10, undefined, { seed: 42, test: 0.3 }).test)).toEqual([1, 3, 5]);
  });
  it("each row is as likely to be in the test part as any other", () => {
    for (const stratify of [false, true]) {
      const counts = new Array<number>(20).fill(0);
      const labels = range(20).map((i) => (i < 5 ? 0 : 1));
      for (let seed = 0; seed < 2000; seed++)
        for (const row of splitIndices(20, labels, { test: 0.2, stratify, seed }).test) counts[row]!++;
      const chiSquare = counts.reduce((sum, count) => sum + (count - 400) ** 2 / (400 * 0.8), 0);
      expect(chiSquare).toBeLessThan(43.8); // 19 degrees of freedom, p = 0.001
    }
  });
  it("stratified: each part has its share of each class, the rounding by largest remainder", () => {
    const labels = [...new Array(50).fill("a"), ...new Array(30).fill("b"), ...new Array(21).fill("c")];
    for (let seed = 0; seed < 20; seed++) {
      const { train, validation, test } = splitIndices(101, labels, { test: 0.2, validation: 10, seed, stratify: true });
      // 21 of 101: a 10.396, b 6.238, c 4.366; then 10 of 80 left (40, 24, 16): 4.95..., i.e. 5, 3, 2
      expect(countBy(test, labels)).toEqual({ a: 11, b: 6, c: 4 });
      expect(Object.values(countBy(validation, labels)).reduce((sum, count) => sum + count)).toBe(10);
      expect(countBy(validation, labels)).toEqual({ a: 5, b: 3, c: 2 });
      expect(countBy(train, labels)).toEqual({ a: 34, b: 21, c: 15 });
    }
  });
  it("stratified: ties go to random classes, a part smaller than the classes is possible", () => {
    const labels = range(40).map((i) => i % 4);
    const chosen = new Map<string, number>();
    for (let seed = 0; seed < 400; seed++) {
      const { test } = splitIndices(40, labels, { test: 1, seed, stratify: true });
      const label = String(labels[test[0]!]);
      chosen.set(label, (chosen.get(label) ?? 0) + 1);
    }
    for (const label of "0123") expect(Math.abs(chosen.get(label)! - 100)).toBeLessThan(40);
  });
  it("parts are in random order, not grouped by class", () => {
    const labels = range(400).map((i) => (i < 200 ? 0 : 1));
    const { train, test } = splitIndices(400, labels, { seed: 1 });
    for (const part of [train, test]) {
      let changes = 0;
      for (let i = 1; i < part.length; i++) if (labels[part[i]!] !== labels[part[i - 1]!]) changes++;
      const pairs = part.length - 1;
      expect(Math.abs(changes - pairs / 2)).toBeLessThan(4 * Math.sqrt(pairs / 4));
    }
    // a rare class is not always first either
    const rare = range(100).map((i) => (i < 10 ? 1 : 0));
    let firsts = 0;
    for (let seed = 0; seed < 200; seed++) firsts += rare[splitIndices(100, rare, { seed }).test[0]!]!;
    expect(firsts).toBeLessThan(50);
  });
  it("auto: integer labels with two rows each, else at random", () => {
    const skewed = range(100).map((i) => (i < 90 ? 0 : 1));
    const spread = (labels: ArrayLike<unknown>) => {
      const seen = new Set<number>();
      for (let seed = 0; seed < 30; seed++)
        seen.add([...splitIndices(100, labels, { seed, test: 0.2 }).test].filter((row) => row >= 90).length);
      return seen.size;
    };
    expect(spread(skewed)).toBe(1);
    expect(spread(Float32Array.from(skewed))).toBe(1);
    expect(spread(skewed.map(String))).toBe(1);
    expect(spread(skewed.map((label) => label + 0.5))).toBeGreaterThan(1);
    expect(spread(skewed.map((label, i) => (i === 99 ? 2 : label)))).toBeGreaterThan(1);
  });
  it("errors", () => {
    const run = (n: number, options: object, labels?: number[]) => () => splitIndices(n, labels, options);
    expect(run(0, {})).toThrow(new DataError("split: the data has no rows"));
    expect(run(1, {})).toThrow("split: 1 rows leave none for training beside a test part of 1");
    expect(run(10, { test: 0.5, validation: 0.5 })).toThrow(DataError);
    expect(run(10, { test: 8, validation: 2 })).toThrow("beside a test part of 8 and a validation part of 2");
    expect(run(10, { test: 11 })).toThrow(OptionError);
    for (const test of [-0.1, 1.5, Number.NaN, Infinity, "0.2"]) expect(run(10, { test })).toThrow(OptionError);
    expect(run(10, { seed: -1 })).toThrow(OptionError);
    expect(run(10, { stratify: "yes" })).toThrow(OptionError);
    expect(run(10, { stratify: true })).toThrow(OptionError);
    expect(run(4, { stratify: true }, [0, 0, 1, 2])).toThrow(
      new DataError("split: class 1 must have at least 2 rows to be stratified, got 1. Pass stratify: false, or remove it."),
    );
    expect(run(5, { stratify: true }, [0, 0, 1, 1])).toThrow(ShapeError);
  });
});

describe("split", () => {
  const n = 12;
  const labels = range(n).map((i) => i % 2);
  it("keeps x, y and weights together, in every container", () => {
    const nested = range(n).map((i) => [i, i * 10]);
    const flat = Float32Array.from(nested.flat());
    const weights = Float64Array.from(range(n), (i) => i / 10);
    const options = { test: 3, validation: 2, seed: 7 };
    const a = split({ x: nested, y: labels, weights }, options);
    const b = split({ x: flat, y: Int32Array.from(labels), weights: [...weights] }, options);
    const c = split({ x: { data: flat, shape: [n, 2] }, y: { data: Float32Array.from(labels), shape: [n] } }, options);
    const d = split({ x: range(n).map((i) => Float32Array.of(i, i * 10)), y: labels.map(String) }, options);
    for (const name of ["train", "validation", "test"] as const) {
      const rows = Array.from(a.indices[name]);
      expect([a[name]!.x, a[name]!.y, a[name]!.weights]).toEqual([
        rows.map((i) => [i, i * 10]),
        rows.map((i) => i % 2),
        Float64Array.from(rows, (i) => i / 10),
      ]);
      expect([b[name]!.x, b[name]!.y]).toEqual([Float32Array.from(rows.flatMap((i) => [i, i * 10])), Int32Array.from(rows, (i) => i % 2)]);
      expect(b[name]!.weights).toEqual(rows.map((i) => i / 10));
      expect(c[name]!.x).toEqual({ data: Float32Array.from(rows.flatMap((i) => [i, i * 10])), shape: [rows.length, 2] });
      expect(c[name]!.y).toEqual({ data: Float32Array.from(rows, (i) => i % 2), shape: [rows.length] });
      expect("weights" in c[name]!).toBe(false);
      expect([d[name]!.x, d[name]!.y]).toEqual([rows.map((i) => Float32Array.of(i, i * 10)), rows.map((i) => String(i % 2))]);
    }
    expect(a.indices.test.length).toBe(3);
  });
  it("one-hot and rank-2 targets are not stratified; a flat y takes its width from x", () => {
    const x = range(n).map((i) => [i]);
    const oneHot = split({ x, y: labels.map((label) => [1 - label, label]) });
    expect(oneHot.test.y).toEqual(Array.from(oneHot.indices.test, (i) => [1 - (i % 2), i % 2]));
    const wide = split({ x, y: Float32Array.from(range(2 * n)) });
    expect(wide.test.y).toEqual(Float32Array.from(Array.from(wide.indices.test).flatMap((i) => [2 * i, 2 * i + 1])));
    const images = split({ x: { data: new Uint8Array(range(n * 4)), shape: [n, 2, 2] }, y: labels });
    expect(images.test.x.shape).toEqual([3, 2, 2]);
    expect(images.test.x.data).toEqual(Uint8Array.from(Array.from(images.indices.test).flatMap((i) => range(4).map((j) => 4 * i + j))));
  });
  it("has a validation part only if asked for, and leaves its input alone", () => {
    const x = range(n);
    const y = labels.slice();
    const parts = split({ x, y });
    expect("validation" in parts).toBe(false);
    expect(parts.train.x.length + parts.test.x.length).toBe(n);
    expect(x).toEqual(range(n));
    expect(y).toEqual(labels);
  });
  it("errors", () => {
    expect(() => split({ x: range(3), y: range(4) })).toThrow(new ShapeError("split: y must have 3 rows, got 4"));
    expect(() => split({ x: new Float32Array(7), y: range(4) })).toThrow("split: x must hold a multiple of 4 numbers");
    expect(() => split({ x: range(4), y: range(4), weights: [1] })).toThrow("split: weights must have 4 rows, got 1");
    expect(() => split({ x: [], y: [] })).toThrow(DataError);
    expect(() => split({ x: range(4), y: range(4) }, { tset: 0.2 } as SplitOptions)).toThrow('unknown option "tset". Did you mean "test"?');
    expect(() => split({ x: 5 as unknown as number[], y: range(4) })).toThrow(OptionError);
  });
});
