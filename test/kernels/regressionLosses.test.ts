import { describe, expect, it } from "vitest";
import { regressionLosses } from "../reference/regressionLosses.ts";
import { difference, expectNear, expectSameBits, golden, numbers, Output, rowsOf, type Tensor, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

interface Case {
  loss: { type: string };
  prediction: Tensor;
  target: Tensor;
  value: number;
  grad: Tensor;
}

type Name = keyof typeof regressionLosses;
const names = Object.keys(regressionLosses) as Name[];
const goldenName: Record<string, Name> = { mse: "squaredError", l1: "absoluteError" };

interface Call {
  weights?: number[];
  scale?: number;
  ranks?: number;
  skew?: number;
  isInPlace?: boolean;
  lossOnly?: boolean;
}

function run(kernels: Kernels, name: Name, x: number[], target: number[], cols: number, call: Call = {}) {
  const { weights, scale = 1, ranks = 1, skew = 0, isInPlace = false, lossOnly = false } = call;
  kernels.reset();
  const rows = x.length / cols;
  const s = weights ? kernels.put(weights, skew) : 0;
  const t = kernels.put(target, skew);
  const losses = new Output(kernels, rows, skew);
  const dx = new Output(kernels, x.length, skew);
  const input = isInPlace ? dx.address : kernels.put(x, skew);
  kernels.f32(input, x.length).set(x);
  for (const [begin, end] of shares(rows, ranks)) {
    kernels.call[name](input, t, s, losses.address, lossOnly ? 0 : dx.address, cols, scale, begin, end);
  }
  return { losses: losses.read(), dx: dx.read() };
}

describe("the reference", () => {
  it.each(names)("gradient of %s is its slope", (name) => {
    const x = numbers(1, 7, 3);
    const t = numbers(2, 7, 3);
    const { value, grad } = regressionLosses[name];
    for (const [k, want] of grad(x, t).entries()) expect(difference((v) => value(v, t), x, k)).toBeCloseTo(want, 8);
  });
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it.each(golden<Case>("losses", (_, { loss }) => loss.type in goldenName))(
    "golden $name",
    ({ name, loss, prediction, target, value, grad }) => {
      const [rows, cols] = prediction.shape;
      const { losses, dx } = run(kernels, goldenName[loss.type], prediction.data, target.data, cols, { scale: 1 / rows });
      expectNear([losses.reduce((a, b) => a + b, 0) / rows], [value], "value");
      expectNear(dx, grad.data, "gradient", name === "mse_large" ? 0 : 1e-5);
    },
  );

  it.each(names)("%s follows the reference at every shape, unaligned, in place, in 1 to 4 shares with the same bits", (name) => {
    const { value, grad } = regressionLosses[name];
    for (const rows of [0, 1, 2, 5]) {
      for (const cols of [1, 2, 3, 4, 5, 8, 9, 17, 100]) {
        const what = `${rows} rows, ${cols} columns`;
        const x = numbers(rows + 1, rows * cols, 3);
        const target = numbers(rows + 2, rows * cols, 3);
        const weights = numbers(3, rows).map(Math.abs);
        const scale = Math.fround(0.3);
        const want = run(kernels, name, x, target, cols, { weights, scale });
        const t = rowsOf(target, cols);
        expectNear(
          want.losses,
          rowsOf(x, cols).map((row, i) => value(row, t[i])),
          what,
          0,
          2e-6,
        );
        expectNear(
          want.dx,
          rowsOf(x, cols).flatMap((row, i) => grad(row, t[i]).map((d) => d * scale * weights[i])),
          what,
          1e-12,
          1e-6,
        );
        for (const ranks of teams) {
          const got = run(kernels, name, x, target, cols, { weights, scale, ranks, skew: 4 * ranks, isInPlace: ranks === 3 });
          expectSameBits(got.losses, want.losses, `${what}, losses, ${ranks} ranks`);
          expectSameBits(got.dx, want.dx, `${what}, gradient, ${ranks} ranks`);
        }
        const unweighted = run(kernels, name, x, target, cols, { scale, lossOnly: true });
        expectSameBits(unweighted.losses, want.losses, `${what}: losses do not depend on the weights`);
        expect(unweighted.dx.every((v) => v === 777)).toBe(true);
      }
    }
  });

  it("a hit has gradient 0, and a NaN shows in the loss of its row alone", () => {
    for (const name of names) {
      const { losses, dx } = run(kernels, name, [1, 2, 3, 4, Number.NaN, 6], [1, 1, 4, 4, 5, 5], 3);
      expect([...dx.subarray(0, 4)].map(Math.sign)).toEqual([0, 1, -1, 0]);
      expect([...losses].map(Number.isNaN)).toEqual([false, true]);
    }
  });

  it("gradients below 2^-126 are 0, not denormals", () => {
    for (const name of names) {
      const { dx } = run(kernels, name, [1, 2, -3], [0, 0, 0], 3, { scale: 2 ** -130 });
      expect([...dx].map(Math.abs)).toEqual([0, 0, 0]);
    }
  });
});
