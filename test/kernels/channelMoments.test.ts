import { describe, expect, it } from "vitest";
import { channelMoments } from "../reference/channelMoments.ts";
import { expectNear, expectSameBits, numbers, Output, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

function moments(kernels: Kernels, x: number[], rows: number, channels: number, positions: number, ranks = 1, skew = 0) {
  kernels.reset();
  const input = kernels.put(x, skew);
  const mean = new Output(kernels, channels, skew);
  const variance = new Output(kernels, channels, skew);
  for (const [begin, end] of shares(channels, ranks)) {
    kernels.call.channelMoments(input, mean.address, variance.address, rows, channels, positions, begin, end);
  }
  return { mean: mean.read(), variance: variance.read() };
}

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it("follows the reference at every shape, unaligned, in 1 to 4 shares with the same bits", () => {
    // Positions: less than a vector, a step of two, their multiples and one more; a chunk of 1024 and its neighbours.
    for (const positions of [1, 2, 3, 4, 5, 7, 8, 9, 16, 35, 64, 1023, 1024, 1025, 2500]) {
      for (const [rows, channels] of [
        [1, 1],
        [1, 5],
        [2, 3],
        [7, 4],
        [33, 1],
        [3, 0],
      ]) {
        const what = `${rows} x ${channels} x ${positions}`;
        const x = numbers(rows + positions, rows * channels * positions, 4).map((v, k) => Math.fround(v + (k % 3)));
        const want = moments(kernels, x, rows, channels, positions);
        const { mean, variance } = channelMoments(x, channels, positions);
        expectNear(want.mean, mean, `${what}: mean`, 3e-7, 2e-7);
        expectNear(want.variance, variance, `${what}: variance`, 1e-13, 1e-6);
        for (const ranks of teams) {
          const got = moments(kernels, x, rows, channels, positions, ranks, 4 * ranks);
          expectSameBits(got.mean, want.mean, `${what}, ${ranks} ranks: mean`);
          expectSameBits(got.variance, want.variance, `${what}, ${ranks} ranks: variance`);
        }
      }
    }
  });

  it("a mean 1e5 times the deviation costs neither the mean's last digit nor the variance's digits", () => {
    for (const [rows, positions] of [
      [1000, 5],
      [2, 2500],
    ]) {
      for (const center of [1e3, 1e5, -1e5]) {
        const x = numbers(1, rows * 3 * positions).map((v) => Math.fround(v + center));
        const got = moments(kernels, x, rows, 3, positions);
        const { mean, variance } = channelMoments(x, 3, positions);
        expectNear(got.mean, mean, "mean", 0, 2 ** -23);
        expectNear(got.variance, variance, "variance", 0, 1e-5);
      }
    }
  });

  it("neither many rows nor many positions cost digits: chunks are short, and summed in float64", () => {
    for (const [rows, positions] of [
      [20_000, 4],
      [1, 300_000],
    ]) {
      const x = numbers(3, rows * positions).map((v) => Math.fround(v + 1));
      const got = moments(kernels, x, rows, 1, positions);
      const { mean, variance } = channelMoments(x, 1, positions);
      expectNear(got.mean, mean, "mean", 0, 2 ** -24);
      expectNear(got.variance, variance, "variance", 0, 2e-7);
    }
  });

  it("a constant channel has variance 0 and its value as mean", () => {
    for (const value of [0.1, -1e6 / 3, 0]) {
      const v = Math.fround(value);
      for (const [rows, positions] of [
        [1, 2],
        [7, 35],
        [2, 1300],
      ]) {
        const { mean, variance } = moments(kernels, new Array<number>(rows * 3 * positions).fill(v), rows, 3, positions);
        expect([...mean]).toEqual(new Array(3).fill(v));
        expect([...variance]).toEqual(new Array(3).fill(0));
      }
    }
  });

  it("a NaN, or a square past float32, stays in the moments of its channel", () => {
    const x = numbers(1, 2 * 3 * 5);
    x[7] = Number.NaN; // row 0, channel 1
    x[27] = 1e30; // row 1, channel 2
    const { mean, variance } = moments(kernels, x, 2, 3, 5);
    expect([...mean].map(Number.isFinite)).toEqual([true, false, true]);
    expect([...variance].map(Number.isFinite)).toEqual([true, false, false]);
    expect(variance[1]).toBeNaN();
  });
});
