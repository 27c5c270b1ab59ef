import { describe, expect, it } from "vitest";
import { denseThenNorm } from "../reference/foldColumns.ts";
import { expectNear, expectSameBits, numbers, Output, rowsOf, teams } from "./compare.ts";
import { Kernels, lineShares, shares, variants } from "./harness.ts";

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  const padded = (values: number[]) => {
    const address = kernels.alloc(Math.ceil(values.length / 16) * 64);
    kernels.f32(address, values.length).set(values);
    return address;
  };

  /** Folded weights and bias of a layer with `units` outputs, by the three kernels. */
  function fold(w: number[], vectors: (number[] | undefined)[], cols: number, eps: number, ranks: number, skew: number) {
    kernels.reset();
    const units = w.length / cols;
    const [bias, mean, variance, weight, shift] = vectors.map((values) => (values ? padded(values) : 0));
    const scale = padded(new Array<number>(units).fill(0));
    const folded = padded(new Array<number>(units).fill(0));
    for (const [begin, end] of lineShares(units, ranks)) {
      kernels.call.columnScale(variance, weight, scale, eps, begin, end);
      kernels.call.foldBias(bias, mean, scale, shift, folded, begin, end);
    }
    const y = new Output(kernels, w.length, skew);
    kernels.f32(y.address, w.length).set(w);
    const input = ranks % 2 ? kernels.put(w, skew) : y.address; // in place for teams of 2 and 4
    for (const [begin, end] of shares(units, ranks)) kernels.call.scaleRows(input, scale, y.address, cols, begin, end);
    return { w: y.read(), bias: kernels.f32(folded, units).slice() };
  }

  it("the folded layer is the dense layer and its normalization, with and without a bias, at every shape, in 1 to 4 shares", () => {
    const eps = Math.fround(1e-5);
    for (const units of [0, 1, 3, 16, 17, 40]) {
      for (const cols of [1, 3, 4, 5, 16, 17]) {
        for (const hasBias of [true, false]) {
          const what = `${units} units of ${cols}, bias ${hasBias}`;
          const w = numbers(1, units * cols);
          const bias = hasBias ? numbers(2, units) : undefined;
          const mean = numbers(3, units);
          const variance = numbers(4, units).map((v) => Math.fround(Math.abs(v) + 0.1));
          const weight = numbers(5, units);
          const shift = numbers(6, units);
          const want = fold(w, [bias, mean, variance, weight, shift], cols, eps, 1, 0);
          const x = numbers(7, cols);
          const zeros = new Array<number>(units).fill(0);
          const reference = denseThenNorm(x, { w: rowsOf(w, cols), bias: bias ?? zeros, mean, variance, weight, shift, eps });
          const got = rowsOf(want.w, cols).map((row, i) => row.reduce((sum, v, k) => sum + v * x[k], want.bias[i]));
          expectNear(got, reference, what, 3e-6, 1e-6);
          for (const ranks of teams) {
            const again = fold(w, [bias, mean, variance, weight, shift], cols, eps, ranks, 4 * ranks);
            expectSameBits(again.w, want.w, `${what}, ${ranks} ranks: weights`);
            expectSameBits(again.bias, want.bias, `${what}, ${ranks} ranks: bias`);
          }
        }
      }
    }
  });

  it("values: scale = weight / sqrt(variance + eps), rows times scale, (bias - mean) scale + shift", () => {
    const { w, bias } = fold(
      [1, 2, 3, 4, 5, 6],
      [
        [1, 2],
        [3, -2],
        [3, 15],
        [4, 8],
        [0.5, -1],
      ],
      3,
      1,
      1,
      0,
    );
    expect([...w]).toEqual([2, 4, 6, 8, 10, 12]);
    expect([...bias]).toEqual([-3.5, 7]);
  });
});
