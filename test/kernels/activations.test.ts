import { describe, expect, it } from "vitest";
import { ACTIVATION_NONE } from "../../assembly/abi.ts";
import { type Activation, activations } from "../reference/activations.ts";
import { difference, expectNear, expectSameBits, golden, numbers, Output, type Tensor, teams } from "./compare.ts";
import { Kernels, lineShares, variants } from "./harness.ts";

interface Case {
  function: string;
  options: { negative_slope?: number; alpha?: number };
  x: Tensor;
  y: Tensor;
  dy_dx: Tensor;
}

const SMALLEST_NORMAL = 2 ** -126;
const names = Object.keys(activations);
const parameter: Record<string, number> = { relu: 1, leakyRelu: Math.fround(0.01), elu: 1.5 };

/** Value and derivative by the kernels, in `ranks` shares; `isInPlace` lets them overwrite x and dy. */
function run(kernels: Kernels, { kind, from }: Activation, x: ArrayLike<number>, p: number, ranks = 1, isInPlace = false) {
  kernels.reset();
  const padded = Math.ceil(x.length / 16) * 16;
  const buffer = (values: ArrayLike<number>) => {
    const address = kernels.alloc(padded * 4);
    kernels.f32(address, values.length).set(values);
    return address;
  };
  const input = buffer(x);
  const output = isInPlace ? input : buffer([]);
  for (const [begin, end] of lineShares(x.length, ranks)) kernels.call.activation(kind, input, output, p, begin, end);
  const dy = buffer(Array.from(x, () => 1));
  const dx = isInPlace ? dy : buffer([]);
  const t = from === "output" ? output : isInPlace ? buffer(x) : input;
  for (const [begin, end] of lineShares(x.length, ranks)) kernels.call.activationGrad(kind, dy, t, dx, p, begin, end);
  return { y: kernels.f32(output, x.length).slice(), dx: kernels.f32(dx, x.length).slice() };
}

/** Largest error in units of 2^-24: relative where |want| > floor, else of floor. */
function worst(got: ArrayLike<number>, want: number[], floor: number): number {
  return want.reduce((most, v, i) => Math.max(most, Math.abs(got[i] - v) / Math.max(Math.abs(v), floor)), 0) * 2 ** 24;
}

describe("the reference", () => {
  it.each(names)("%s' is the slope of its value", (name) => {
    const { value, derivative } = activations[name];
    const p = parameter[name] ?? 0;
    for (const x of numbers(7, 200, 8)) {
      if (Math.abs(x) < 1e-3) continue; // the kinks are golden cases
      const slope = difference(([v]) => value(v, p), [x], 0);
      expect(Math.abs(derivative(x, p) - slope), `at ${x}`).toBeLessThan(1e-8);
    }
  });
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);
  const cases = golden<Case>("functions", (_, entry) => entry.function in activations);

  it("all golden functions are tried: there is none of relu6", () => {
    expect([...new Set(cases.map((entry) => entry.function)), "relu6"].sort()).toEqual([...names].sort());
  });

  it.each(cases)("golden $name: value and derivative within 1e-5 + 1e-5 |want|, kinks and tails included", (entry) => {
    const p = entry.options.negative_slope ?? entry.options.alpha ?? parameter[entry.function] ?? 0;
    const { y, dx } = run(kernels, activations[entry.function], entry.x.data, p);
    expectNear(y, entry.y.data, "value");
    expectNear(dx, entry.dy_dx.data, "derivative");
  });

  // Relative errors of the value in units of 2^-24, on [-20, 20]. The far left tails of the two gelus pay for the rounding of x² and x³.
  const valueBound: Record<string, number> = { gelu: 80, geluTanh: 200 };
  it.each(names)("%s: value within a few units of 2^-24 relatively down to 1e-30, derivative within 6 absolutely", (name) => {
    const activation = activations[name];
    const p = parameter[name] ?? 0;
    const x = numbers(3, 40_000, 20).concat(numbers(4, 20_000, 3), numbers(5, 1000, 1e-4));
    const { y, dx } = run(kernels, activation, x, p);
    const values = x.map((v) => activation.value(v, p));
    const derivatives = x.map((v) => activation.derivative(v, p));
    expect(worst(y, values, 1e-30)).toBeLessThan(valueBound[name] ?? 6);
    expect(worst(y, values, 1e-2)).toBeLessThan(12);
    expect(worst(dx, derivatives, 1)).toBeLessThan(6);
  });

  it("gelu and its gradient keep 5 digits where 1 + erf would have none", () => {
    const x = numbers(9, 2000, 4).map((v) => Math.fround(v - 9));
    const { y, dx } = run(kernels, activations.gelu, x, 0);
    expectNear(
      y,
      x.map((v) => activations.gelu.value(v, 0)),
      "gelu",
      1e-37,
      1e-5,
    );
    expectNear(
      dx,
      x.map((v) => activations.gelu.derivative(v, 0)),
      "gelu'",
      1e-37,
      1e-5,
    );
  });

  it.each(names)("%s: NaN stays NaN, nothing else becomes one, and no tail is a denormal", (name) => {
    const x = numbers(6, 500, 6)
      .map((v) => Math.fround(v - 90))
      .concat(numbers(6, 100, 3e38), [-87.4, -100, -104, 1e30, -1e30, 0, -0]);
    const p = parameter[name] ?? 0;
    const { y, dx } = run(kernels, activations[name], x, p);
    for (const [i, v] of x.entries()) {
      for (const got of [y[i], dx[i]]) {
        if (!Number.isFinite(got) || (got !== 0 && Math.abs(got) < SMALLEST_NORMAL)) expect.fail(`${got} at ${v}`);
      }
    }
    for (const count of [1, 16]) {
      const { y } = run(kernels, activations[name], new Array<number>(count).fill(Number.NaN), p);
      expect(y.every(Number.isNaN)).toBe(true);
    }
  });

  it("relu's gradient is p dy above 0, and 0 elsewhere even of an infinite dy", () => {
    kernels.reset();
    const dy = kernels.put([3, 3, 3, Infinity, Infinity, -Infinity, ...Array(10).fill(-2)]);
    const t = kernels.put([0.5, 0, -1, 0.5, 0, 0, ...Array(10).fill(7)]);
    const dx = kernels.alloc(64);
    kernels.call.activationGrad(activations.relu.kind, dy, t, dx, 1.25, 0, 64);
    expect([...kernels.f32(dx, 16)]).toEqual([3.75, 0, 0, Infinity, 0, 0, ...Array(10).fill(-2.5)]);
  });

  it.each(names)("%s: a NaN in dy stays one, a tiny dy is flushed, and dy is a factor", (name) => {
    const { kind } = activations[name];
    kernels.reset();
    const dy = kernels.put([Number.NaN, 1e-38, 3, 0.25, ...new Array<number>(12).fill(0)]);
    const t = kernels.put(new Array<number>(16).fill(0.5));
    const dx = kernels.alloc(64);
    kernels.call.activationGrad(kind, dy, t, dx, 1, 0, 64);
    const got = kernels.f32(dx, 4);
    expect(got[0]).toBeNaN();
    expect(got[1]).toBe(0);
    expect(got[2]).toBeGreaterThan(0);
    expect(Math.abs(got[2] / got[3] - 12)).toBeLessThan(1e-5);
  });

  it.each(names)("%s: same bits in 1 to 4 shares, in place, and as an unaligned segment of any length", (name) => {
    const activation = activations[name];
    const p = parameter[name] ?? 0;
    for (const count of [0, 1, 3, 4, 5, 15, 16, 17, 64, 100]) {
      const x = numbers(count + 1, count, 5);
      const want = run(kernels, activation, x, p);
      for (const ranks of teams) {
        const got = run(kernels, activation, x, p, ranks, ranks % 2 === 0);
        expectSameBits(got.y, want.y, `${count} values, ${ranks} ranks`);
        expectSameBits(got.dx, want.dx, `${count} derivatives, ${ranks} ranks`);
      }
      for (const skew of [0, 4, 12]) {
        kernels.reset();
        const input = kernels.put(x, skew);
        const output = new Output(kernels, count, skew);
        kernels.call.activationSegment(activation.kind, input, output.address, count, p);
        expectSameBits(output.read(), want.y, `segment of ${count} at ${skew}`);
        kernels.f32(output.address, count).set(x);
        kernels.call.activationSegment(activation.kind, output.address, output.address, count, p);
        expectSameBits(output.read(), want.y, `segment of ${count} in place`);
        const t = kernels.put(activation.from === "input" ? x : [...want.y], 16 - skew);
        const dy = kernels.put(
          x.map(() => 1),
          skew,
        );
        kernels.call.activationGradSegment(activation.kind, dy, t, output.address, count, p);
        expectSameBits(output.read(), want.dx, `gradients of a segment of ${count} at ${skew}`);
        kernels.call.activationGradSegment(activation.kind, dy, t, dy, count, p);
        expectSameBits(kernels.f32(dy, count), want.dx, `gradients of a segment of ${count} in place`);
      }
    }
  });

  it("ACTIVATION_NONE copies", () => {
    const x = numbers(1, 17);
    const { y, dx } = run(kernels, { ...activations.relu, kind: ACTIVATION_NONE }, x, 0, 2);
    expect([...y]).toEqual(x);
    expect([...dx]).toEqual(x.map(() => 1));
    const output = new Output(kernels, 17, 4);
    kernels.call.activationSegment(ACTIVATION_NONE, kernels.put(x), output.address, 17, 0);
    expect([...output.read()]).toEqual(x);
  });
});
