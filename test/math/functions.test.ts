import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Kernels, lineShares, testNumbers, variants } from "../kernels/harness.ts";
import { functions } from "../reference/math.ts";

/** The bounds that the headers in assembly/math state, in ulp. */
const bounds: Record<string, number> = { exp: 2, log: 2, tanh: 4, erf: 4, sigmoid: 4, expm1: 4, log1p: 4 };

const ulp = (exact: number) => 2 ** (Math.floor(Math.log2(Math.abs(exact))) - 23);

function apply(kernels: Kernels, name: string, values: ArrayLike<number>, ranks = 1): Float32Array {
  const x = kernels.put(values);
  const y = kernels.alloc(values.length * 4);
  for (const [begin, end] of lineShares(values.length, ranks)) kernels.call[`${name}Array`]!(x, y, begin, end);
  return kernels.f32(y, values.length).slice();
}

/** Numbers of every magnitude that a float32 has, and many near 1 and in the range where the functions bend. */
function samples(count: number): Float32Array {
  const next = testNumbers(7);
  return Float32Array.from({ length: count }, (_, i) =>
    i % 3 === 0 ? next() * 2 ** (next() * 127) : i % 3 === 1 ? next() * 100 : next() * 5,
  );
}

const special: Record<string, [x: number, y: number][]> = {
  exp: [
    [0, 1],
    [-0, 1],
    [Infinity, Infinity],
    [-Infinity, 0],
    [88.72283935546875, Infinity],
    [3e38, Infinity],
    [-87.4, 0],
    [-3e38, 0],
  ], // prettier-ignore
  log: [
    [0, -Infinity],
    [-0, -Infinity],
    [1, 0],
    [-1, NaN],
    [-1e-40, NaN],
    [Infinity, Infinity],
    [-Infinity, NaN],
  ],
  tanh: [
    [0, 0],
    [-0, -0],
    [Infinity, 1],
    [-Infinity, -1],
    [9.5, 1],
    [-3e38, -1],
  ],
  erf: [
    [0, 0],
    [-0, -0],
    [Infinity, 1],
    [-Infinity, -1],
    [4, 1],
    [-3e38, -1],
  ],
  sigmoid: [
    [0, 0.5],
    [Infinity, 1],
    [-Infinity, 0],
    [-87.4, 0],
    [20, 1],
    [3e38, 1],
    [-3e38, 0],
  ],
  expm1: [
    [0, 0],
    [Infinity, Infinity],
    [-Infinity, -1],
    [-20, -1],
    [88.72283935546875, Infinity],
    [3e38, Infinity],
  ],
  log1p: [
    [0, 0],
    [-1, -Infinity],
    [-1.0000001, NaN],
    [Infinity, Infinity],
    [-Infinity, NaN],
  ],
};

for (const variant of variants) {
  const kernels = new Kernels(variant);
  for (const [name, exact] of Object.entries(functions)) {
    describe(`${name}, ${variant}`, () => {
      it(`is within ${bounds[name]} ulp of float64`, () => {
        kernels.reset();
        const x = samples(30_000);
        const y = apply(kernels, name, x);
        let judged = 0;
        for (let i = 0; i < x.length; i++) {
          const want = exact(x[i]!);
          if (Number.isNaN(want)) expect(y[i]).toBeNaN();
          else if (Math.abs(want) >= 2 ** 128 - 2 ** 103) expect(y[i]).toBe(want > 0 ? Infinity : -Infinity);
          else {
            const allowed = Math.abs(want) < 2 ** -126 ? 2 ** -126 : bounds[name]! * ulp(want);
            if (!(Math.abs(y[i]! - want) <= allowed)) expect.fail(`${name}(${x[i]}) = ${y[i]}, exact ${want}`);
            judged++;
          }
        }
        expect(judged).toBeGreaterThan(10_000);
      });

      it("keeps NaN, whatever its payload, and meets the special values", () => {
        kernels.reset();
        const cases = special[name]!;
        const y = apply(
          kernels,
          name,
          cases.map(([x]) => x),
        ); // prettier-ignore
        cases.forEach(([x, want], i) => {
          expect(y[i], `${name}(${x})`).toBe(want);
        });
        const nan = kernels.alloc(64);
        kernels.u32(nan, 4).set([0x7fc00000, 0xffc00001, 0x7fffffff, 0x7f800001]);
        kernels.call[`${name}Array`]!(nan, nan, 0, 16);
        expect([...kernels.f32(nan, 4)]).toEqual([NaN, NaN, NaN, NaN]);
      });

      it("has the same bits in shares, in place and in each lane, and writes its share alone", () => {
        for (const count of [0, 1, 3, 4, 5, 16, 17, 64, 67]) {
          kernels.reset();
          const x = samples(count);
          const alone = apply(kernels, name, x);
          for (const ranks of [2, 3, 4]) expect(apply(kernels, name, x, ranks)).toEqual(alone);
          const place = kernels.put(x);
          kernels.call[`${name}Array`]!(place, place, 0, Math.ceil(count / 4) * 16);
          expect(kernels.f32(place, count)).toEqual(alone);
          alone.forEach((value, i) => {
            const single = kernels.put([x[i]!, 1, 1, 1]);
            kernels.call[`${name}Array`]!(single, single, 0, 16);
            expect(kernels.f32(single, 1)[0]).toBe(value);
          });
        }
        const y = kernels.put(new Float32Array(24).fill(5));
        kernels.call[`${name}Array`]!(y, y, 16, 32);
        const touched = [...kernels.f32(y, 24)].flatMap((value, i) => (value === 5 ? [] : [i]));
        expect(touched).toEqual([4, 5, 6, 7]);
      });
    });
  }

  it(`expBelow0 has the bits of exp for all that is not above 0, ${variant}`, () => {
    kernels.reset();
    const x = samples(30_000).map((value) => -Math.abs(value));
    x.set([0, -0, -Infinity, -87.4, -87.33654, -88.7, -1e-40, -3e38]);
    expect(apply(kernels, "expBelow0", x)).toEqual(apply(kernels, "exp", x));
    const nan = kernels.alloc(64);
    kernels.u32(nan, 4).set([0x7fc00000, 0xffc00001, 0x7fffffff, 0x7f800001]);
    kernels.call.expBelow0Array(nan, nan, 0, 16);
    expect([...kernels.f32(nan, 4)]).toEqual([NaN, NaN, NaN, NaN]);
  });

  it(`tanh and erf are odd to the bit, ${variant}`, () => {
    kernels.reset();
    const x = samples(3000);
    for (const name of ["tanh", "erf"]) {
      const negative = apply(
        kernels,
        name,
        x.map((value) => -value),
      ); // prettier-ignore
      expect(negative.map((value) => -value)).toEqual(apply(kernels, name, x));
    }
  });
}

describe("tools/check-ulp.mjs", () => {
  const check = (...args: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL("../../tools/check-ulp.mjs", import.meta.url)), ...args], { encoding: "utf8" });

  it("finds every bound kept on a sample of all float32 numbers and near the breakpoints", () => {
    const { status, stdout, stderr } = check("--sample", "4093");
    expect(stderr).toBe("");
    const rows = stdout.split("\n").filter((line) => /portable|fast/.test(line) && !line.startsWith("SKIPPED"));
    expect(rows.length).toBe(Object.keys(bounds).length * variants.length);
    expect(stdout).not.toContain("BROKEN");
    expect(status).toBe(0);
  });

  it("fails when a bound is broken", () => {
    const { status, stdout } = check("--sample", "65521", "--only", "exp", "--bound", "0.5");
    expect(stdout).toContain("BROKEN");
    expect(status).toBe(1);
  });
});
