import { describe, expect, it } from "vitest";
import { PIECE } from "../../assembly/abi.ts";
import { scaleToNorm } from "../reference/scaleToNorm.ts";
import { expectNear, expectSameBits, numbers, teams } from "./compare.ts";
import { Kernels, lineShares, variants } from "./harness.ts";

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  /** Two arrays, one norm, as a layer's weight and bias have it. */
  function run(arrays: number[][], max: number, ranks = 1): Float32Array[] {
    kernels.reset();
    const pieces = arrays.map(({ length }) => Math.ceil(length / PIECE));
    const sums = kernels.alloc((pieces[0] + pieces[1]) * 8 + 8);
    const addresses = arrays.map((array) => {
      const address = kernels.alloc(Math.ceil(array.length / 16) * 64 + 64);
      kernels.f32(address, array.length).set(array);
      const padded = Math.ceil(array.length / 16) * 16;
      kernels.f32(address, padded + 16).fill(7, padded);
      return address;
    });
    addresses.forEach((address, k) => {
      kernels.call.squareSums(address, sums + k * pieces[0] * 8, arrays[k].length, 0, pieces[k]);
    });
    return addresses.map((address, k) => {
      for (const [begin, end] of lineShares(arrays[k].length, ranks))
        kernels.call.scaleToNorm(address, sums, pieces[0] + pieces[1], max, begin, end);
      const padded = Math.ceil(arrays[k].length / 16) * 16;
      expect(kernels.f32(address, padded + 16).subarray(padded)).toEqual(new Float32Array(16).fill(7));
      return kernels.f32(address, arrays[k].length).slice();
    });
  }

  it("scales to the norm, or leaves every bit, at every count, in 1 to 4 shares with the same bits", () => {
    for (const [first, second] of [
      [0, 0],
      [1, 0],
      [3, 1],
      [4, 5],
      [16, 17],
      [100, 15],
      [PIECE + 1, PIECE - 1],
    ]) {
      const arrays = [numbers(first, first), numbers(second + 50, second)];
      for (const max of [1e-3, 0.5, 1e6]) {
        const got = run(arrays, max);
        for (const [k, want] of scaleToNorm(arrays, Math.fround(max)).entries()) {
          expectNear(got[k], want, `${first} and ${second}, max ${max}`, 1e-30, 3e-7);
          if (max === 1e6) expectSameBits(got[k], Float32Array.from(arrays[k]), "below max");
          for (const ranks of teams) expectSameBits(run(arrays, max, ranks)[k], got[k], `${ranks} ranks`);
        }
      }
    }
  });

  it("norms that float32 can't square, and values that are not finite", () => {
    const [large] = run([[3e30, -4e30], []], 1);
    expectNear(large, [0.6, -0.8], "large", 0, 1e-6);
    const [small] = run([[3e-30, 4e-30], []], 1);
    expect([...small]).toEqual([Math.fround(3e-30), Math.fround(4e-30)]);
    for (const bad of [Number.NaN, Infinity]) expect(run([[1, bad, 2], [1]], 1).map((array) => [...array])).toEqual([[1, bad, 2], [1]]);
  });
});
