import { describe, expect, expectTypeOf, it } from "vitest";
import { DataError, OptionError, ShapeError } from "../../src/errors.ts";
import { f1, precision, recall } from "../../src/metrics/index.ts";
import type { Metric } from "../../src/model/metric.ts";

const truth = [0, 1, 2, 2, 2, 0];
const guess = [0, 2, 2, 2, 1, 2];

describe("precision, recall, f1", () => {
  it("each class by hand, and its averages", () => {
    // class 0: 1 of 1 predicted, 1 of 2 there; class 1: 0 of 1, 0 of 1; class 2: 2 of 4, 2 of 3
    expect(precision(truth, guess, { average: "none" })).toEqual([1, 0, 0.5]);
    expect(recall(truth, guess, { average: "none" })).toEqual([0.5, 0, 2 / 3]);
    expect(f1(truth, guess, { average: "none" })).toEqual([2 / 3, 0, expect.closeTo(4 / 7, 15)]);
    expect(precision(truth, guess, { average: "macro" })).toBe(0.5);
    expect(precision(truth, guess, { average: "micro" })).toBe(0.5);
    expect(precision(truth, guess, { average: "weighted" })).toBeCloseTo((2 * 1 + 3 * 0.5) / 6, 15);
    expectTypeOf(precision(truth, guess, { average: "none" })).toEqualTypeOf<number[]>();
    expectTypeOf(precision(truth, guess, { average: "macro" })).toEqualTypeOf<number>();
  });
  it("without `classes` those that stand in either side count, with it all of them", () => {
    const sparse = [0, 5];
    expect(recall(sparse, [0, 7], { average: "none" })).toEqual([1, 0, 0]); // 0, 5, 7
    expect(recall(sparse, [0, 5], { average: "macro" })).toBe(1);
    expect(recall(sparse, [0, 5], { average: "macro", classes: 8 })).toBe(0.25);
    expect(recall(sparse, [0, 5], { average: "macro", classes: 8, zeroDivision: 1 })).toBe(1);
    expect(recall(sparse, [0, 5], { average: "none", classes: 6 })).toEqual([1, 0, 0, 0, 0, 1]);
    expect(recall(sparse, [0, 7], { average: "weighted", classes: 8 })).toBe(0.5);
  });
  it("zero division, as in scikit-learn 1.2", () => {
    const none = [0, 0, 0];
    for (const zeroDivision of [0, 1]) {
      expect(precision([0, 1, 1], none, { zeroDivision })).toBe(zeroDivision);
      expect(recall([0, 1, 1], none, { zeroDivision })).toBe(0);
      expect(f1([0, 1, 1], none, { zeroDivision })).toBe(0);
      expect(recall(none, [0, 1, 1], { zeroDivision })).toBe(zeroDivision);
      expect(f1(none, none, { zeroDivision })).toBe(zeroDivision);
    }
  });
  it("probabilities with a threshold; labels -1 and 1", () => {
    expect(precision([0, 1, 1, 0], [0.4, 0.9, 0.3, 0.6])).toBe(0.5);
    expect(recall([0, 1, 1, 0], [0.4, 0.9, 0.3, 0.6])).toBe(0.5);
    expect(recall([0, 1, 1, 0], [0.4, 0.9, 0.3, 0.6], { threshold: 0.2 })).toBe(1);
    expect(recall([-1, 1, 1], [-1, -1, 1])).toBe(0.5);
    const rows = [
      [0.9, 0.1],
      [0.2, 0.8],
    ];
    expect(f1([0, 1], rows)).toBe(1);
  });
  it("multi-label: columns are labels of their own", () => {
    const y = [
      [1, 0, 1],
      [0, 1, 1],
      [0, 0, 0],
    ];
    const p = [
      [0.9, 0.6, 0.2],
      [0.1, 0.7, 0.8],
      [0.4, 0.3, 0.5],
    ];
    const multilabel = true;
    expect(precision(y, p, { multilabel, average: "none" })).toEqual([1, 0.5, 1]); // 0.5 is not above the threshold
    expect(recall(y, p, { multilabel, average: "none" })).toEqual([1, 1, 0.5]);
    expect(f1(y, p, { multilabel, average: "micro" })).toBe(0.75); // 3 hits of 4 predicted, 4 there
    expect(precision(y, p, { multilabel, average: "macro" })).toBeCloseTo(2.5 / 3, 15);
    expect(recall(y, p, { multilabel, average: "weighted" })).toBe(0.75);
    expect(recall(y, p, { multilabel, average: "micro", threshold: 0.1 })).toBe(1);
    expect(f1(y, y, { multilabel, average: "macro", classes: 3 })).toBe(1);
    const nothing = [[0, 0]];
    for (const zeroDivision of [0, 1]) {
      expect(precision(nothing, nothing, { multilabel, average: "weighted", zeroDivision })).toBe(zeroDivision);
      expect(precision(nothing, [[1, 0]], { multilabel, average: "weighted", zeroDivision })).toBe(0);
      expect(recall(nothing, [[1, 0]], { multilabel, average: "weighted", zeroDivision })).toBe(zeroDivision);
    }
  });
  it("errors", () => {
    expect(() => precision(truth, guess)).toThrow(
      new OptionError(
        'precision: average "binary" is for two classes, of which 1 is the positive one, got the labels [0, 1, 2]. Pass average: "macro", "micro", "weighted" or "none"',
      ),
    );
    expect(() => f1([0, 2], [2, 0])).toThrow("got the labels [0, 2]");
    expect(() => f1([0, 1], [0, 1], { classes: 3 })).toThrow("got 3 classes");
    expect(() => recall([0, 1], [0], {})).toThrow(ShapeError);
    expect(() => recall([0, 3], [0, 1], { average: "macro", classes: 3 })).toThrow(
      new DataError("recall: yTrue must hold labels from 0 to 2, got 3 at row 1"),
    );
    expect(() => f1([[1, 0]], [[1, 0]], { multilabel: true })).toThrow('f1: average must not be "binary" with multilabel');
    expect(() => f1([[1, 2]], [[1, 0]], { multilabel: true, average: "macro" })).toThrow("must hold 0 and 1, got 2 at row 0, column 1");
    expect(() => f1([[1, 0]], [[1, 3]], { multilabel: true, average: "macro" })).toThrow("got 3 at row 0, column 1. For other scores");
    expect(() => f1([[1, 0]], [[1]], { multilabel: true, average: "macro" })).toThrow(ShapeError);
    expect(() => f1([1], [1], { averge: "macro" } as object)).toThrow('Did you mean "average"?');
    expect(() => f1([1], [1], { average: "marco" as "macro" })).toThrow('Did you mean "macro"?');
    expect(() => f1([1], [1], { zeroDivision: 2 })).toThrow(OptionError);
  });
});

it("is a metric of fit as it stands", () => {
  const metrics: Record<string, Metric> = { f1, recall, precision };
  expect(metrics.f1!(Int32Array.of(0, 1), { data: Float32Array.of(0.25, 0.75), shape: [2, 1] })).toBe(1);
});
