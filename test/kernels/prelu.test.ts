import { describe, expect, it } from "vitest";
import { PIECE } from "../../assembly/abi.ts";
import { prelu, preluGrad, preluSlopeGrad } from "../reference/prelu.ts";
import { difference, expectNear, expectSameBits, numbers, teams } from "./compare.ts";
import { Kernels, lineShares, shares, variants } from "./harness.ts";

const A = Math.fround(0.3);

function run(kernels: Kernels, x: number[], dy: number[], ranks: number, isInPlace: boolean) {
  kernels.reset();
  const count = x.length;
  const bytes = Math.ceil(count / 16) * 64;
  const put = (values: number[]) => {
    const address = kernels.alloc(bytes);
    kernels.f32(address, values.length).set(values);
    return address;
  };
  const slope = kernels.put([A], 4);
  const [xs, ds, copy] = [put(x), put(dy), put(x)];
  const pieces = Math.ceil(count / PIECE);
  const sums = kernels.alloc(8 * pieces + 8);
  for (const [begin, end] of shares(pieces, ranks)) kernels.call.preluSums(ds, xs, sums, count, begin, end);
  const y = isInPlace ? copy : put([]);
  for (const [begin, end] of lineShares(count, ranks)) kernels.call.prelu(copy, slope, y, begin, end);
  const dx = isInPlace ? ds : put([]);
  for (const [begin, end] of lineShares(count, ranks)) kernels.call.preluGrad(ds, xs, slope, dx, begin, end);
  const f64 = new Float64Array(kernels.memory.buffer, sums, pieces).slice();
  return { y: kernels.f32(y, count).slice(), dx: kernels.f32(dx, count).slice(), sums: [...f64] };
}

it("the reference's gradients are slopes of its value", () => {
  const x = numbers(1, 5, 2);
  const dy = numbers(2, 5, 2);
  const at = (values: readonly number[], a: number) => prelu(values, a).reduce((sum, v, i) => sum + v * dy[i], 0);
  for (const [k, want] of preluGrad(dy, x, A).entries()) expect(difference((v) => at(v, A), x, k)).toBeCloseTo(want, 8);
  expect(difference(([a]) => at(x, a), [A], 0)).toBeCloseTo(preluSlopeGrad(dy, x), 8);
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it.each([0, 1, 3, 4, 15, 16, 17, 100, PIECE, PIECE + 1, 3 * PIECE - 5])(
    "%i values: the reference, the same bits in 1 to 4 shares",
    (count) => {
      const x = numbers(count + 1, count, 3).map((v, i) => (i % 7 === 3 ? 0 : v));
      const dy = numbers(count + 2, count, 2);
      const want = run(kernels, x, dy, 1, false);
      expectNear(want.y, prelu(x, A), "y", 0, 1e-7);
      expectNear(want.dx, preluGrad(dy, x, A), "dx", 1e-37, 1e-7);
      const total = want.sums.reduce((a, b) => a + b, 0);
      expect(Math.abs(total - preluSlopeGrad(dy, x))).toBeLessThan(1e-10);
      for (const ranks of teams) {
        const got = run(kernels, x, dy, ranks, ranks % 2 === 0);
        expectSameBits(got.y, want.y, `y, ${ranks} ranks`);
        expectSameBits(got.dx, want.dx, `dx, ${ranks} ranks`);
        expect(got.sums).toEqual(want.sums);
      }
    },
  );

  it("a NaN stays one; a tiny gradient is flushed", () => {
    const { y, dx, sums } = run(kernels, [Number.NaN, -1, 2], [1, 1e-38, Number.NaN], 1, false);
    expect([...y].map(Number.isNaN)).toEqual([true, false, false]);
    expect(dx[1]).toBe(0);
    expect(dx[2]).toBeNaN();
    expect(sums[0]).toBeNaN();
  });
});
