import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Fold,
  type FoldOptions,
  groupKFold,
  kFold,
  leaveOneOut,
  readCsv,
  readTarget,
  split,
  splitIndices,
  stratifiedKFold,
} from "../../src/data/index.ts";
import { DataError, OptionError, ShapeError } from "../../src/errors.ts";
import { RandomStream } from "../../src/random.ts";

const random = new RandomStream(11, 1);
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const drawn = (n: number, levels: number) => Array.from({ length: n }, () => random.below(levels));
const spread = (values: number[]) => Math.max(...values) - Math.min(...values);

/** Every row is in one test part, and in the training part of all other folds; both rise. */
function expectPartition(folds: readonly Fold[], n: number): void {
  expect(folds.flatMap(({ test }) => Array.from(test)).sort((a, b) => a - b)).toEqual(range(n));
  for (const { train, test } of folds) {
    expect([...train, ...test].sort((a, b) => a - b)).toEqual(range(n));
    for (const part of [train, test]) expect(Array.from(part)).toEqual(Array.from(part).sort((a, b) => a - b));
  }
}

describe("kFold", () => {
  it("each row is tested once, sizes differ by one at most, for 100 drawn sizes", () => {
    for (let trial = 0; trial < 100; trial++) {
      const folds = 2 + random.below(9);
      const n = folds + random.below(60);
      const parts = kFold(n, { folds, shuffle: trial % 2 === 0, seed: trial });
      expect(parts.length).toBe(folds);
      expectPartition(parts, n);
      expect(spread(parts.map(({ test }) => test.length))).toBeLessThanOrEqual(1);
    }
  });
  it("10 shuffled folds; without shuffle runs of rows, the first ones longer, as in scikit-learn", () => {
    expect(kFold(25).length).toBe(10);
    expect(kFold(8, { folds: 3, shuffle: false }).map(({ test }) => Array.from(test))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [6, 7],
    ]);
    const isRun = ({ test }: Fold) => test[test.length - 1]! - test[0]! === test.length - 1;
    expect(kFold(100).filter(isRun).length).toBe(0);
  });
  it("the same for a seed, others for another; each repeat has folds of its own", () => {
    const tests = (options: FoldOptions) => kFold(40, options).map(({ test }) => Array.from(test));
    expect(tests({ seed: 3 })).toEqual(tests({ seed: 3 }));
    expect(tests({ seed: 3 })).not.toEqual(tests({ seed: 4 }));
    const repeated = kFold(40, { folds: 4, repeats: 3, seed: 3 });
    expect(repeated.length).toBe(12);
    for (const repeat of [0, 1, 2]) expectPartition(repeated.slice(4 * repeat, 4 * repeat + 4), 40);
    expect(new Set(repeated.map(({ test }) => test.join())).size).toBe(12);
    expect(repeated.slice(0, 4)).toEqual(kFold(40, { folds: 4, seed: 3 }));
  });
  it("the folds of a seed are these, everywhere", () => {
    expect(kFold(9, { folds: 3, seed: 1 }).map(({ test }) => Array.from(test))).toMatchInlineSnapshot(`
      [
        [
          0,
          6,
          8,
        ],
        [
          1,
          3,
          5,
        ],
        [
          2,
          4,
          7,
        ],
      ]
    `);
  });
  it("errors", () => {
    expect(() => kFold(5)).toThrow(new OptionError("kFold: folds must be at most the 5 rows there are, got 10"));
    expect(() => kFold(5, { folds: 1 })).toThrow("kFold: folds must be an integer of at least 2, got 1");
    expect(() => kFold(20, { repeats: 2, shuffle: false })).toThrow(OptionError);
    expect(() => kFold(20, { fold: 5 } as FoldOptions)).toThrow('Did you mean "folds"?');
    expect(() => kFold([1, 2] as unknown as number)).toThrow(OptionError);
  });
});

describe("stratifiedKFold", () => {
  it("each class is spread within one row over the folds, sizes too, for 100 drawn label lists", () => {
    for (let trial = 0; trial < 100; trial++) {
      const folds = 2 + random.below(6);
      const classes = 1 + random.below(5);
      const labels = [...new Array<number>(folds).fill(0), ...drawn(random.below(80), classes)];
      if (trial % 3 === 0) labels.sort((a, b) => a - b);
      const parts = stratifiedKFold(labels, { folds, seed: trial, shuffle: trial % 2 === 0 });
      expectPartition(parts, labels.length);
      expect(spread(parts.map(({ test }) => test.length))).toBeLessThanOrEqual(1);
      for (let c = 0; c < classes; c++) {
        expect(spread(parts.map(({ test }) => Array.from(test).filter((row) => labels[row] === c).length))).toBeLessThanOrEqual(1);
      }
    }
  });
  it("texts and typed arrays; repeats; errors", () => {
    const parts = stratifiedKFold(["b", "a", "b", "a"], { folds: 2 });
    for (const { test } of parts) expect(Array.from(test, (row) => row % 2).sort()).toEqual([0, 1]);
    expect(stratifiedKFold(Int32Array.of(0, 1, 0, 1), { folds: 2, repeats: 2 }).length).toBe(4);
    expect(() => stratifiedKFold([0, 0, 1, 1], { folds: 3 })).toThrow(
      new DataError("stratifiedKFold: a class must have at least 3 rows, one per fold, got 2 in the largest. Lower folds"),
    );
    expect(() => stratifiedKFold([0, Number.NaN], { folds: 2 })).toThrow(
      "stratifiedKFold: labels: row 1 must be a number or a text, got NaN",
    );
    expect(() => stratifiedKFold(3 as unknown as number[])).toThrow(OptionError);
  });
});

describe("groupKFold, leaveOneOut, grouped hold-out", () => {
  it("no group is in two folds, and folds are about as large, for 100 drawn lists", () => {
    for (let trial = 0; trial < 100; trial++) {
      const folds = 2 + random.below(4);
      const groups = [...range(folds), ...drawn(random.below(100), folds + random.below(20))];
      const parts = groupKFold(groups, { folds });
      expectPartition(parts, groups.length);
      const owners = new Map<number, number>();
      parts.forEach(({ test }, fold) => {
        expect(test.length).toBeGreaterThan(0);
        for (const row of test) expect(owners.get(groups[row]!) ?? fold).toBe(fold);
        for (const row of test) owners.set(groups[row]!, fold);
      });
      const largest = Math.max(...[...owners.keys()].map((group) => groups.filter((other) => other === group).length));
      expect(spread(parts.map(({ test }) => test.length))).toBeLessThanOrEqual(largest);
    }
    expect(() => groupKFold(["a", "b", "a"], { folds: 3 })).toThrow(
      new DataError("groupKFold: there must be at least 3 groups, one per fold, got 2. Lower folds"),
    );
  });
  it("one row after the other", () => {
    const parts = leaveOneOut(5);
    expectPartition(parts, 5);
    expect(parts.map(({ test }) => Array.from(test))).toEqual([[0], [1], [2], [3], [4]]);
    expect(leaveOneOut(50000).length).toBe(50000); // would be 10 GB of row numbers at once
    expect(() => leaveOneOut(1)).toThrow(OptionError);
  });
  it("split by groups: no group in two parts, every row in one, shares of the groups", () => {
    for (let trial = 0; trial < 50; trial++) {
      const groups = [...range(12), ...drawn(60, 12)].map((group) => `patient ${group}`);
      const n = groups.length;
      const { train, validation, test } = splitIndices(n, undefined, { groups, test: 0.25, validation: 2, seed: trial });
      expect([...train, ...validation, ...test].sort((a, b) => a - b)).toEqual(range(n));
      const kinds = [train, validation, test].map((part) => new Set(Array.from(part, (row) => groups[row])));
      expect(kinds.map(({ size }) => size)).toEqual([7, 2, 3]);
    }
    const data = { x: range(6), y: range(6) };
    const groups = [0, 0, 1, 1, 2, 2];
    const parts = split(data, { groups, test: 1, seed: 5 });
    expect(new Set((parts.test.x as number[]).map((row) => groups[row])).size).toBe(1);
    expect(parts.test.x.length + parts.train.x.length).toBe(6);
    expect(() => split(data, { groups: [0] })).toThrow(new ShapeError("split: groups must have 6 entries, one per row, got 1"));
    expect(() => split(data, { groups, stratify: true })).toThrow(OptionError);
    expect(() => split(data, { groups: [0, 0, 0, 0, 0, 0] })).toThrow(DataError);
  });
});

describe("iris, sorted by class as it comes", () => {
  const table = readCsv(readFileSync(new URL("../../examples/data/iris.csv", import.meta.url), "utf8"));
  const { y } = readTarget(table, table.columns.at(-1)!.name);
  const countsOf = (rows: Uint32Array) => [0, 1, 2].map((c) => Array.from(rows).filter((row) => y[row] === c).length);
  it("is sorted", () => {
    expect(Array.from(y)).toEqual(Array.from(y).sort((a, b) => a - b));
  });
  it("every splitter's parts hold every class", () => {
    for (const { train, test } of stratifiedKFold(y))
      expect([countsOf(train), countsOf(test)]).toEqual([
        [45, 45, 45],
        [5, 5, 5],
      ]);
    for (const seed of [0, 1, 2]) {
      for (const { train } of kFold(150, { seed })) expect(Math.min(...countsOf(train))).toBeGreaterThanOrEqual(38);
      expect(countsOf(splitIndices(150, y, { seed }).test)).toEqual([10, 10, 10]);
    }
  });
});
