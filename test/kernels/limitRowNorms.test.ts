import { describe, expect, it } from "vitest";
import { limitRowNorms } from "../reference/limitRowNorms.ts";
import { expectNear, expectSameBits, numbers, Output, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  function run(w: number[], rows: number, cols: number, max: number, ranks = 1, skew = 0): Float32Array {
    kernels.reset();
    const output = new Output(kernels, w.length, skew);
    kernels.f32(output.address, w.length).set(w);
    for (const [begin, end] of shares(rows, ranks)) kernels.call.limitRowNorms(output.address, cols, max, begin, end);
    return output.read();
  }

  it("scales long rows, keeps the bits of short ones, unaligned, in 1 to 4 shares with the same bits", () => {
    for (const rows of [0, 1, 3, 8]) {
      for (const cols of [1, 3, 4, 5, 16, 17, 100]) {
        const w = numbers(rows + cols, rows * cols).map((v, i) => v * (Math.floor(i / cols) % 2 === 0 ? 3 : 0.01));
        const max = 0.5;
        const got = run(w, rows, cols, max);
        expectNear(got, limitRowNorms(w, cols, max), `${rows} x ${cols}`, 1e-30, 2e-7);
        for (let r = 1; r < rows; r += 2) {
          expectSameBits(got.subarray(r * cols, (r + 1) * cols), Float32Array.from(w.slice(r * cols, (r + 1) * cols)), "short row");
        }
        for (const ranks of teams) expectSameBits(run(w, rows, cols, max, ranks, 4 * ranks), got, `${ranks} ranks`);
      }
    }
  });

  it("norms that float32 can't square, and rows that are not finite", () => {
    expectNear(run([3e30, -4e30, 1e-30, 1e-30], 2, 2, 1), [0.6, -0.8, 1e-30, 1e-30], "large and small", 0, 1e-6);
    expect([...run([1, Number.NaN, Infinity, 5], 2, 2, 1)]).toEqual([1, Number.NaN, Infinity, 5]);
  });
});
