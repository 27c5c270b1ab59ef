/** Iris lies in its file sorted by class: every way to divide it must give parts that hold all classes, or say what it does. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type Fold,
  groupKFold,
  kFold,
  leaveOneOut,
  readCsv,
  readTarget,
  splitIndices,
  standardScaler,
  stratifiedKFold,
  tableEncoder,
} from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";

const table = readCsv(readFileSync(new URL("../../examples/data/iris.csv", import.meta.url)));
const y = readTarget(table, "label").y as Int32Array;
const x = standardScaler().fitTransform(tableEncoder({ exclude: ["label"] }).fitTransform(table));
const countsOf = (rows: ArrayLike<number>) => [0, 1, 2].map((label) => Array.from(rows).filter((row) => y[row] === label).length);
const all = Array.from({ length: 150 }, (_, row) => row);
const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);

test("it is sorted", () => {
  expect(Array.from(y)).toEqual(all.map((row) => Math.floor(row / 50)));
});

test.each([0, 1, 2, 3, 4])("validation: 0.2, seed %i: ten rows of each class, and a net that has learned all three", async (seed) => {
  const runtime = await w.createRuntime({ numerics: "portable", threads: 1 });
  const model = await w.build(w.sequential(w.input(4), w.dense(16), w.relu(), w.dense(3)), { seed, runtime });
  let held: number[] = [];
  const look = (yTrue: Int32Array | w.Tensor, _: w.Tensor) => {
    if (yTrue instanceof Int32Array && yTrue.length === 30) held = Array.from(yTrue);
    return 0;
  };
  const options = { loss: w.softmaxCrossEntropy(), optimizer: w.adam({ learningRate: 0.02 }), epochs: 40, validation: 0.2, seed };
  const history = await model.fit({ x, y }, { ...options, metrics: { accuracy, look } });
  expect([0, 1, 2].map((label) => held.filter((value) => value === label).length)).toEqual([10, 10, 10]);
  expect((history.valAccuracy as number[]).at(-1)).toBeGreaterThan(0.85);
  const predicted = model.predict(x, { as: "classes" }).data;
  expect(countsOf(all.filter((row) => predicted[row] === y[row])).every((right) => right > 42)).toBe(true);
  runtime.dispose();
});

describe("splitters", () => {
  const checkFolds = (folds: readonly Fold[], sizes: (test: number) => boolean) => {
    expect(sorted(folds.flatMap(({ test: rows }) => [...rows]))).toEqual(all);
    for (const { train, test: rows } of folds) {
      expect(sorted([...train, ...rows])).toEqual(all);
      expect(sizes(rows.length)).toBe(true);
      expect(Math.min(...countsOf(train))).toBeGreaterThan(30);
    }
  };

  test("split: stratified into three parts of all rows", () => {
    const parts = splitIndices(150, y, { validation: 0.2, test: 0.2, seed: 3 });
    expect([parts.train, parts.validation, parts.test].map(countsOf)).toEqual([
      [30, 30, 30],
      [10, 10, 10],
      [10, 10, 10],
    ]);
    expect(sorted([...parts.train, ...parts.validation, ...parts.test])).toEqual(all);
    const plain = countsOf(splitIndices(150, undefined, { test: 30, seed: 3 }).test);
    expect(Math.min(...plain)).toBeGreaterThan(3); // at random: no class is left out, though none is exact
  });

  test("stratifiedKFold: five rows of each class in each of ten", () => {
    const folds = stratifiedKFold(y, { seed: 1 });
    checkFolds(folds, (rows) => rows === 15);
    for (const { test: rows } of folds) expect(countsOf(rows)).toEqual([5, 5, 5]);
  });

  test("kFold is shuffled unless one asks for the order as it comes", () => {
    const folds = kFold(150, { seed: 1 });
    checkFolds(folds, (rows) => rows === 15);
    for (const { test: rows } of folds) expect(countsOf(rows).filter((count) => count > 0).length).toBeGreaterThan(1);
    const plain = kFold(150, { folds: 3, shuffle: false });
    expect(plain.map(({ test: rows }) => countsOf(rows))).toEqual([
      [50, 0, 0],
      [0, 50, 0],
      [0, 0, 50],
    ]);
  });

  test("groupKFold: no group in two parts", () => {
    const groups = all.map((row) => `plot ${row % 25}`);
    const folds = groupKFold(groups, { folds: 5 });
    checkFolds(folds, (rows) => rows === 30);
    for (const { train, test: rows } of folds) {
      const held = new Set(Array.from(rows, (row) => groups[row]));
      expect(Array.from(train).filter((row) => held.has(groups[row]))).toEqual([]);
      expect(countsOf(rows)).toEqual([10, 10, 10]);
    }
  });

  test("leaveOneOut: each row once", () => {
    checkFolds(leaveOneOut(150), (rows) => rows === 1);
  });
});
