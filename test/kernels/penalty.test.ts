import { describe, expect, it } from "vitest";
import { PIECE } from "../../assembly/abi.ts";
import { penalty, penaltyGrad, powerPenalty, powerPenaltyGrad } from "../reference/penalty.ts";
import { difference, expectNear, expectSameBits, numbers, Output, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

interface Result {
  g: Float32Array;
  sums: Float64Array;
}

/** Calls a kernel with its constants over the pieces of each share. */
function run(kernels: Kernels, name: string, w: number[], g: number[], constants: number[], ranks = 1, skew = 0): Result {
  kernels.reset();
  const count = w.length;
  const pieces = Math.ceil(count / PIECE);
  const weights = kernels.alloc(count * 4 + 64, skew);
  kernels.f32(weights, count + 16).fill(1e9); // past the count: must not be read
  kernels.f32(weights, count).set(w);
  const gradient = new Output(kernels, count, skew);
  kernels.f32(gradient.address, count).set(g);
  const sums = kernels.alloc(pieces * 8 + 8);
  for (const [begin, end] of shares(pieces, ranks)) kernels.call[name](weights, gradient.address, sums, ...constants, count, begin, end);
  return { g: gradient.read(), sums: new Float64Array(kernels.memory.buffer, sums, pieces).slice() };
}

describe("the reference", () => {
  it("gradient is the slope of the penalty", () => {
    const w = numbers(1, 7);
    for (const [k, want] of penaltyGrad(w, 0.3, 0.7).entries()) expect(difference((v) => penalty(v, 0.3, 0.7), w, k)).toBeCloseTo(want, 9);
    for (const p of [0.5, 2, 3]) {
      for (const [k, want] of powerPenaltyGrad(w, 0.3, p).entries()) {
        expect(difference((v) => powerPenalty(v, 0.3, p), w, k)).toBeCloseTo(want, 7);
      }
    }
  });
});

const counts = [0, 1, 3, 4, 5, 17, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 2];

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it("adds to the gradient and sums each piece, at every count, unaligned, in 1 to 4 shares with the same bits", () => {
    for (const count of counts) {
      for (const [l1, l2] of [
        [0.25, 0],
        [0, 0.5],
        [0.125, 0.0625],
      ]) {
        const what = `${count} weights, l1 ${l1}, l2 ${l2}`;
        const w = numbers(count, count, 2);
        const g = numbers(count + 1, count);
        const want = run(kernels, "penaltyGrad", w, g, [l1, l2, l1]);
        expectNear(
          want.g,
          penaltyGrad(w, l1, l2).map((d, i) => g[i] + d),
          what,
          1e-7,
          1e-6,
        );
        const pieces = Array.from({ length: want.sums.length }, (_, i) => penalty(w.slice(i * PIECE, (i + 1) * PIECE), l1, l2));
        expectNear(want.sums, pieces, what, 0, 1e-12);
        for (const ranks of teams) {
          const got = run(kernels, "penaltyGrad", w, g, [l1, l2, l1], ranks, 4 * ranks);
          expectSameBits(got.g, want.g, `${what}, ${ranks} ranks`);
          expect([...got.sums]).toEqual([...want.sums]);
        }
      }
    }
  });

  it("sign(0) is 0, for -0 too, and the sign of the smallest weight is its own", () => {
    expect([...run(kernels, "penaltyGrad", [0, -0, 1e-40, -1e-40, 3], [1, 1, 1, 1, 1], [0.5, 0, 0.5]).g]).toEqual([1, 1, 1.5, 0.5, 1.5]);
  });

  it("without a slope the value stays and the gradient has l2's part alone", () => {
    const { g, sums } = run(kernels, "penaltyGrad", [2, -1, 0, 4, -3], [1, 1, 1, 1, 1], [0.5, 0.25, 0]);
    expect([...g]).toEqual([1.5, 0.75, 1, 2, 0.25]);
    expect([...sums]).toEqual([0.5 * 10 + 0.125 * 30]);
  });

  it("powers: adds to the gradient and sums each piece, at every count, unaligned, in 1 to 4 shares with the same bits", () => {
    for (const count of counts) {
      for (const [factor, p] of [
        [0.25, 0.5],
        [2, 3],
      ]) {
        const what = `${count} weights, ${factor} |w|^${p}`;
        const w = numbers(count, count, 2).map((v, i) => (i % 7 === 3 ? 0 : v));
        const g = numbers(count + 1, count);
        const want = run(kernels, "powerPenaltyGrad", w, g, [factor, p]);
        const sum = powerPenaltyGrad(w, factor, p).map((d, i) => g[i] + d);
        expectNear(want.g, sum, what, factor * 8 * 4 * 2 ** -23, 1e-6);
        const pieces = Array.from({ length: want.sums.length }, (_, i) => powerPenalty(w.slice(i * PIECE, (i + 1) * PIECE), factor, p));
        expectNear(want.sums, pieces, what, 0, 1e-6);
        for (const ranks of teams) {
          const got = run(kernels, "powerPenaltyGrad", w, g, [factor, p], ranks, 4 * ranks);
          expectSameBits(got.g, want.g, `${what}, ${ranks} ranks`);
          expect([...got.sums]).toEqual([...want.sums]);
        }
      }
    }
  });

  it("powers of 0, and of what is not finite", () => {
    const { g, sums } = run(kernels, "powerPenaltyGrad", [0, -0, 4, -4, Infinity, Number.NaN], [1, 1, 1, 1, 1, 1], [0.5, 0.5]);
    expect([...g]).toEqual([1, 1, 2, 0, Infinity, Number.NaN]);
    expect([...sums]).toEqual([Number.NaN]);
  });

  it("a NaN or infinite weight shows in its piece", () => {
    const w = numbers(1, PIECE + 5);
    w[PIECE + 4] = Number.NaN;
    w[3] = Number.NEGATIVE_INFINITY;
    const { sums } = run(kernels, "penaltyGrad", w, numbers(2, PIECE + 5), [0.5, 0.5, 0.5]);
    expect([...sums]).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
  });
});
