import { describe, it } from "vitest";
import { expectSameBits, numbers, Output, teams } from "./compare.ts";
import { Kernels, lineShares, shares, variants } from "./harness.ts";

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it("copyColumns moves a block of columns and nothing beside it, unaligned, in 1 to 4 shares", () => {
    for (const rows of [0, 1, 2, 5]) {
      for (const [cols, xCols, yCols] of [
        [1, 1, 1],
        [1, 3, 7],
        [4, 4, 9],
        [17, 20, 17],
      ]) {
        const [xFrom, yFrom] = [xCols - cols, yCols - cols];
        const x = numbers(rows, rows * xCols);
        for (const ranks of teams) {
          kernels.reset();
          const y = new Output(kernels, rows * yCols, 4 * ranks);
          kernels.f32(y.address, rows * yCols).fill(5);
          const from = kernels.put(x, 4 * ranks) + 4 * xFrom;
          for (const [begin, end] of shares(rows, ranks))
            kernels.call.copyColumns(from, y.address + 4 * yFrom, cols, xCols, yCols, begin, end);
          const want = Float32Array.from({ length: rows * yCols }, (_, k) => {
            const col = (k % yCols) - yFrom;
            return col < 0 ? 5 : x[Math.floor(k / yCols) * xCols + xFrom + col];
          });
          expectSameBits(y.read(), want, `${rows} rows, ${cols} of ${xCols} columns into ${yCols}, ${ranks} ranks`);
        }
      }
    }
  });

  it("combine is p x + q y, and p x alone, in place too, in 1 to 4 shares", () => {
    const [p, q] = [0.75, -0.5]; // exact in float32: one rounding or two are the same
    for (const count of [0, 1, 4, 15, 16, 17, 100]) {
      const x = numbers(1, count).map((v) => Math.round(v * 1024));
      const y = numbers(2, count).map((v) => Math.round(v * 1024));
      for (const ranks of teams) {
        for (const hasY of [true, false]) {
          kernels.reset();
          const [xs, ys] = [kernels.put(x), kernels.put(y)];
          const z = ranks === 2 ? xs : kernels.alloc(Math.ceil(count / 16) * 64);
          for (const [begin, end] of lineShares(count, ranks)) kernels.call.combine(xs, hasY ? ys : 0, z, p, q, begin, end);
          const want = Float32Array.from(x, (v, i) => p * v + (hasY ? q * y[i] : 0));
          expectSameBits(kernels.f32(z, count).slice(), want, `${count} values, ${ranks} ranks`);
        }
      }
    }
  });
});
