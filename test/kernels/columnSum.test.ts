import { describe, expect, it } from "vitest";
import { columnSum } from "../reference/columnSum.ts";
import { expectNear, expectSameBits, numbers, Output, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

function run(kernels: Kernels, x: number[], rows: number, cols: number, ranks = 1, skew = 0): Float32Array {
  kernels.reset();
  const input = kernels.put(x, skew);
  const y = new Output(kernels, cols, skew);
  for (const [begin, end] of shares(cols, ranks, 16)) kernels.call.columnSum(input, y.address, rows, cols, begin, end);
  return y.read();
}

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it("follows the reference at every shape, unaligned, in 1 to 4 shares with the same bits", () => {
    for (const rows of [0, 1, 2, 127, 128, 129, 300]) {
      for (const cols of [0, 1, 3, 4, 5, 15, 16, 17, 33, 70]) {
        const what = `${rows} rows, ${cols} columns`;
        const x = numbers(rows + cols, rows * cols, 4);
        const want = run(kernels, x, rows, cols);
        expectNear(want, columnSum(x, rows, cols), what, 1e-4, 1e-6);
        for (const ranks of teams) expectSameBits(run(kernels, x, rows, cols, ranks, 4 * ranks), want, `${what}, ${ranks} ranks`);
      }
    }
  });

  it("a column has the same bits whatever its lane and neighbours", () => {
    const rows = 200;
    const column = numbers(1, rows, 4);
    const alone = run(kernels, column, rows, 1);
    for (const cols of [4, 7, 16, 23]) {
      const x = column.flatMap((v) => new Array<number>(cols).fill(v));
      expectSameBits(run(kernels, x, rows, cols), new Float32Array(cols).fill(alone[0]), `${cols} columns`);
    }
  });

  it("chunks keep the error of 20,000 rows of 0.1 below 2e-6 relatively, where a plain sum has lost 1e-4", () => {
    const rows = 20_000;
    const x = new Array<number>(rows).fill(Math.fround(0.1));
    const want = columnSum(x, rows, 1)[0];
    let plain = 0;
    for (const v of x) plain = Math.fround(plain + v);
    expect(Math.abs(plain - want) / want).toBeGreaterThan(1e-4);
    expectNear(run(kernels, x, rows, 1), [want], "sum", 0, 2e-6);
  });

  it("NaN and Infinity stay in their column", () => {
    const x = numbers(1, 30);
    x[7] = Number.NaN;
    x[13] = Number.POSITIVE_INFINITY;
    expect([...run(kernels, x, 6, 5)].map(Number.isFinite)).toEqual([true, true, false, false, true]);
  });
});
