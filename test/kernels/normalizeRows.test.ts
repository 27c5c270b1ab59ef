import { describe, expect, it } from "vitest";
import { moments, normalizeRows, normalizeRowsGrad } from "../reference/normalizeRows.ts";
import { difference, expectNear, expectSameBits, numbers, Output, rowsOf, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

const EPS = Math.fround(1e-3);

interface Case {
  x: number[];
  dy: number[];
  weight: number[];
  bias: number[];
}

function run(kernels: Kernels, { x, dy, weight, bias }: Case, ranks = 1, skew = 0, isInPlace = false) {
  kernels.reset();
  const cols = weight.length;
  const rows = x.length / cols;
  const [xs, w, b] = [x, weight, bias].map((values) => kernels.put(values, skew));
  const y = new Output(kernels, x.length, skew);
  const mean = new Output(kernels, rows, skew);
  const inverse = new Output(kernels, rows, skew);
  const input = isInPlace ? y.address : xs;
  kernels.f32(input, x.length).set(x);
  for (const [begin, end] of shares(rows, ranks))
    kernels.call.normalizeRows(input, w, b, y.address, mean.address, inverse.address, cols, EPS, begin, end);
  const dweight = new Output(kernels, cols, skew);
  const dbias = new Output(kernels, cols, skew);
  const dx = new Output(kernels, x.length, skew);
  const ds = isInPlace ? dx.address : kernels.put(dy, skew);
  kernels.f32(ds, x.length).set(dy);
  for (const [begin, end] of shares(cols, ranks, 16))
    kernels.call.normalizeRowsSums(ds, xs, mean.address, inverse.address, dweight.address, dbias.address, rows, cols, begin, end);
  for (const [begin, end] of shares(rows, ranks))
    kernels.call.normalizeRowsGrad(ds, xs, mean.address, inverse.address, w, dx.address, cols, begin, end);
  const outputs = { y, mean, inverse, dweight, dbias, dx };
  return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, output.read()])) as Record<
    keyof typeof outputs,
    Float32Array
  >;
}

const draw = (rows: number, cols: number): Case => ({
  x: numbers(rows + cols, rows * cols, 3).map((v) => Math.fround(v + 1)),
  dy: numbers(rows + cols + 1, rows * cols, 2),
  weight: numbers(cols, cols, 2),
  bias: numbers(cols + 1, cols),
});

it("the reference's gradients are slopes of its value", () => {
  const { x, dy, weight, bias } = draw(2, 5);
  const at = (xs: number[], ws: number[]) =>
    normalizeRows(rowsOf(xs, 5), ws, bias, EPS)
      .flat()
      .reduce((sum, v, i) => sum + v * dy[i], 0);
  const { dx, dweight } = normalizeRowsGrad(rowsOf(dy, 5), rowsOf(x, 5), weight, EPS);
  for (const [k, want] of dx.flat().entries()) expect(difference((v) => at(v, weight), x, k)).toBeCloseTo(want, 7);
  for (const [k, want] of dweight.entries()) expect(difference((v) => at(x, v), weight, k)).toBeCloseTo(want, 7);
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it("follows the reference at every shape, unaligned, in place, in 1 to 4 shares with the same bits", () => {
    for (const rows of [0, 1, 2, 5, 300]) {
      for (const cols of [1, 2, 3, 4, 5, 8, 17, 33, 100]) {
        const what = `${rows} rows, ${cols} columns`;
        const given = draw(rows, cols);
        const want = run(kernels, given);
        const [x, dy] = [rowsOf(given.x, cols), rowsOf(given.dy, cols)];
        expectNear(want.y, normalizeRows(x, given.weight, given.bias, EPS).flat(), what, 1e-5, 1e-5);
        expectNear(
          want.mean,
          x.map((row) => moments(row, EPS).mean),
          `${what}, mean`,
          1e-6,
          1e-6,
        );
        expectNear(
          want.inverse,
          x.map((row) => moments(row, EPS).inverse),
          `${what}, inverse`,
          0,
          1e-5,
        );
        const gradient = normalizeRowsGrad(dy, x, given.weight, EPS);
        // Of a column alone, dx is 0 but for the rounding of terms of size weight · dy / sqrt(eps).
        expectNear(want.dx, gradient.dx.flat(), `${what}, dx`, 5e-5, 1e-5);
        expectNear(want.dweight, gradient.dweight, `${what}, dweight`, 1e-6 * (rows + 10), 1e-5);
        expectNear(want.dbias, gradient.dbias, `${what}, dbias`, 1e-6 * (rows + 10), 1e-5);
        for (const ranks of teams) {
          const got = run(kernels, given, ranks, 4 * ranks, ranks === 3);
          for (const name of Object.keys(want) as (keyof typeof want)[])
            expectSameBits(got[name], want[name], `${what}, ${name}, ${ranks} ranks`);
        }
      }
    }
  });

  it("keeps its digits where the mean is large beside the deviation", () => {
    const given = { ...draw(3, 40), x: numbers(3, 120).map((v) => Math.fround(1000 + v)) };
    expectNear(run(kernels, given).y, normalizeRows(rowsOf(given.x, 40), given.weight, given.bias, EPS).flat(), "y", 1e-3, 1e-3);
  });

  it("a NaN makes its row NaN, and no other", () => {
    const { y } = run(kernels, { ...draw(2, 3), x: [1, Number.NaN, 2, 4, 5, 6] });
    expect([...y].map(Number.isNaN)).toEqual([true, true, true, false, false, false]);
  });
});
