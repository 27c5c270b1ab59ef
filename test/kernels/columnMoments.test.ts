import { describe, expect, it } from "vitest";
import { blended, columnMoments } from "../reference/columnMoments.ts";
import { expectNear, expectSameBits, numbers, Output, teams } from "./compare.ts";
import { Kernels, lineShares, shares, variants } from "./harness.ts";

function moments(kernels: Kernels, x: number[], rows: number, cols: number, ranks = 1, skew = 0) {
  kernels.reset();
  const input = kernels.put(x, skew);
  const mean = new Output(kernels, cols, skew);
  const variance = new Output(kernels, cols, skew);
  for (const [begin, end] of shares(cols, ranks, 16)) {
    kernels.call.columnMoments(input, mean.address, variance.address, rows, cols, begin, end);
  }
  return { mean: mean.read(), variance: variance.read() };
}

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  const padded = (values: number[]) => {
    const address = kernels.alloc(Math.ceil(values.length / 16) * 64);
    kernels.f32(address, values.length).set(values);
    return address;
  };

  it("follows the reference at every shape, unaligned, in 1 to 4 shares with the same bits", () => {
    for (const rows of [1, 2, 3, 127, 128, 129, 300]) {
      for (const cols of [0, 1, 3, 4, 5, 15, 16, 17, 33, 70]) {
        const what = `${rows} rows, ${cols} columns`;
        const x = numbers(rows + cols, rows * cols, 4);
        const want = moments(kernels, x, rows, cols);
        const { mean, variance } = columnMoments(x, rows, cols);
        expectNear(want.mean, mean, `${what}: mean`, 3e-7, 2e-7);
        expectNear(want.variance, variance, `${what}: variance`, 0, 1e-6);
        for (const ranks of teams) {
          const got = moments(kernels, x, rows, cols, ranks, 4 * ranks);
          expectSameBits(got.mean, want.mean, `${what}, ${ranks} ranks: mean`);
          expectSameBits(got.variance, want.variance, `${what}, ${ranks} ranks: variance`);
        }
      }
    }
  });

  it("a mean 1e5 times the deviation costs neither the mean's last digit nor the variance's digits", () => {
    const rows = 1000;
    for (const center of [1e3, 1e5, -1e5]) {
      const x = numbers(1, rows * 5).map((v) => Math.fround(v + center));
      const got = moments(kernels, x, rows, 5);
      const { mean, variance } = columnMoments(x, rows, 5);
      expectNear(got.mean, mean, "mean", 0, 2 ** -23);
      expectNear(got.variance, variance, "variance", 0, 1e-5);
    }
  });

  it("a constant column has variance 0 and its value as mean", () => {
    for (const value of [0.1, -1e6 / 3, 0]) {
      const v = Math.fround(value);
      for (const rows of [1, 7, 130]) {
        const { mean, variance } = moments(kernels, new Array<number>(rows * 5).fill(v), rows, 5);
        expect([...mean]).toEqual(new Array(5).fill(v));
        expect([...variance]).toEqual(new Array(5).fill(0));
      }
    }
  });

  it("a NaN stays in the moments of its column", () => {
    const x = numbers(1, 30);
    x[7] = Number.NaN;
    const { mean, variance } = moments(kernels, x, 6, 5);
    expect([...mean].map(Number.isNaN)).toEqual([false, false, true, false, false]);
    expect([...variance].map(Number.isNaN)).toEqual([false, false, true, false, false]);
  });

  it("columnInverse is 1 / sqrt(variance + eps) within an ulp and a half, in place, in shares", () => {
    for (const count of [0, 1, 15, 16, 17, 50]) {
      const variance = numbers(count, count, 9).map((v) => Math.abs(v));
      const eps = Math.fround(1e-5);
      for (const ranks of teams) {
        kernels.reset();
        const input = padded(variance);
        const inverse = ranks % 2 ? padded(new Array<number>(count).fill(0)) : input;
        for (const [begin, end] of lineShares(count, ranks)) kernels.call.columnInverse(input, inverse, eps, begin, end);
        const want = variance.map((v) => 1 / Math.sqrt(v + eps));
        expectNear(kernels.f32(inverse, count), want, `${count}, ${ranks} ranks`, 0, 2e-7);
      }
    }
  });

  it("columnInverse is NaN where the variance is not finite, so that the loss shows it", () => {
    kernels.reset();
    const variance = padded([1, Number.POSITIVE_INFINITY, Number.NaN, 0]);
    kernels.call.columnInverse(variance, variance, 1, 0, 16);
    expect([...kernels.f32(variance, 4)]).toEqual([Math.fround(Math.SQRT1_2), Number.NaN, Number.NaN, 1]);
  });

  it("blendStatistics follows the reference, with the variance made unbiased, and takes the batch alone at momentum 1", () => {
    for (const [count, momentum, rows] of [
      [1, 0.1, 2],
      [16, 0.1, 32],
      [17, 0.5, 3],
      [50, 1, 32],
      [5, 0, 32],
    ]) {
      const [mean, variance, runningMean, runningVariance] = [1, 2, 3, 4].map((seed) => numbers(seed, count, 3).map(Math.abs));
      for (const ranks of teams) {
        kernels.reset();
        const [m, v, rm, rv] = [mean, variance, runningMean, runningVariance].map(padded);
        for (const [begin, end] of lineShares(count, ranks)) kernels.call.blendStatistics(m, v, rm, rv, momentum, rows, begin, end);
        const wantMean = mean.map((b, j) => blended(runningMean[j], b, momentum));
        const wantVariance = variance.map((b, j) => blended(runningVariance[j], (b * rows) / (rows - 1), momentum));
        expectNear(kernels.f32(rm, count), wantMean, `mean, ${count}`, 1e-7, 3e-7);
        expectNear(kernels.f32(rv, count), wantVariance, `variance, ${count}`, 1e-7, 3e-7);
        if (momentum === 1) expect([...kernels.f32(rm, count)]).toEqual(mean);
      }
    }
  });

  it("running mean and variance of a column of zeros decay to 0 and never into denormals", () => {
    kernels.reset();
    const [m, v, rm, rv] = [[0], [0], [1], [1]].map(padded);
    let steps = 0;
    for (; kernels.f32(rv, 1)[0] !== 0 && steps < 2000; steps++) {
      kernels.call.blendStatistics(m, v, rm, rv, 0.1, 32, 0, 16);
      const now = kernels.f32(rv, 1)[0];
      expect(now === 0 || now >= 2 ** -126).toBe(true);
      expect(kernels.f32(rm, 1)[0]).toBe(now);
    }
    expect(steps).toBeGreaterThan(800); // 0.9^829 = 2^-126
    expect(steps).toBeLessThan(850);
  });
});
