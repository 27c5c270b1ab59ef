/** ridge on polynomial and radial features: the normal equations hold, the curve is found, λ keeps it from following the noise. */
import { describe, expect, test } from "vitest";
import { polynomialFeatures, rbfFeatures, ridge } from "../../src/data/index.ts";
import { testNumbers } from "../kernels/harness.ts";

const next = testNumbers(5);
const ROWS = 30;
const truth = (v: number) => Math.sin(2 * v);
const x = Array.from({ length: ROWS }, (_, i) => [-2 + (4 * i) / (ROWS - 1)]);
const t = x.map(([v]) => truth(v!) + 0.1 * next());
const between = Array.from({ length: 50 }, (_, i) => [-1.9 + (3.8 * i) / 49]);

const times = (design: readonly (readonly number[])[], w: readonly number[]) =>
  design.map((row) => row.reduce((sum, value, j) => sum + value * w[j]!, 0));

const makers: Record<string, () => { fitTransform(rows: number[][]): number[][]; transform(rows: number[][]): number[][] }> = {
  "polynomialFeatures({ degree: 9 })": () => polynomialFeatures({ degree: 9 }),
  "rbfFeatures({ centers: 12 })": () => rbfFeatures({ centers: Array.from({ length: 12 }, (_, i) => [-2 + (4 * i) / 11]), width: 0.5 }),
};

describe.each(Object.keys(makers))("%s", (name) => {
  test.each([1e-3, 0.1, 10])("λ = %d: the gradient of the penalized squares is 0", (lambda) => {
    const design = makers[name]!().fitTransform(x);
    const w = ridge(design, t, lambda);
    const residual = times(design, w).map((value, i) => value - t[i]!);
    const size = Math.max(...design.flat().map(Math.abs));
    w.forEach((value, j) => {
      const slope = design.reduce((sum, row, i) => sum + row[j]! * residual[i]!, 0) + lambda * value;
      expect(Math.abs(slope)).toBeLessThan(1e-9 * size * ROWS);
    });
  });

  test("finds the curve between the rows; a large λ shrinks the weights and underfits", () => {
    const features = makers[name]!();
    const design = features.fitTransform(x);
    const errorAt = (lambda: number) => {
      const guess = times(features.transform(between), ridge(design, t, lambda));
      return Math.sqrt(guess.reduce((sum, value, i) => sum + (value - truth(between[i]![0]!)) ** 2, 0) / between.length);
    };
    const normOf = (lambda: number) => Math.hypot(...ridge(design, t, lambda));
    expect(errorAt(0.01)).toBeLessThan(0.08);
    expect(errorAt(1e4)).toBeGreaterThan(0.4);
    expect(normOf(10)).toBeLessThan(normOf(0.1));
    expect(normOf(0.1)).toBeLessThan(normOf(1e-6));
  });
});
