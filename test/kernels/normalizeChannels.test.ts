import { describe, expect, it } from "vitest";
import { batchNormImages, batchNormImagesGrad, normalizeChannels } from "../reference/normalizeChannels.ts";
import { difference, expectNear, expectSameBits, numbers, Output, teams } from "./compare.ts";
import { Kernels, lineShares, shares, variants } from "./harness.ts";

interface Problem {
  readonly x: number[];
  readonly dy: number[];
  readonly weight: number[];
  readonly bias: number[];
  readonly rows: number;
  readonly channels: number;
  readonly positions: number;
}

const EPS = Math.fround(1e-5);

function problemOf(rows: number, channels: number, positions: number): Problem {
  const count = rows * channels * positions;
  const weight = numbers(3, channels).map((v) => Math.fround(v + 1.5));
  const x = numbers(rows + positions, count, 3);
  return { x, dy: numbers(rows + 1, count), weight, bias: numbers(4, channels), rows, channels, positions };
}

/** The ops of the layer in training, one after the other, each in `ranks` shares. isInPlace: y overwrites x, then dx dy. */
function run(kernels: Kernels, problem: Problem, ranks = 1, skew = 0, isInPlace = false) {
  const { x, dy, rows, channels, positions } = problem;
  kernels.reset();
  const put = (values: number[]) => {
    const output = new Output(kernels, values.length, skew);
    kernels.f32(output.address, values.length).set(values);
    return output;
  };
  const line = Math.ceil(channels / 16) * 16;
  const [mean, variance, inverse] = [0, 1, 2].map(() => new Output(kernels, line));
  const [weight, bias] = [problem.weight, problem.bias].map((values) => kernels.put(values, skew));
  const [dweight, dbias] = [0, 1].map(() => new Output(kernels, channels, skew));
  const [input, target, upstream] = [x, x, dy].map(put);
  const y = isInPlace ? target : new Output(kernels, x.length, skew);
  const dx = isInPlace ? upstream : new Output(kernels, x.length, skew);
  const sizes = [rows, channels, positions];
  const planes = shares(rows * channels, ranks);
  const { channelMoments, columnInverse, normalizeChannels, normalizeChannelsSums, normalizeChannelsGrad } = kernels.call;
  for (const share of shares(channels, ranks)) channelMoments(input.address, mean.address, variance.address, ...sizes, ...share);
  for (const share of lineShares(channels, ranks)) columnInverse(variance.address, inverse.address, EPS, ...share);
  for (const share of planes) {
    const from = isInPlace ? target.address : input.address;
    normalizeChannels(from, mean.address, inverse.address, weight, bias, y.address, -Infinity, channels, positions, ...share);
  }
  const given = [upstream.address, input.address, mean.address, inverse.address];
  const sums = [dweight.address, dbias.address];
  for (const share of shares(channels, ranks)) normalizeChannelsSums(...given, ...sums, ...sizes, ...share);
  for (const share of planes) normalizeChannelsGrad(...given, weight, ...sums, dx.address, ...sizes, ...share);
  return { y: y.read(), dx: dx.read(), dweight: dweight.read(), dbias: dbias.read() };
}

describe("the reference", () => {
  it("gradients by input, weight and bias are slopes of Σ y dy", () => {
    const { x, dy, weight, bias, positions } = problemOf(2, 3, 4);
    const eps = 1e-3;
    const total = (y: number[]) => y.reduce((sum, v, k) => sum + v * dy[k], 0);
    const { dx, dweight, dbias } = batchNormImagesGrad(dy, x, weight, eps, positions);
    for (const [k, want] of dx.entries()) {
      expect(difference((v) => total(batchNormImages(v, weight, bias, eps, positions)), x, k)).toBeCloseTo(want, 8);
    }
    for (const [k, want] of dweight.entries()) {
      expect(difference((v) => total(batchNormImages(x, v, bias, eps, positions)), weight, k)).toBeCloseTo(want, 8);
    }
    for (const [k, want] of dbias.entries()) {
      expect(difference((v) => total(batchNormImages(x, weight, v, eps, positions)), bias, k)).toBeCloseTo(want, 8);
    }
  });
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it("follows the reference at every shape, unaligned, in place, in 1 to 4 shares with the same bits", () => {
    for (const positions of [1, 3, 4, 5, 8, 9, 16, 17, 35, 1024, 1025]) {
      for (const [rows, channels] of [
        [1, 1],
        [1, 3],
        [2, 5],
        [5, 17],
        [0, 3],
        [3, 0],
      ]) {
        if (rows * positions === 1) continue; // has no variance
        const what = `${rows} x ${channels} x ${positions}`;
        const problem = problemOf(rows, channels, positions);
        const { x, dy, weight, bias } = problem;
        const want = run(kernels, problem);
        const reference = batchNormImagesGrad(dy, x, weight, EPS, positions);
        expectNear(want.y, batchNormImages(x, weight, bias, EPS, positions), `${what}: y`, 1e-5, 1e-5);
        if (rows * positions > 2) expectNear(want.dx, reference.dx, `${what}: dx`, 1e-5, 1e-5); // of two values it is what rounding leaves of 0
        if (rows > 0) {
          const scale = rows * positions * 1e-7; // terms of either sign, up to 3 each
          expectNear(want.dweight, reference.dweight, `${what}: dweight`, 1e-5 + scale, 1e-5);
          expectNear(want.dbias, reference.dbias, `${what}: dbias`, 1e-6 + scale, 1e-6);
        }
        for (const ranks of teams) {
          const got = run(kernels, problem, ranks, 4 * ranks, ranks % 2 === 0);
          for (const part of ["y", "dx", "dweight", "dbias"] as const) {
            expectSameBits(got[part], want[part], `${what}, ${ranks} ranks: ${part}`);
          }
        }
      }
    }
  });

  it("normalizeChannels takes any moments, and no planes at all", () => {
    const [rows, channels, positions] = [3, 2, 7];
    const count = rows * channels * positions;
    const [x, mean, inverse, weight, bias] = [1, 2, 3, 4, 5].map((seed) => numbers(seed, seed === 1 ? count : channels));
    kernels.reset();
    const addresses = [x, mean, inverse, weight, bias].map((values) => kernels.put(values));
    const y = new Output(kernels, count, 4);
    kernels.call.normalizeChannels(...addresses, y.address, -Infinity, channels, positions, 1, 1);
    expect(y.read().every((v) => v === 777)).toBe(true);
    kernels.call.normalizeChannels(...addresses, y.address, -Infinity, channels, positions, 0, rows * channels);
    expectNear(y.read(), normalizeChannels(x, mean, inverse, weight, bias, positions), "y", 1e-7, 5e-7);
  });

  it("normalizeChannels gives nothing below its floor; a NaN stays one", () => {
    const [rows, channels, positions] = [3, 2, 7];
    const x = numbers(6, rows * channels * positions);
    x[20] = Number.NaN;
    const each = (value: number) => kernels.put(new Array(channels).fill(value));
    kernels.reset();
    const y = new Output(kernels, x.length, 4);
    const sizes = [channels, positions, 0, rows * channels];
    kernels.call.normalizeChannels(kernels.put(x), each(0), each(1), each(1), each(0), y.address, 0, ...sizes);
    expect(Array.from(y.read())).toEqual(x.map((value) => (value < 0 ? 0 : Math.fround(value))));
    expect(x.some((value) => value < 0)).toBe(true);
  });

  it("sums of 20,000 rows lose no digits: dbias is rounded once from float64", () => {
    const problem = problemOf(20_000, 1, 4);
    const dy = problem.dy.map((v) => Math.fround(v + 1));
    const got = run(kernels, { ...problem, dy });
    const want = batchNormImagesGrad(dy, problem.x, problem.weight, EPS, 4);
    expectNear(got.dbias, want.dbias, "dbias", 0, 2 ** -24);
    expectNear(got.dweight, want.dweight, "dweight", 6e-3, 0); // of 80,000 values x - mean is rounded, all the same way
  });

  it("channels of mean 1e4 are normalized as well as their float32 digits allow", () => {
    const problem = problemOf(4, 3, 16);
    const x = problem.x.map((v) => Math.fround(v + 1e4));
    const { y } = run(kernels, { ...problem, x });
    expectNear(y, batchNormImages(x, problem.weight, problem.bias, EPS, 16), "y", 1e-3, 1e-3); // half an ulp of the mean is 4.9e-4
  });
});
