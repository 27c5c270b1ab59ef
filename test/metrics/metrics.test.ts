import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { NumericData } from "../../src/data/arrays.ts";
import { DataError, OptionError, ShapeError } from "../../src/errors.ts";
import {
  accuracy,
  averagePrecision,
  balancedAccuracy,
  confusionMatrix,
  f1,
  logLoss,
  mae,
  matthewsCorrelation,
  mse,
  precision,
  r2,
  recall,
  rmse,
  rocAuc,
  topKAccuracy,
} from "../../src/metrics/index.ts";

interface Golden {
  shape: number[];
  data: number[];
}
interface Case {
  name: string;
  metric: string;
  options: Record<string, unknown>;
  y_true: Golden;
  y_pred?: Golden;
  y_score?: Golden;
  y_prob?: Golden;
  value: number | Golden;
}
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(new URL("../vectors/metrics.json", import.meta.url), "utf8"));
const nested = ({ shape, data }: Golden) =>
  shape.length === 1 ? data : Array.from({ length: shape[0]! }, (_, i) => data.slice(i * shape[1]!, (i + 1) * shape[1]!));
const tensor = ({ shape, data }: Golden) => ({ data: Float64Array.from(data), shape });

/** scikit-learn's names of options as ours. */
function optionsOf({ average, zero_division, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const options = { ...rest };
  if (average !== undefined) options.average = average ?? "none";
  if (zero_division !== undefined) options.zeroDivision = zero_division;
  return options;
}

describe("golden vectors", () => {
  type Measure = (yTrue: NumericData, yPred: NumericData, options: never) => number | number[] | number[][];
  const metrics: Record<string, Measure> = {
    accuracy,
    averagePrecision,
    balancedAccuracy,
    confusionMatrix,
    f1,
    logLoss,
    mae,
    matthewsCorrcoef: matthewsCorrelation,
    mse,
    precision,
    r2,
    recall,
    rmse,
    rocAuc,
    topKAccuracy,
  };
  const near = (got: number, want: number) => expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-8 + 1e-8 * Math.abs(want));
  it("has cases of every metric, and a metric for every case", () => {
    expect([...new Set(cases.map(({ metric }) => metric))].sort()).toEqual(Object.keys(metrics).sort());
  });
  for (const { name, metric, options, y_true, y_pred, y_score, y_prob, value } of cases) {
    it(name, () => {
      for (const form of [nested, tensor]) {
        const guess = form((y_pred ?? y_score ?? y_prob)!);
        const got = metrics[metric]!(form(y_true), guess, optionsOf(options) as never);
        if (typeof value === "number") near(got as number, value);
        else {
          expect([(got as number[]).length, ...((got as number[][])[0]!.length ? [(got as number[][])[0]!.length] : [])]).toEqual(
            value.shape,
          );
          (got as number[]).flat().forEach((entry, i) => near(entry, value.data[i]!));
        }
      }
    });
  }
});

describe("accuracy: forms of targets and predictions", () => {
  const labels = [0, 2, 1, 2];
  const scores = [
    [0.9, 0.1, 0],
    [0.2, 0.3, 0.5],
    [0.6, 0.3, 0.1],
    [-5, -7, -1],
  ]; // prettier-ignore
  const oneHot = [
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
    [0, 0, 1],
  ]; // prettier-ignore
  it("labels and one-hot rows against probability rows or scores", () => {
    expect(accuracy(labels, scores)).toBe(0.75);
    expect(accuracy(oneHot, scores)).toBe(0.75);
    expect(accuracy(Uint8Array.from(labels), { data: Float32Array.from(scores.flat()), shape: [4, 3] })).toBe(0.75);
    expect(accuracy(oneHot, labels)).toBe(1);
    expect(accuracy({ data: Float32Array.from(labels), shape: [4, 1] }, labels)).toBe(1);
  });
  it("the first of equal largest wins", () => {
    expect(
      accuracy(
        [0, 1],
        [
          [0.5, 0.5, 0],
          [0, 0.5, 0.5],
        ],
      ),
    ).toBe(1); // prettier-ignore
    expect(
      accuracy(
        [1, 2],
        [
          [0.5, 0.5, 0],
          [0, 0.5, 0.5],
        ],
      ),
    ).toBe(0); // prettier-ignore
  });
  it("probabilities of class 1, in one column or rank 1, with a threshold; exactly the threshold is class 0", () => {
    const truth = [0, 1, 1, 0];
    const probabilities = [0.2, 0.7, 0.4, 0.5];
    expect(accuracy(truth, probabilities)).toBe(0.75);
    expect(accuracy(truth, Float32Array.from(probabilities))).toBe(0.75);
    expect(accuracy(truth, { data: probabilities, shape: [4, 1] })).toBe(0.75);
    expect(accuracy(truth, probabilities, { threshold: 0.3 })).toBe(0.75);
    expect(accuracy(truth, probabilities, { threshold: 0.45 })).toBe(0.5);
    expect(accuracy([1, 0], [3.5, -2], { threshold: 0 })).toBe(1);
    expect(accuracy([1, 0], [2, -2], { threshold: 0 })).toBe(1); // integers too are scores if there is a threshold
    expect(accuracy([1, 0, 1], [1, 0, 1])).toBe(1);
  });
  it("labels may be any integers where no class count is known", () => {
    expect(accuracy([-1, 1, 1], [-1, -1, 1])).toBe(2 / 3);
  });
  it("errors", () => {
    expect(() => accuracy([0, 1], [0])).toThrow(new ShapeError("accuracy: yPred must have as many rows as yTrue, 2, got 1"));
    expect(() => accuracy([], [])).toThrow(new DataError("accuracy: yTrue must have at least one row, got none"));
    expect(() => accuracy([0, Number.NaN], [0, 1])).toThrow("accuracy: yTrue must not hold NaN, got one at row 1");
    expect(() =>
      accuracy(
        [0, 1],
        [
          [1, 0],
          [Number.NaN, 1],
        ],
      ),
    ).toThrow("yPred must not hold NaN, got one at row 1, column 0"); // prettier-ignore
    expect(() =>
      accuracy(
        [0, 3],
        [
          [1, 0, 0],
          [1, 0, 0],
        ],
      ),
    ).toThrow("accuracy: yTrue must hold labels from 0 to 2, got 3 at row 1"); // prettier-ignore
    expect(() =>
      accuracy(
        [
          [1, 0],
          [0, 1],
        ],
        [
          [1, 0, 0],
          [1, 0, 0],
        ],
      ),
    ).toThrow(ShapeError); // prettier-ignore
    expect(() => accuracy([0.5, 1], [0, 1])).toThrow("yTrue must hold integer labels or one-hot rows, got 0.5 at row 0");
    expect(() => accuracy([0, 1], [0.5, 1.5])).toThrow("yPred must hold labels or probabilities, got 1.5 at row 1");
    expect(() => accuracy([0, 1], { data: [0, 1, 2, 3], shape: [2, 1, 2] })).toThrow(ShapeError);
    expect(() => accuracy([0, 1], [0, 1], { treshold: 1 } as object)).toThrow(
      'accuracy: unknown option "treshold". Did you mean "threshold"?',
    );
    expect(() => accuracy([0, 1], [0, 1], { threshold: Number.NaN })).toThrow(OptionError);
  });
});

describe("confusionMatrix", () => {
  it("rows are true classes; classes from the columns, the labels or the option", () => {
    expect(confusionMatrix([0, 1, 1], [0, 0, 1])).toEqual([
      [1, 0],
      [1, 1],
    ]); // prettier-ignore
    expect(confusionMatrix([0, 2], [1, 2])).toEqual([
      [0, 1, 0],
      [0, 0, 0],
      [0, 0, 1],
    ]); // prettier-ignore
    expect(
      confusionMatrix(
        [0, 1],
        [
          [0.9, 0.1, 0],
          [0.2, 0.7, 0.1],
        ],
      ),
    ).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]); // prettier-ignore
    expect(confusionMatrix([0, 0], [0, 0])).toEqual([[2]]);
    expect(confusionMatrix([0, 0], [0, 0], { classes: 2 })).toEqual([
      [2, 0],
      [0, 0],
    ]); // prettier-ignore
    expect(confusionMatrix([0, 1], [0.4, 0.6])).toEqual([
      [1, 0],
      [0, 1],
    ]); // prettier-ignore
    expect(confusionMatrix([0, 1], [0.4, 0.6], { threshold: 0.7 })).toEqual([
      [1, 0],
      [1, 0],
    ]); // prettier-ignore
  });
  it("errors", () => {
    expect(() => confusionMatrix([0, 2], [0, 1], { classes: 2 })).toThrow(
      "confusionMatrix: yTrue must hold labels from 0 to 1, got 2 at row 1",
    );
    expect(() => confusionMatrix([0, 1], [0, -1])).toThrow("confusionMatrix: yPred must hold labels from 0 to 1, got -1 at row 1");
    expect(() => confusionMatrix([0, 1], [0, 1e9])).toThrow(DataError);
    expect(() => confusionMatrix([0], [0], { classes: 0 })).toThrow(OptionError);
  });
});

describe("r2, mse, rmse, mae", () => {
  it("a constant target has r2 1 if met, else 0", () => {
    expect(r2([0.1, 0.1, 0.1], [0.1, 0.1, 0.1])).toBe(1);
    expect(r2([0.1, 0.1, 0.1], [0.1, 0.1, 0.2])).toBe(0);
  });
  it("of one row r2 is not defined: NaN, as scikit-learn's r2_score", () => {
    expect([r2([3], [4]), r2([3], [3]), r2([[1, 2]], [[1, 2]])]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
  it("a mean as prediction has r2 0; columns are averaged, not pooled", () => {
    expect(r2([1, 2, 3], [2, 2, 2])).toBe(0);
    expect(
      r2(
        [
          [1, 10],
          [2, 10],
          [3, 40],
        ],
        [
          [1, 20],
          [2, 20],
          [3, 20],
        ],
      ),
    ).toBe(0.5); // prettier-ignore
    expect(rmse([[0, 0]], [[3, 4]])).toBe(3.5);
    expect(mse([[0, 0]], [[3, 4]])).toBe(12.5);
    expect(mae([[0, 0]], [[3, -4]])).toBe(3.5);
  });
  it("rank 1 is one column and never broadcasts", () => {
    expect(mse([1, 2], { data: Float32Array.of(1, 4), shape: [2, 1] })).toBe(2);
    expect(() => mse([1, 2], [[1, 2]])).toThrow(new ShapeError("mse: yPred must have shape [2, 1] as yTrue, got [1, 2]"));
    expect(() => r2([1, 2], [1])).toThrow(ShapeError);
    expect(() => r2([1, Number.NaN], [1, 2])).toThrow(new DataError("r2: yTrue must not hold NaN, got one at row 1"));
    expect(() => mae([], [])).toThrow(DataError);
  });
});
