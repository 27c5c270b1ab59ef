/** |x|^p: the bound that assembly/math/power.ts states, at every magnitude of x, for the powers that lq penalties use. */
import { describe, expect, it } from "vitest";
import { Kernels, testNumbers, variants } from "../kernels/harness.ts";

const ulp = (exact: number) => 2 ** (Math.floor(Math.log2(Math.abs(exact))) - 23);
const powers = [0.001, 0.1, 0.25, 0.5, 0.7, 1, 1.3, 1.5, 2, 2.5, 3, 4, 7, 15.5, 40].map(Math.fround);

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  function apply(values: ArrayLike<number>, p: number): Float32Array {
    kernels.reset();
    const x = kernels.put(values);
    const y = kernels.alloc(values.length * 4);
    kernels.call.powerArray(x, y, p, 0, Math.ceil(values.length / 4) * 16);
    return kernels.f32(y, values.length).slice();
  }

  it.each(powers)("x^%f within 1.5 + p ulp", (p) => {
    const next = testNumbers(3);
    const x = Float32Array.from({ length: 40_000 }, (_, i) => {
      const mantissa = 1 + Math.abs(next());
      return i % 3 === 0
        ? mantissa * 2 ** Math.round(next() * 126)
        : i % 3 === 1
          ? mantissa * 2 ** (-12 * Math.abs(next()))
          : Math.abs(next());
    });
    const y = apply(x, p);
    let worst = 0;
    x.forEach((v, i) => {
      const exact = v ** p;
      if (exact < 2 ** -126) expect(y[i], `${v}^${p}`).toBeLessThanOrEqual(2 ** -126);
      else if (exact > 1.2e38) expect(y[i], `${v}^${p}`).toBeGreaterThan(1.2e38);
      else worst = Math.max(worst, Math.abs(y[i] - exact) / ulp(exact));
    });
    expect(worst).toBeLessThanOrEqual(1.5 + p);
  });

  it("0, 1, denormals, infinity and NaN", () => {
    for (const p of powers) {
      const [zero, one, infinity, nan] = apply([0, 1, Infinity, Number.NaN], p);
      expect([zero, one, infinity, nan]).toEqual([0, 1, Infinity, Number.NaN]);
    }
    const small = Math.fround(3e-40);
    expect(apply([small], 0.5)[0]).toBeCloseTo(Math.sqrt(small), 25);
    expect(apply([small], 2)[0]).toBe(0);
  });
});
