import { describe, expect, it } from "vitest";
import { crossEntropy, crossEntropyGrad, oneHot, targetWeights } from "../reference/softmaxCrossEntropy.ts";
import { difference, expectNear, expectSameBits, golden, numbers, Output, rowsOf, type Tensor, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

interface Case {
  loss: { type: string; label_smoothing?: number; class_weights?: number[] };
  prediction: Tensor;
  target: Tensor;
  value: number;
  grad: Tensor;
}

interface Batch {
  x: number[];
  cols: number;
  labels?: number[];
  targets?: number[];
  weights?: number[];
  classWeights?: number[];
  smoothing?: number;
  scale?: number;
}

interface Call {
  ranks?: number;
  skew?: number;
  isInPlace?: boolean;
  lossOnly?: boolean;
}

/** Losses and gradient by the kernel. */
function run(kernels: Kernels, batch: Batch, { ranks = 1, skew = 0, isInPlace = false, lossOnly = false }: Call = {}) {
  kernels.reset();
  const { x, cols, labels, targets, weights, classWeights, smoothing = 0, scale = 1 } = batch;
  const rows = x.length / cols;
  const optional = (values: number[] | undefined) => (values ? kernels.put(values, skew) : 0);
  const target = labels ? kernels.putU32(labels) : optional(targets);
  const s = optional(weights);
  const c = optional(classWeights);
  const losses = new Output(kernels, rows, skew);
  const dx = new Output(kernels, x.length, skew);
  const scratch = kernels.alloc(32 * cols);
  const input = isInPlace ? dx.address : kernels.put(x, skew);
  kernels.f32(input, x.length).set(x);
  const kernel = labels ? kernels.call.softmaxCrossEntropyLabels : kernels.call.softmaxCrossEntropyTargets;
  for (const [begin, end] of shares(rows, ranks)) {
    kernel(input, target, s, c, losses.address, lossOnly ? 0 : dx.address, cols, smoothing, scale, scratch, begin, end);
  }
  return { losses: losses.read(), dx: dx.read() };
}

function reference({ x, cols, labels, targets, weights, classWeights, smoothing = 0, scale = 1 }: Batch) {
  const q = rowsOf(targets ?? labels!.flatMap((label) => oneHot(label, cols)), cols).map((t) => targetWeights(t, smoothing, classWeights));
  const rows = rowsOf(x, cols);
  return {
    losses: rows.map((row, i) => crossEntropy(row, q[i])),
    dx: rows.flatMap((row, i) => crossEntropyGrad(row, q[i]).map((d) => d * scale * (weights?.[i] ?? 1))),
  };
}

const positive = (seed: number, count: number) => numbers(seed, count).map((v) => Math.fround(Math.abs(v) + 0.125));

/** A batch of random data with the parts that the bits of `which` select. */
function batchOf(rows: number, cols: number, which: number): Batch {
  const targets = rowsOf(positive(5, rows * cols), cols).flatMap((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((v) => Math.fround(v / sum));
  });
  return {
    x: numbers(rows + 10 * cols, rows * cols, 5),
    cols,
    ...(which & 1 ? { targets } : { labels: numbers(2, rows).map((v) => Math.floor(((v + 1) / 2) * cols)) }),
    ...(which & 2 && { weights: positive(3, rows) }),
    ...(which & 4 && { classWeights: positive(4, cols) }),
    smoothing: which & 8 ? Math.fround(0.2) : 0,
    scale: Math.fround(0.3),
  };
}

describe("the reference", () => {
  it("gradient is the slope of the loss, for any target weights", () => {
    const x = numbers(1, 6, 3);
    for (const q of [oneHot(2, 6), targetWeights(positive(2, 6), 0.2, positive(3, 6))]) {
      for (const [k, want] of crossEntropyGrad(x, q).entries()) expect(difference((v) => crossEntropy(v, q), x, k)).toBeCloseTo(want, 8);
    }
  });
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it.each(golden<Case>("losses", (_, { loss }) => loss.type === "softmaxCrossEntropy"))("golden $name", (entry) => {
    const [rows, cols] = entry.prediction.shape;
    const isLabels = entry.target.shape.length === 1;
    const classWeights = entry.loss.class_weights;
    const total = classWeights ? entry.target.data.reduce((sum, label) => sum + classWeights[label], 0) : rows;
    const { losses, dx } = run(kernels, {
      x: entry.prediction.data,
      cols,
      ...(isLabels ? { labels: entry.target.data } : { targets: entry.target.data }),
      classWeights,
      smoothing: entry.loss.label_smoothing,
      scale: 1 / total,
    });
    expectNear([losses.reduce((a, b) => a + b, 0) / total], [entry.value], "value");
    expectNear(dx, entry.grad.data, "gradient");
  });

  it("follows the reference at every shape and with every option, unaligned, in place, in 1 to 4 shares with the same bits", () => {
    for (const rows of [0, 1, 2, 5]) {
      for (const cols of [1, 2, 3, 4, 5, 8, 9, 17, 100]) {
        for (let which = 0; which < 16; which++) {
          const what = `${rows} rows, ${cols} columns, options ${which}`;
          const batch = batchOf(rows, cols, which);
          const want = run(kernels, batch);
          const { losses, dx } = reference(batch);
          expectNear(want.losses, losses, `${what}: losses`, 2e-6, 1e-6);
          expectNear(want.dx, dx, `${what}: gradient`, 1e-6, 1e-6);
          for (const ranks of teams) {
            const got = run(kernels, batch, { ranks, skew: 4 * ranks, isInPlace: ranks === 3 });
            expectSameBits(got.losses, want.losses, `${what}: losses, ${ranks} ranks`);
            expectSameBits(got.dx, want.dx, `${what}: gradient, ${ranks} ranks`);
          }
          const { losses: alone, dx: untouched } = run(kernels, batch, { lossOnly: true });
          expectSameBits(alone, want.losses, `${what}: losses alone`);
          expect(untouched.every((v) => v === 777)).toBe(true);
        }
      }
    }
  });

  /** Columns to add, so that rows are narrow or not. */
  const fillers = [[], Array<number>(16).fill(-1.5)];

  it("a confident row keeps the relative accuracy of its loss and of the true class's gradient, p - 1", () => {
    for (const filler of fillers) {
      for (const lead of [5, 10, 17, 25, 40, 80]) {
        const others = [0, -1, 0.5, -2, ...filler];
        const got = run(kernels, { x: [0, lead, ...others.slice(1)], cols: others.length + 1, labels: [1] });
        const rest = others.reduce((sum, v) => sum + Math.exp(v - lead), 0); // 1 - p = rest / (1 + rest)
        expectNear(got.losses, [Math.log1p(rest)], `lead ${lead}, loss`, 0, 2e-6);
        expectNear([got.dx[1]], [-rest / (1 + rest)], `lead ${lead}, gradient`, 0, 2e-6);
      }
    }
  });

  it("logits of +-1e4, ties of the largest, and a class of logit -Infinity without weight", () => {
    for (const filler of fillers) {
      for (const first of [
        [1e4, -1e4, 0, 9999],
        [1e4, 1e4, -1e4, 1e4],
        [-1e4, -1e4, -1e4, -1e4],
        [0, Number.NEGATIVE_INFINITY, 1, 2],
      ]) {
        for (const label of [0, 2, 3]) {
          const x = [...first, ...filler];
          const batch = { x, cols: x.length, labels: [label] };
          const got = run(kernels, batch);
          const want = reference(batch);
          expectNear(got.losses, want.losses, `${x}`, 1e-6, 1e-6);
          expectNear(got.dx, want.dx, `${x}`, 1e-6, 1e-6);
        }
      }
    }
  });

  it("gradients below 2^-126 are 0", () => {
    for (const filler of fillers) {
      const x = [0, 1, 2, 3, ...filler];
      const { dx } = run(kernels, { x, cols: x.length, labels: [3], scale: 2 ** -126 });
      expect([...dx].every((v) => v === 0)).toBe(true);
    }
  });

  it("a NaN shows in the loss and the gradient of its own row, and in no other; a row of weight 0 has gradient 0", () => {
    for (const place of [5, 8, 9]) {
      const x = numbers(1, 15);
      x[place] = Number.NaN;
      const { losses, dx } = run(kernels, { x, cols: 5, labels: [1, 2, 3], weights: [1, 1, 0] });
      expect([...losses].map(Number.isNaN)).toEqual([false, true, false]);
      expect(rowsOf(dx, 5).map((row) => row.every(Number.isNaN))).toEqual([false, true, false]);
      expect([...dx.subarray(10)].every((v) => v === 0)).toBe(true);
    }
  });
});
