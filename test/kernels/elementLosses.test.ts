import { describe, expect, it } from "vitest";
import { elementLosses, multiMargin, normError } from "../reference/elementLosses.ts";
import { difference, expectNear, expectSameBits, numbers, Output, rowsOf, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

interface Call {
  x: number[];
  targets: number[] | Int32Array;
  cols: number;
  constants: number[];
  weights?: number[];
  ranks?: number;
  skew?: number;
  isInPlace?: boolean;
  lossOnly?: boolean;
}

const SCALE = Math.fround(0.3);

function run(kernels: Kernels, name: string, { x, targets, cols, constants, weights, ranks = 1, skew = 0, isInPlace, lossOnly }: Call) {
  kernels.reset();
  const rows = x.length / cols;
  const s = weights ? kernels.put(weights, skew) : 0;
  const t = targets instanceof Int32Array ? kernels.putU32(targets) : kernels.put(targets, skew);
  const losses = new Output(kernels, rows, skew);
  const dx = new Output(kernels, x.length, skew);
  const input = isInPlace ? dx.address : kernels.put(x, skew);
  kernels.f32(input, x.length).set(x);
  for (const [begin, end] of shares(rows, ranks)) {
    kernels.call[name](input, t, s, losses.address, lossOnly ? 0 : dx.address, cols, ...constants, SCALE, begin, end);
  }
  return { losses: losses.read(), dx: dx.read() };
}

/** The reference at every shape; the same bits unaligned, in place, in 1 to 4 shares; losses alone. */
function tryShapes(
  kernels: Kernels,
  name: string,
  constants: number[],
  targetsOf: (rows: number, cols: number) => number[] | Int32Array,
  reference: (x: number[], row: number, targets: number[] | Int32Array, cols: number) => { loss: number; dx: number[] },
): void {
  for (const rows of [0, 1, 2, 5]) {
    for (const cols of [1, 2, 3, 4, 5, 8, 9, 17, 100]) {
      const what = `${name}, ${rows} rows, ${cols} columns`;
      const x = numbers(rows + cols, rows * cols, 3);
      const targets = targetsOf(rows, cols);
      const weights = numbers(3, rows).map(Math.abs);
      const given = { x, targets, cols, constants, weights };
      const want = run(kernels, name, given);
      const rowsWanted = rowsOf(x, cols).map((row, i) => reference(row, i, targets, cols));
      expectNear(
        want.losses,
        rowsWanted.map(({ loss }) => loss),
        what,
        1e-6,
        3e-6,
      );
      expectNear(
        want.dx,
        rowsWanted.flatMap(({ dx }, i) => dx.map((d) => d * SCALE * weights[i])),
        what,
        1e-7,
        3e-6,
      );
      for (const ranks of teams) {
        const got = run(kernels, name, { ...given, ranks, skew: 4 * ranks, isInPlace: ranks === 3 });
        expectSameBits(got.losses, want.losses, `${what}, losses, ${ranks} ranks`);
        expectSameBits(got.dx, want.dx, `${what}, gradient, ${ranks} ranks`);
      }
      const alone = run(kernels, name, { ...given, weights: undefined, lossOnly: true });
      expectSameBits(alone.losses, want.losses, `${what}: losses do not depend on the weights`);
      expect(alone.dx.every((v) => v === 777)).toBe(true);
    }
  }
}

const P = Math.fround(0.9);
const names = Object.keys(elementLosses);

describe("the references", () => {
  it.each(names)("the slope of %s is that of its value", (name) => {
    const { value, slope } = elementLosses[name];
    const targets = numbers(2, 30).map(Math.abs);
    for (const [i, x] of numbers(1, 30, 3).entries()) {
      expect(difference(([v]) => value(v, targets[i], P), [x], 0)).toBeCloseTo(slope(x, targets[i], P), 7);
    }
  });

  it("the gradients of multiMargin and of the norms are slopes", () => {
    const x = numbers(3, 5, 2);
    const t = numbers(4, 5, 2);
    for (let k = 0; k < 5; k++) {
      expect(difference((v) => multiMargin(v, 2, P).loss, x, k)).toBeCloseTo(multiMargin(x, 2, P).dx[k], 7);
      for (const p of [1, 1.5, 2, 5, Infinity])
        expect(difference((v) => normError(v, t, p).loss, x, k)).toBeCloseTo(normError(x, t, p).dx[k], 6);
    }
  });
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it.each(names)("%s at every shape", (name) => {
    const { value, slope } = elementLosses[name];
    const factor = Math.fround(0.2);
    const targetsOf = (rows: number, cols: number) => numbers(rows + 2, rows * cols).map((v, i) => (i % 5 === 0 ? 0 : Math.abs(v)));
    tryShapes(kernels, name, [P, factor], targetsOf, (x, row, targets, cols) => {
      const t = Array.from(targets).slice(row * cols, (row + 1) * cols);
      return {
        loss: factor * x.reduce((sum, v, j) => sum + value(v, t[j], P), 0),
        dx: x.map((v, j) => factor * slope(v, t[j], P)),
      };
    });
  });

  it("multiMargin at every shape", () => {
    const labels = (rows: number, cols: number) => Int32Array.from({ length: rows }, (_, i) => (7 * i + 3) % cols);
    tryShapes(kernels, "multiMargin", [P], labels, (x, row, targets) => multiMargin(x, targets[row], P));
  });

  it.each([1, 1.5, 2, 3, 7, Infinity])("normError, p = %f, at every shape", (p) => {
    const targets = (rows: number, cols: number) => numbers(rows + 2, rows * cols, 3);
    tryShapes(kernels, "normError", [p], targets, (x, row, t, cols) => normError(x, Array.from(t).slice(row * cols, (row + 1) * cols), p));
  });

  it("margins have no slope at the kink", () => {
    const hinge = run(kernels, "hingeError", { x: [P, -P, 0], targets: [1, -1, 1], cols: 3, constants: [P, 1] });
    expect([hinge.losses[0], ...hinge.dx]).toEqual([P, 0, 0, -SCALE]);
    const margin = run(kernels, "multiMargin", { x: [P, 0, -1], targets: Int32Array.of(0), cols: 3, constants: [P] });
    expect([margin.losses[0], ...[...margin.dx].map(Math.abs)]).toEqual([0, 0, 0, 0]);
  });

  it("norms: 0 at a hit, the first of equal largest, no overflow", () => {
    const at = (x: number[], p: number) => run(kernels, "normError", { x, targets: x.map(() => 0), cols: x.length, constants: [p] });
    for (const p of [1, 1.5, 2, Infinity]) {
      const { losses, dx } = at([0, 0, 0], p);
      expect([losses[0], ...dx]).toEqual([0, 0, 0, 0]);
      expect(at([1, Number.NaN, 2], p).losses[0]).toBeNaN();
    }
    expect([...at([1, -2, 2], Infinity).dx]).toEqual([0, -SCALE, 0]);
    expect([...at([0, -2, 0, 5], 1).dx]).toEqual([0, -SCALE, 0, SCALE]);
    const { losses } = at([3e30, 4e30], 2);
    expect(losses[0] / 5e30).toBeCloseTo(1, 6);
  });

  it("logCosh keeps the digits of e²/2, and large errors do not overflow", () => {
    const at = (e: number) => run(kernels, "logCoshError", { x: [e], targets: [0], cols: 1, constants: [0, 1] }).losses[0];
    for (const e of [1e-4, 1e-2, 0.3, 0.99, 1.01]) {
      const want = Math.log1p(Math.cosh(Math.fround(e)) - 1);
      expect(Math.abs(at(e) / (e < 0.02 ? (Math.fround(e) ** 2 / 2) * (1 - Math.fround(e) ** 2 / 6) : want) - 1)).toBeLessThan(1e-6);
    }
    expect(at(1000)).toBeCloseTo(1000 - Math.LN2, 3);
  });

  it.each(names)("%s: a NaN shows in the loss of its row alone", (name) => {
    const { losses } = run(kernels, name, { x: [1, Number.NaN, 3, 4], targets: [1, 1, 1, 1], cols: 2, constants: [P, 1] });
    expect([...losses].map(Number.isNaN)).toEqual([true, false]);
  });
});
