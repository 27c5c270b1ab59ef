import { describe, expect, it } from "vitest";
import { cos, exp, log, pow, powInteger } from "../src/scalar.ts";

/** 52 random bits per draw from two linear congruential steps: inputs that use all of a float64. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 6;
  };
  return () => (draw() * 67108864 + draw()) / 4503599627370496;
}

/** Largest relative difference from the engine's own function, whose error is below 1.2e-16 on V8 (pow: 2e-16). */
function worst(count: number, input: () => number, ours: (x: number) => number, engine: (x: number) => number): number {
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const x = input();
    const want = engine(x);
    largest = Math.max(largest, want === 0 ? Math.abs(ours(x)) : Math.abs(ours(x) / want - 1));
  }
  return largest;
}

/** x^n exactly, as a fraction of integers, rounded to 60 bits: x = m 2^e. */
function exactPower(x: number, n: number): number {
  let e = 0;
  let m = x;
  while (m !== Math.floor(m)) {
    m *= 2;
    e--;
  }
  const mantissa = BigInt(m) ** BigInt(n);
  const drop = Math.max(0, mantissa.toString(2).length - 60);
  return Number(mantissa >> BigInt(drop)) * 2 ** (drop + e * n);
}

describe("scalar functions agree with the engine within 5e-16", () => {
  const next = random(1);
  it("exp", () => {
    expect(worst(100_000, () => next() * 1408 - 704, exp, Math.exp)).toBeLessThan(5e-16);
    expect(worst(50_000, () => next() * 2 - 1, exp, Math.exp)).toBeLessThan(5e-16);
    expect(worst(10_000, () => (next() - 0.5) * 1e-9, exp, Math.exp)).toBeLessThan(5e-16);
  });
  it("log", () => {
    expect(worst(50_000, next, log, Math.log)).toBeLessThan(5e-16);
    expect(worst(50_000, () => 1 + (next() - 0.5) * 1e-3, log, Math.log)).toBeLessThan(5e-16);
    expect(worst(50_000, () => Math.exp(next() * 1417 - 708), log, Math.log)).toBeLessThan(5e-16);
  });
  it("cos", () => {
    expect(worst(100_000, () => (next() - 0.5) * 20, cos, Math.cos)).toBeLessThan(5e-16);
    expect(worst(100_000, () => (next() - 0.5) * 1.2e7, cos, Math.cos)).toBeLessThan(5e-16);
    // next to its zeros, where only an exact reduction keeps a relative error
    let k = 1;
    const nearZero = () => {
      k += 2;
      return k * 1.5707963267948966;
    };
    expect(worst(1_000_000, nearZero, cos, Math.cos)).toBeLessThan(5e-16);
    expect(
      worst(
        10_000,
        () => (next() - 0.5) * 1e12,
        cos,
        (x) => Math.cos(x % (2 * Math.PI)),
      ),
    ).toBeLessThan(5e-16);
  });
  it("pow", () => {
    for (const base of [0.9, 0.99, 0.999, 0.9999, 0.96, 1.0001, 2, 10, 0.1, 1 - 2 ** -30]) {
      const limit = Math.min(1e6, 700 / Math.abs(Math.log(base)));
      let error = 0;
      for (let i = 0; i < 5000; i++) {
        const y = (next() * 2 - 1) * limit;
        error = Math.max(error, Math.abs(pow(base, y) / base ** y - 1));
      }
      expect(error, `base ${base}`).toBeLessThan(5e-16);
    }
    for (let i = 0; i < 20_000; i++) {
      const x = next() * 100;
      const y = (next() - 0.5) * 100;
      expect(Math.abs(pow(x, y) / x ** y - 1)).toBeLessThan(5e-16);
    }
  });
});

describe("powers against exact integer arithmetic", () => {
  it("0.9, 0.999, 0.9999 and 1.5 to the n-th, both functions", () => {
    for (const x of [0.9, 0.999, 0.9999, 1.5, 0.5 + 2 ** -40]) {
      for (const n of [1, 2, 3, 10, 17, 100, 500, 900]) {
        const want = exactPower(x, n);
        expect(Math.abs(powInteger(x, n) / want - 1), `${x}^${n}`).toBeLessThan(4e-16);
        expect(Math.abs(pow(x, n) / want - 1), `${x}^${n}`).toBeLessThan(4e-16);
      }
    }
  });
  it("agree with each other for many steps", () => {
    for (let n = 1; n < 500_000; n += 997) expect(Math.abs(pow(0.999, n) / powInteger(0.999, n) - 1)).toBeLessThan(5e-16);
  });
  it("negative bases, negative exponents, overflow", () => {
    expect(powInteger(-2, 3)).toBe(-8);
    expect(powInteger(-3, 4)).toBe(81);
    expect(powInteger(2, -3)).toBe(0.125);
    expect(powInteger(0, 0)).toBe(1);
    expect(powInteger(0, 5)).toBe(0);
    expect(powInteger(10, 400)).toBe(Infinity);
    expect(powInteger(2, 1023)).toBe(2 ** 1023);
    expect(powInteger(0.5, 1074)).toBe(5e-324);
    expect(powInteger(0.5, Infinity)).toBe(0);
    expect(powInteger(4, 0.5)).toBe(2);
  });
});

describe("special values", () => {
  it("exp", () => {
    expect([0, -0, Infinity, -Infinity, 709.7827128933841, -745.2, 1e300, -1e300].map(exp)).toEqual([
      1,
      1,
      Infinity,
      0,
      Infinity,
      0,
      Infinity,
      0,
    ]);
    expect(exp(Number.NaN)).toBeNaN();
    expect(exp(-745)).toBe(5e-324);
    expect(Math.abs(exp(-740) / Math.exp(-740) - 1)).toBeLessThan(0.1);
  });
  it("log", () => {
    expect([1, 0, -0, Infinity].map(log)).toEqual([0, -Infinity, -Infinity, Infinity]);
    expect(log(-1)).toBeNaN();
    expect(log(Number.NaN)).toBeNaN();
    expect(log(5e-324)).toBe(-744.4400719213812);
    expect(log(Number.MAX_VALUE)).toBe(709.782712893384);
  });
  it("pow: those of the ** operator for x >= 0", () => {
    const values = [0, 5e-324, 0.5, 1, 2, Number.MAX_VALUE, Infinity, Number.NaN];
    for (const x of values) {
      for (const y of [0, 1, -1, 0.5, 3, -2, 1e300, -1e300, Infinity, -Infinity, Number.NaN]) {
        const want = x ** y;
        const ours = pow(x, y);
        if (Number.isNaN(want) || want === 0 || want === Infinity) expect(ours, `${x} ** ${y}`).toBe(want);
        else expect(Math.abs(ours / want - 1), `${x} ** ${y}`).toBeLessThan(want < 1e-300 ? 1e-3 : 5e-16);
      }
    }
    expect(pow(-2, 2)).toBeNaN();
  });
  it("cos", () => {
    expect(cos(0)).toBe(1);
    expect(cos(Math.PI)).toBe(-1);
    expect(cos(Math.PI / 2)).toBe(6.123233995736766e-17);
    expect(cos(Infinity)).toBeNaN();
    expect(cos(Number.NaN)).toBeNaN();
    expect(cos(-1.25)).toBe(cos(1.25));
  });
});

describe("the same bits in every engine", () => {
  it("a hash of many results is fixed", () => {
    let hash = 0n;
    for (let t = 1; t <= 20_000; t++) {
      for (const value of [exp(-t / 999), log(t), pow(0.999, t), powInteger(0.9, t), cos(t / 7)]) {
        const word = new BigUint64Array(new Float64Array([value]).buffer)[0]!;
        hash = BigInt.asUintN(64, (hash ^ word) * 0x100000001b3n);
      }
    }
    expect(hash.toString(16)).toBe("f4ee3f58560114e9");
  });
});
