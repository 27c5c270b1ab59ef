/** What lbfgs and bfgs learn, against dense matrices; the line search against the conditions that it promises. */
import { describe, expect, test } from "vitest";
import { bfgs } from "../../src/optimizers/bfgs.ts";
import { lbfgs } from "../../src/optimizers/lbfgs.ts";
import { lineSearch, type Sample } from "../../src/optimizers/lineSearch.ts";
import { FLOAT64 } from "../../src/optimizers/secondOrder.ts";
import { testNumbers } from "../kernels/harness.ts";
import { apply, identity, type Matrix, updatedInverse } from "../reference/secondOrder.ts";

/** Steps and changes of gradients with s · y > 0. */
function pairs(n: number, count: number, seed: number): { s: number[]; y: number[] }[] {
  const next = testNumbers(seed);
  return Array.from({ length: count }, () => {
    const s = Array.from({ length: n }, next);
    return { s, y: s.map((value) => value * (1.5 + next()) + 0.1 * next()) };
  });
}

const ratio = ({ s, y }: { s: number[]; y: number[] }) =>
  s.reduce((sum, value, i) => sum + value * y[i], 0) / y.reduce((sum, value) => sum + value * value, 0);

function expectDirection(out: Float64Array, h: Matrix, gradient: number[]): void {
  for (const [i, value] of apply(h, gradient).entries()) expect(Math.abs(out[i] + value)).toBeLessThan(1e-12 * (1 + Math.abs(value)));
}

describe.each([1, 2, 7])("%i variables", (n) => {
  const gradient = Array.from({ length: n }, testNumbers(99));
  const none = () => 0;
  const directionOf = (memory: ReturnType<ReturnType<typeof lbfgs>["begin"]>) => {
    const out = new Float64Array(n);
    memory.direction({ x: out, gradient: Float64Array.from(gradient), value: 0, steps: 0 }, out, none);
    return out;
  };

  test.each([1, 3, 10])("lbfgs remembers %i pairs: the dense update of a scaled identity by those", (history) => {
    const memory = lbfgs({ history }).begin(n, FLOAT64);
    expectDirection(directionOf(memory), identity(n, 1), gradient);
    expect(memory.isScaled).toBe(false);
    const given = pairs(n, 12, n + history);
    for (let count = 1; count <= given.length; count++) {
      const { s, y } = given[count - 1];
      memory.learn(Float64Array.from(s), Float64Array.from(y));
      const known = given.slice(Math.max(0, count - history), count);
      const h = known.reduce((matrix, pair) => updatedInverse(matrix, pair.s, pair.y), identity(n, ratio(known.at(-1)!)));
      expectDirection(directionOf(memory), h, gradient);
    }
    expect(memory.isScaled).toBe(true);
    expect([memory.reset(), memory.reset(), memory.isScaled]).toEqual([true, false, false]);
  });

  test("bfgs remembers all", () => {
    const memory = bfgs().begin(n, FLOAT64);
    const given = pairs(n, 12, n);
    let h = identity(n, 1);
    expectDirection(directionOf(memory), h, gradient);
    for (const [k, { s, y }] of given.entries()) {
      if (k === 0) h = identity(n, ratio(given[0]));
      h = updatedInverse(h, s, y);
      memory.learn(Float64Array.from(s), Float64Array.from(y));
      expectDirection(directionOf(memory), h, gradient);
    }
    expect([memory.reset(), memory.reset(), memory.isScaled]).toEqual([true, false, false]);
  });
});

/** f and its derivative along a line; the first three are those of Moré & Thuente 1994, section 5. */
const lines: Record<string, [(t: number) => number, (t: number) => number]> = {
  "-t / (t² + 2)": [(t) => -t / (t * t + 2), (t) => (t * t - 2) / (t * t + 2) ** 2],
  "(t + 0.004)⁵ - 2 (t + 0.004)⁴": [(t) => (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4, (t) => 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3],
  "t² - 4t": [(t) => t * t - 4 * t, (t) => 2 * t - 4],
  "a wall: NaN beyond 2": [(t) => (t < 2 ? -Math.log(2 - t) - 3 * t : Number.NaN), (t) => 1 / (2 - t) - 3],
  "waves on a bowl": [(t) => (t - 3) ** 2 + Math.sin(8 * t), (t) => 2 * (t - 3) + 8 * Math.cos(8 * t)],
  "e^t - 5t": [(t) => Math.exp(t) - 5 * t, (t) => Math.exp(t) - 5],
};

describe("lineSearch: enough fall, and a tenth of the slope gone, in at most 25 samples", () => {
  const sampleOf = ([f, slope]: (typeof lines)[string], step: number): Sample => {
    const value = f(step);
    return Number.isFinite(value) ? { step, value, slope: slope(step) } : { step, value: Infinity, slope: Infinity };
  };

  test.each(Object.keys(lines))("%s", (name) => {
    // the waves' first slope is above 0: their line starts a little later
    const shift = name === "waves on a bowl" ? 0.3 : 0;
    const line: (typeof lines)[string] = [(t) => lines[name][0](t + shift), (t) => lines[name][1](t + shift)];
    const start = sampleOf(line, 0);
    expect(start.slope).toBeLessThan(0);
    for (const first of [1e-3, 0.1, 1, 10, 1e3]) {
      let samples = 0;
      const found = lineSearch(start, first, 0, (step) => {
        samples++;
        return sampleOf(line, step);
      });
      expect(found, `from ${first}`).toBeDefined();
      expect(samples).toBeLessThanOrEqual(25);
      expect(found!.value).toBeLessThanOrEqual(start.value + 1e-4 * found!.step * start.slope);
      expect(Math.abs(found!.slope)).toBeLessThanOrEqual(-0.9 * start.slope);
    }
  });

  test("where f no longer changes, the slope decides", () => {
    // 1 + (t - 1)² / 1e20 is 1, rounded up
    const still = (step: number) => ({ step, value: 1 + (step > 0 ? 2.3e-16 : 0), slope: (2 * (step - 1)) / 1e20 });
    const start = still(0);
    expect(lineSearch(start, 0.5, 0, still)).toBeUndefined();
    const found = lineSearch(start, 0.5, 1e-15, still)!;
    expect(Math.abs(found.slope)).toBeLessThanOrEqual(-0.9 * start.slope);
  });

  test("gives up where f only rises, and stops where it falls for ever", () => {
    const rising = [(t: number) => t, () => -1] as (typeof lines)[string]; // the slope lies
    expect(lineSearch({ step: 0, value: 0, slope: -1 }, 1, 0, (step) => sampleOf(rising, step))).toBeUndefined();
    let samples = 0;
    const falling = lineSearch({ step: 0, value: 0, slope: -1 }, 1, 0, (step) => {
      samples++;
      return { step, value: -step, slope: -1 };
    });
    expect(samples).toBe(25);
    expect(falling!.step).toBeGreaterThan(1e10);
  });
});
