import { describe, expect, it } from "vitest";
import { DataError, OptionError, ShapeError } from "../../src/errors.ts";
import {
  averagePrecision,
  balancedAccuracy,
  calibrationCurve,
  logLoss,
  matthewsCorrelation,
  rocAuc,
  rocCurve,
  topKAccuracy,
} from "../../src/metrics/index.ts";
import { RandomStream } from "../../src/random.ts";
import * as reference from "../reference/metrics.ts";

const random = new RandomStream(7, 1);
const drawn = (n: number, levels: number) => Array.from({ length: n }, () => random.below(levels));
const rowsOf = (columns: number[][]) => columns[0]!.map((_, i) => columns.map((column) => column[i]!));
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("rocAuc and averagePrecision", () => {
  it("equal their definitions over pairs, with few and many ties", () => {
    for (const levels of [2, 5, 1000000]) {
      for (let trial = 0; trial < 20; trial++) {
        const labels = [0, 1, ...drawn(30, 2)];
        const scores = drawn(32, levels);
        const isTrue = labels.map((label) => label === 1);
        expect(rocAuc(labels, scores)).toBeCloseTo(reference.rocAuc(isTrue, scores), 13);
        expect(averagePrecision(labels, scores)).toBeCloseTo(reference.averagePrecision(isTrue, scores), 13);
      }
    }
  });
  it("several classes: each against the rest, each pair, all columns as one", () => {
    const labels = [0, 1, 2, ...drawn(40, 3)];
    const columns = [0, 1, 2].map(() => drawn(43, 9));
    const scores = rowsOf(columns);
    const each = (f: typeof reference.rocAuc) =>
      columns.map((column, j) =>
        f(
          labels.map((label) => label === j),
          column,
        ),
      );
    const counts = [0, 1, 2].map((j) => labels.filter((label) => label === j).length);
    expect(rocAuc(labels, scores)).toBeCloseTo(mean(each(reference.rocAuc)), 13);
    const weighted = each(reference.rocAuc).reduce((sum, value, j) => sum + (value * counts[j]!) / 43, 0);
    expect(rocAuc(labels, scores, { average: "weighted" })).toBeCloseTo(weighted, 13);
    const all = columns.flatMap((_, j) => labels.map((label) => label === j));
    expect(rocAuc(labels, scores, { average: "micro" })).toBeCloseTo(reference.rocAuc(all, columns.flat()), 13);
    const pairs = [
      [0, 1],
      [0, 2],
      [1, 2],
    ].map(([a, b]) => {
      const rows = labels.flatMap((label, i) => (label === a || label === b ? [i] : []));
      const side = (j: number) =>
        reference.rocAuc(
          rows.map((i) => labels[i] === j),
          rows.map((i) => columns[j]![i]!),
        );
      return (side(a!) + side(b!)) / 2;
    });
    expect(rocAuc(labels, scores, { multiClass: "ovo" })).toBeCloseTo(mean(pairs), 13);
    const oneHot = labels.map((label) => [0, 1, 2].map((j) => Number(label === j)));
    expect(rocAuc(oneHot, scores)).toBe(rocAuc(labels, scores));
    expect(averagePrecision(labels, scores)).toBeCloseTo(mean(each(reference.averagePrecision)), 13);
    expect(averagePrecision(oneHot, scores, { multilabel: true })).toBe(averagePrecision(labels, scores));
  });
  it("two columns: the second is the positive class; labels -1, 1 and 1, 2", () => {
    const labels = [0, 1, 1, 0];
    const scores = [0.1, 0.9, 0.4, 0.6];
    const rows = scores.map((score) => [1 - score, score]);
    for (const truth of [labels, labels.map((label) => label + 1), labels.map((label) => 2 * label - 1)]) {
      expect(rocAuc(truth, scores)).toBe(0.75);
      expect(rocAuc(truth, rows)).toBe(0.75);
    }
    expect(
      rocAuc(
        labels.map((label) => [1 - label, label]),
        rows,
      ),
    ).toBe(0.75);
    expect(rocAuc({ data: Float32Array.from(labels), shape: [4, 1] }, { data: Float32Array.from(scores), shape: [4, 1] })).toBe(0.75);
  });
  it("multi-label: mean over columns", () => {
    const y = [
      [1, 1],
      [0, 1],
      [1, 0],
      [0, 0],
    ];
    const p = [
      [0.9, 0.2],
      [0.1, 0.8],
      [0.3, 0.5],
      [0.4, 0.5],
    ];
    expect(rocAuc(y, p, { multilabel: true })).toBe((0.75 + 0.5) / 2);
  });
  it("a missing class: an error for the area, 0 for the precision", () => {
    expect(() => rocAuc([1, 1], [0.1, 0.2])).toThrow(
      new DataError("rocAuc: yTrue must have rows of the class and others, got only rows of the class: the area is not defined"),
    );
    expect(() =>
      rocAuc(
        [0, 1],
        [
          [1, 0, 0],
          [0, 1, 0],
        ],
      ),
    ).toThrow("column 2 of yTrue must have rows of the class");
    expect(averagePrecision([0, 0], [0.1, 0.2])).toBe(0);
    expect(averagePrecision([1, 1], [0.1, 0.2])).toBe(1);
  });
  it("errors", () => {
    expect(() => rocAuc([0, 1, 2], [1, 2, 3])).toThrow("rocAuc: yTrue must hold two classes for one score per row, got the labels 0, 1, 2");
    expect(() =>
      rocAuc(
        [0, 3, 1],
        [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      ),
    ).toThrow("labels from 0 to 2, got 3 at row 1");
    expect(() => rocAuc([[1, 1, 0]], [[1, 0, 0]])).toThrow("got 2 ones in row 0. For independent labels pass multilabel: true");
    expect(() => rocAuc([0, 1], [1])).toThrow(ShapeError);
    expect(() => rocAuc([0, 1], [1, Number.NaN])).toThrow(DataError);
    expect(() => rocAuc([], [])).toThrow(DataError);
    expect(() => rocAuc([0, 1], [0, 1], { averge: "micro" } as object)).toThrow(OptionError);
  });
});

describe("rocCurve", () => {
  const labels = [0, 0, 1, 1];
  it("rates at each threshold, from one above the largest score (scikit-learn's example)", () => {
    expect(rocCurve(labels, [0.1, 0.4, 0.35, 0.8])).toEqual({
      fpr: [0, 0, 0.5, 0.5, 1],
      tpr: [0, 0.5, 0.5, 1, 1],
      thresholds: [1.8, 0.8, 0.4, 0.35, 0.1],
    });
  });
  it("leaves out what lies on a line, unless told not to", () => {
    const scores = [1, 2, 3, 4];
    expect(rocCurve(labels, scores)).toEqual({ fpr: [0, 0, 0, 1], tpr: [0, 0.5, 1, 1], thresholds: [5, 4, 3, 1] });
    expect(rocCurve(labels, scores, { dropIntermediate: false })).toEqual({
      fpr: [0, 0, 0, 0.5, 1],
      tpr: [0, 0.5, 1, 1, 1],
      thresholds: [5, 4, 3, 2, 1],
    });
    expect(rocCurve(labels, [3, 3, 3, 3])).toEqual({ fpr: [0, 1], tpr: [0, 1], thresholds: [4, 3] });
  });
  it("the trapezoids below it are rocAuc; a missing class is NaN", () => {
    const y = [0, 1, ...drawn(50, 2)];
    const scores = drawn(52, 20);
    const { fpr, tpr } = rocCurve(y, scores);
    let area = 0;
    for (let i = 1; i < fpr.length; i++) area += ((fpr[i]! - fpr[i - 1]!) * (tpr[i]! + tpr[i - 1]!)) / 2;
    expect(area).toBeCloseTo(rocAuc(y, scores), 13);
    expect(rocCurve([1, 1], [0.3, 0.4]).fpr.every(Number.isNaN)).toBe(true);
    expect(() =>
      rocCurve(
        [0, 1, 2],
        [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      ),
    ).toThrow(OptionError);
  });
});

describe("topKAccuracy", () => {
  const scores = [
    [0.5, 0.2, 0.2],
    [0.3, 0.4, 0.2],
    [0.2, 0.4, 0.3],
    [0.7, 0.2, 0.1],
  ];
  it("default k = 2 (scikit-learn's example)", () => {
    expect(topKAccuracy([0, 1, 2, 2], scores)).toBe(0.75);
    expect(topKAccuracy([0, 1, 2, 2], scores, { k: 1 })).toBe(0.5);
    expect(topKAccuracy([0, 1, 2, 2], scores, { k: 3 })).toBe(1);
    expect(topKAccuracy([0, 1, 2, 2], scores, { k: 9 })).toBe(1);
  });
  it("of equal scores the later class counts as larger", () => {
    expect(
      topKAccuracy(
        [1, 2],
        [
          [1, 1, 1],
          [1, 1, 1],
        ],
        { k: 1 },
      ),
    ).toBe(0.5);
    expect(
      topKAccuracy(
        [0, 1],
        [
          [1, 1, 1],
          [1, 1, 1],
        ],
        { k: 2 },
      ),
    ).toBe(0.5);
  });
  it("one column; one-hot truth; errors", () => {
    expect(topKAccuracy([0, 1, 1], [0.2, 0.7, 0.5], { k: 1 })).toBe(2 / 3);
    expect(topKAccuracy([0, 1, 1], [-2, 7, 0.5], { k: 1 })).toBe(1);
    expect(topKAccuracy([[0, 0, 1]], [[1, 2, 3]], { k: 1 })).toBe(1);
    expect(() => topKAccuracy([3], [[1, 2, 3]])).toThrow(new DataError("topKAccuracy: yTrue must hold labels from 0 to 2, got 3 at row 0"));
    expect(() => topKAccuracy([0, 1], [[1, 2, 3]])).toThrow(ShapeError);
    expect(() => topKAccuracy([0], [[1, 2]], { k: 0 })).toThrow(OptionError);
  });
});

describe("logLoss", () => {
  it("keeps probabilities the epsilon of their type away from 0 and 1", () => {
    expect(logLoss([1], [0])).toBeCloseTo(-Math.log(2 ** -52), 10);
    expect(logLoss([1], Float32Array.of(0))).toBeCloseTo(-Math.log(2 ** -23), 10);
    expect(
      logLoss(
        [0, 1],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    ).toBeLessThan(1e-15);
  });
  it("divides rows by their sum; soft targets; labels for two columns or one", () => {
    expect(logLoss([0], [[0.2, 0.2]])).toBeCloseTo(Math.log(2), 14);
    expect(logLoss([[0.5, 0.5]], [[0.2, 0.8]])).toBeCloseTo(-(Math.log(0.2) + Math.log(0.8)) / 2, 14);
    expect(logLoss([0, 1], [0.3, 0.6])).toBe(
      logLoss(
        [0, 1],
        [
          [0.7, 0.3],
          [0.4, 0.6],
        ],
      ),
    );
  });
  it("errors", () => {
    expect(() => logLoss([0, 2], [0.1, 0.2])).toThrow(new DataError("logLoss: yTrue must hold labels from 0 to 1, got 2 at row 1"));
    expect(() =>
      logLoss(
        [0, 1],
        [
          [0.1, 0.9],
          [2, -1],
        ],
      ),
    ).toThrow("yProb must hold probabilities, got 2 at row 1, column 0");
    expect(() => logLoss([0], [0.1, 0.2])).toThrow(ShapeError);
    expect(() => logLoss([[1, 0, 0]], [[0.1, 0.9]])).toThrow(ShapeError);
  });
});

describe("matthewsCorrelation and balancedAccuracy", () => {
  it("is the correlation of one-hot rows; 0 where one side has one class", () => {
    for (let trial = 0; trial < 20; trial++) {
      const truth = [0, 1, 2, 3, ...drawn(30, 4)];
      const guess = [1, 0, 2, 3, ...drawn(30, 4)];
      expect(matthewsCorrelation(truth, guess)).toBeCloseTo(reference.matthews(truth, guess, 4), 13);
    }
    for (const n of [3, 7, 11, 101]) {
      const labels = [0, 1, 2, ...drawn(n, 3)];
      expect(matthewsCorrelation(labels, labels)).toBe(1);
    }
    expect(matthewsCorrelation([0, 1], [1, 0])).toBe(-1);
    expect(matthewsCorrelation([0, 0], [0, 1])).toBe(0);
    expect(matthewsCorrelation([0, 1], [1, 1])).toBe(0);
  });
  it("mean recall over the classes of yTrue alone", () => {
    expect(balancedAccuracy([0, 0, 0, 1], [0, 0, 0, 0])).toBe(0.5);
    expect(balancedAccuracy([0, 0, 2, 2], [0, 1, 2, 2])).toBe(0.75);
    expect(balancedAccuracy([0, 1], [0.2, 0.4], { threshold: 0.3 })).toBe(1);
  });
});

describe("calibrationCurve", () => {
  const labels = [0, 0, 0, 0, 1, 1, 1, 1, 1];
  const scores = [0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1];
  it("uniform and quantile bins (scikit-learn's example)", () => {
    const { probTrue, probPred, counts } = calibrationCurve(labels, scores, { bins: 3 });
    expect(probTrue).toEqual([0, 0.5, 1]);
    [0.2, 0.525, 0.85].forEach((want, i) => expect(probPred[i]).toBeCloseTo(want, 14));
    expect(counts).toEqual([3, 2, 4]);
    expect(calibrationCurve(labels, scores, { bins: 3, strategy: "quantile" }).counts).toEqual([3, 3, 3]);
  });
  it("empty bins are left out; a border belongs to the lower bin", () => {
    expect(calibrationCurve([0, 1], [0.5, 1], { bins: 2 })).toEqual({ probTrue: [0, 1], probPred: [0.5, 1], counts: [1, 1] });
    expect(calibrationCurve([0, 1], [0.05, 0.95]).counts).toEqual([1, 1]);
  });
  it("errors", () => {
    expect(() => calibrationCurve([0, 1], [0.5, 1.5])).toThrow(
      new DataError("calibrationCurve: yProb must hold probabilities, got 1.5 at row 1"),
    );
    expect(() => calibrationCurve([0, 1], [0.5, 0.5], { bins: 0 })).toThrow(OptionError);
  });
});
