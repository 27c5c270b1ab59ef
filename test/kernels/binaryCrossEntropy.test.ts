import { describe, expect, it } from "vitest";
import { binaryCrossEntropy, binaryCrossEntropyGrad } from "../reference/binaryCrossEntropy.ts";
import { difference, expectNear, expectSameBits, golden, numbers, Output, rowsOf, type Tensor, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

interface Case {
  loss: { type: string; pos_weight?: number[] };
  prediction: Tensor;
  target: Tensor;
  value: number;
  grad: Tensor;
}

interface Call {
  weights?: number[];
  positiveWeights?: number[];
  scale?: number;
  ranks?: number;
  skew?: number;
  isInPlace?: boolean;
  lossOnly?: boolean;
}

function run(kernels: Kernels, x: number[], target: number[], cols: number, call: Call = {}) {
  const { weights, positiveWeights, scale = 1, ranks = 1, skew = 0, isInPlace = false, lossOnly = false } = call;
  kernels.reset();
  const rows = x.length / cols;
  const s = weights ? kernels.put(weights, skew) : 0;
  const p = positiveWeights ? kernels.put(positiveWeights, skew) : 0;
  const t = kernels.put(target, skew);
  const losses = new Output(kernels, rows, skew);
  const dx = new Output(kernels, x.length, skew);
  const input = isInPlace ? dx.address : kernels.put(x, skew);
  kernels.f32(input, x.length).set(x);
  for (const [begin, end] of shares(rows, ranks)) {
    kernels.call.binaryCrossEntropy(input, t, s, p, losses.address, lossOnly ? 0 : dx.address, cols, scale, begin, end);
  }
  return { losses: losses.read(), dx: dx.read() };
}

const fractions = (seed: number, count: number) => numbers(seed, count).map((v) => (v + 1) / 2);

describe("the reference", () => {
  it("gradient is the slope of the loss", () => {
    const x = numbers(1, 7, 4);
    const t = fractions(2, 7);
    const p = fractions(3, 7);
    for (const [k, want] of binaryCrossEntropyGrad(x, t, p).entries()) {
      expect(difference((v) => binaryCrossEntropy(v, t, p), x, k)).toBeCloseTo(want, 8);
    }
  });
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it.each(golden<Case>("losses", (_, { loss }) => loss.type === "binaryCrossEntropyWithLogits"))("golden $name", (entry) => {
    const [rows, cols] = entry.prediction.shape;
    const { losses, dx } = run(kernels, entry.prediction.data, entry.target.data, cols, {
      positiveWeights: entry.loss.pos_weight,
      scale: 1 / rows,
    });
    expectNear([losses.reduce((a, b) => a + b, 0) / rows], [entry.value], "value");
    expectNear(dx, entry.grad.data, "gradient");
  });

  it("follows the reference at every shape, unaligned, in place, in 1 to 4 shares with the same bits", () => {
    for (const rows of [0, 1, 2, 5]) {
      for (const cols of [1, 2, 3, 4, 5, 8, 9, 17, 100]) {
        for (const isPositiveWeighted of [false, true]) {
          const what = `${rows} rows, ${cols} columns, positive weights ${isPositiveWeighted}`;
          const x = numbers(rows + 1, rows * cols, 8);
          const target = fractions(rows + 2, rows * cols).map((v, k) => (k % 3 === 0 ? Math.round(v) : v));
          const weights = fractions(3, rows);
          const positiveWeights = isPositiveWeighted ? fractions(4, cols).map((v) => 3 * v) : undefined;
          const scale = Math.fround(0.3);
          const want = run(kernels, x, target, cols, { weights, positiveWeights, scale });
          const t = rowsOf(target, cols);
          const p = (positiveWeights ?? new Array<number>(cols).fill(1)).map(Math.fround);
          expectNear(
            want.losses,
            rowsOf(x, cols).map((row, i) => binaryCrossEntropy(row, t[i], p)),
            what,
            1e-7,
            2e-6,
          );
          const dx = rowsOf(x, cols).flatMap((row, i) => binaryCrossEntropyGrad(row, t[i], p).map((d) => d * scale * weights[i]));
          expectNear(want.dx, dx, what, 1e-7, 2e-6);
          for (const ranks of teams) {
            const got = run(kernels, x, target, cols, { weights, positiveWeights, scale, ranks, skew: 4 * ranks, isInPlace: ranks === 3 });
            expectSameBits(got.losses, want.losses, `${what}, losses, ${ranks} ranks`);
            expectSameBits(got.dx, want.dx, `${what}, gradient, ${ranks} ranks`);
          }
          const alone = run(kernels, x, target, cols, { positiveWeights, scale, lossOnly: true });
          expectSameBits(alone.losses, want.losses, `${what}: losses do not depend on the weights`);
          expect(alone.dx.every((v) => v === 777)).toBe(true);
        }
      }
    }
  });

  it("a sure decision keeps the relative accuracy of loss and gradient", () => {
    const x = [20, -20, 80, -80];
    const target = [1, 0, 1, 0];
    const { losses, dx } = run(kernels, x, target, 1);
    const tails = x.map((v) => Math.exp(-Math.abs(v)));
    expectNear(losses, tails.map(Math.log1p), "loss", 0, 2e-6);
    expectNear(
      dx,
      tails.map((e, i) => (target[i] === 1 ? -e : e) / (1 + e)),
      "gradient",
      0,
      2e-6,
    );
  });

  it("a NaN shows in the loss and gradient of its row, and in no other", () => {
    const { losses, dx } = run(kernels, [1, 2, 3, 4, Number.NaN, 6], [1, 0, 1, 0, 1, 0], 3);
    expect([...losses].map(Number.isNaN)).toEqual([false, true]);
    expect([...dx].map(Number.isNaN)).toEqual([false, false, false, false, true, false]);
  });
});
