import { describe, expect, it } from "vitest";
import { maxPieces, maxPiecesGrad } from "../reference/maxPieces.ts";
import { expectSameBits, numbers, Output, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

function run(kernels: Kernels, x: number[], dy: number[], cols: number, pieces: number, ranks = 1, skew = 0) {
  kernels.reset();
  const rows = dy.length / cols;
  const [xs, ds] = [kernels.put(x, skew), kernels.put(dy, skew)];
  const y = new Output(kernels, dy.length, skew);
  const dx = new Output(kernels, x.length, skew);
  for (const [begin, end] of shares(rows, ranks)) {
    kernels.call.maxPieces(xs, y.address, cols, pieces, begin, end);
    kernels.call.maxPiecesGrad(ds, xs, dx.address, cols, pieces, begin, end);
  }
  return { y: y.read(), dx: dx.read() };
}

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it("exactly the reference at every shape, unaligned, in 1 to 4 shares", () => {
    for (const rows of [0, 1, 2, 5]) {
      for (const cols of [1, 3, 4, 5, 17]) {
        for (const pieces of [1, 2, 3, 5]) {
          const x = numbers(rows + cols, rows * cols * pieces).map((v) => Math.round(3 * v)); // ties
          const dy = numbers(rows + 9, rows * cols);
          for (const ranks of teams) {
            const { y, dx } = run(kernels, x, dy, cols, pieces, ranks, 4 * ranks);
            const what = `${rows} rows, ${cols} columns, ${pieces} pieces, ${ranks} ranks`;
            expectSameBits(y, Float32Array.from(maxPieces(x, pieces)), what);
            expectSameBits(dx, Float32Array.from(maxPiecesGrad(dy, x, pieces)), what);
          }
        }
      }
    }
  });

  it("a NaN stays one wherever it stands", () => {
    for (const x of [
      [Number.NaN, 1, 2],
      [1, Number.NaN, 2],
      [1, 2, Number.NaN],
    ]) {
      expect(run(kernels, x, [1], 1, 3).y[0]).toBeNaN();
    }
  });
});
