import { describe, expect, it } from "vitest";
import { batchNorm, batchNormGrad, normalizeColumns } from "../reference/normalizeColumns.ts";
import { difference, expectNear, expectSameBits, golden, numbers, Output, type Tensor, teams } from "./compare.ts";
import { Kernels, lineShares, shares, variants } from "./harness.ts";

interface Statistics {
  running_mean: Tensor;
  running_var: Tensor;
}

interface Case {
  layer: { type: string; eps: number; momentum: number };
  params: { weight: Tensor; bias: Tensor };
  x: Tensor;
  y: Tensor;
  dy: Tensor;
  dx: Tensor;
  dparams: { weight: Tensor; bias: Tensor };
  running_initial: Statistics;
  running_after_1: Statistics;
  more_x: Tensor[];
  more_y: Tensor[];
  running_after_3: Statistics;
  eval: { x: Tensor; y: Tensor; dy: Tensor; dx: Tensor; dparams: { weight: Tensor; bias: Tensor } };
}

/** The ops of a batch-norm layer in training, one after the other, each in `ranks` shares. */
class Layer {
  readonly kernels: Kernels;
  readonly eps: number;
  readonly cols: number;
  readonly ranks: number;
  readonly skew: number;
  readonly mean: Output;
  readonly variance: Output;
  readonly inverse: Output;
  readonly running: { mean: number; variance: number };
  readonly weight: number;
  readonly bias: number;
  constructor(kernels: Kernels, weight: number[], bias: number[], eps: number, cols: number, ranks = 1, skew = 0) {
    this.kernels = kernels;
    this.eps = eps;
    this.cols = cols;
    this.ranks = ranks;
    this.skew = skew;
    kernels.reset();
    const line = Math.ceil(cols / 16) * 16;
    this.mean = new Output(kernels, line);
    this.variance = new Output(kernels, line);
    this.inverse = new Output(kernels, line);
    this.running = { mean: kernels.put(new Array<number>(line).fill(0)), variance: kernels.put(new Array<number>(line).fill(1)) };
    this.weight = kernels.put(weight, skew);
    this.bias = kernels.put(bias, skew);
  }

  forward(x: number[]): Float32Array {
    const { kernels, cols, ranks, mean, variance, inverse, skew } = this;
    const rows = x.length / cols;
    const input = kernels.put(x, skew);
    for (const [begin, end] of shares(cols, ranks, 16)) {
      kernels.call.columnMoments(input, mean.address, variance.address, rows, cols, begin, end);
    }
    for (const [begin, end] of lineShares(cols, ranks)) {
      kernels.call.columnInverse(variance.address, inverse.address, this.eps, begin, end);
    }
    return this.normalize(input, rows, mean.address);
  }

  /** With running statistics, as in evaluation. */
  evaluate(x: number[]): Float32Array {
    this.kernels.call.columnInverse(this.running.variance, this.inverse.address, this.eps, 0, Math.ceil(this.cols / 16) * 64);
    return this.normalize(this.kernels.put(x, this.skew), x.length / this.cols, this.running.mean);
  }

  normalize(x: number, rows: number, mean: number): Float32Array {
    const { kernels, cols, inverse, weight, bias } = this;
    const y = new Output(kernels, rows * cols, this.skew);
    for (const [begin, end] of shares(rows, this.ranks)) {
      kernels.call.normalizeColumns(x, mean, inverse.address, weight, bias, y.address, -Infinity, cols, begin, end);
    }
    return y.read();
  }

  blend(momentum: number, rows: number): { mean: Float32Array; variance: Float32Array } {
    const { kernels, cols, running } = this;
    for (const [begin, end] of lineShares(cols, this.ranks)) {
      kernels.call.blendStatistics(this.mean.address, this.variance.address, running.mean, running.variance, momentum, rows, begin, end);
    }
    return { mean: kernels.f32(running.mean, cols).slice(), variance: kernels.f32(running.variance, cols).slice() };
  }

  /** After forward(x). isInPlace: dx overwrites dy. */
  backward(x: number[], dy: number[], isInPlace = false) {
    const { kernels, cols, ranks, mean, inverse, weight, skew } = this;
    const rows = x.length / cols;
    const input = kernels.put(x, skew);
    const upstream = new Output(kernels, dy.length, skew);
    kernels.f32(upstream.address, dy.length).set(dy);
    const dweight = new Output(kernels, cols, skew);
    const dbias = new Output(kernels, cols, skew);
    const dx = isInPlace ? upstream : new Output(kernels, x.length, skew);
    for (const [begin, end] of shares(cols, ranks, 16)) {
      kernels.call.normalizeColumnsSums(
        upstream.address,
        input,
        mean.address,
        inverse.address,
        dweight.address,
        dbias.address,
        rows,
        cols,
        begin,
        end,
      );
    }
    for (const [begin, end] of shares(rows, ranks)) {
      const sums = [dweight.address, dbias.address, dx.address];
      kernels.call.normalizeColumnsGrad(upstream.address, input, mean.address, inverse.address, weight, ...sums, rows, cols, begin, end);
    }
    return { dx: dx.read(), dweight: dweight.read(), dbias: dbias.read() };
  }
}

describe("the reference", () => {
  it("gradients by input, weight and bias are slopes of Σ y dy", () => {
    const [rows, cols, eps] = [5, 3, 1e-3];
    const x = numbers(1, rows * cols, 2);
    const dy = numbers(2, rows * cols);
    const weight = numbers(3, cols);
    const bias = numbers(4, cols);
    const total = (y: number[]) => y.reduce((sum, v, k) => sum + v * dy[k], 0);
    const { dx, dweight, dbias } = batchNormGrad(dy, x, weight, eps, rows, cols);
    for (const [k, want] of dx.entries()) {
      expect(difference((v) => total(batchNorm(v, weight, bias, eps, rows, cols)), x, k)).toBeCloseTo(want, 8);
    }
    for (const [k, want] of dweight.entries()) {
      expect(difference((v) => total(batchNorm(x, v, bias, eps, rows, cols)), weight, k)).toBeCloseTo(want, 8);
    }
    for (const [k, want] of dbias.entries()) {
      expect(difference((v) => total(batchNorm(x, weight, v, eps, rows, cols)), bias, k)).toBeCloseTo(want, 8);
    }
  });
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it.each(golden<Case>("layers", (_, { layer }) => layer.type === "batchNorm1d"))(
    "golden $name: three training batches with their statistics, gradients, evaluation",
    (entry) => {
      const [rows, cols] = entry.x.shape;
      const { eps, momentum } = entry.layer;
      const layer = new Layer(kernels, entry.params.weight.data, entry.params.bias.data, eps, cols);
      expectNear(layer.forward(entry.x.data), entry.y.data, "y");
      const { dx, dweight, dbias } = layer.backward(entry.x.data, entry.dy.data);
      expectNear(dx, entry.dx.data, "dx");
      expectNear(dweight, entry.dparams.weight.data, "dweight");
      expectNear(dbias, entry.dparams.bias.data, "dbias");
      let after = layer.blend(momentum, rows);
      expectNear(after.mean, entry.running_after_1.running_mean.data, "running mean after 1");
      expectNear(after.variance, entry.running_after_1.running_var.data, "running variance after 1");
      for (const [i, x] of entry.more_x.entries()) {
        expectNear(layer.forward(x.data), entry.more_y[i].data, `y of batch ${i + 2}`);
        after = layer.blend(momentum, x.shape[0]);
      }
      expectNear(after.mean, entry.running_after_3.running_mean.data, "running mean after 3");
      expectNear(after.variance, entry.running_after_3.running_var.data, "running variance after 3");
      expectNear(layer.evaluate(entry.eval.x.data), entry.eval.y.data, "y in evaluation");
    },
  );

  it("follows the reference at every shape, unaligned, in place, in 1 to 4 shares with the same bits", () => {
    const eps = Math.fround(1e-5);
    for (const rows of [2, 3, 32, 130]) {
      for (const cols of [1, 2, 3, 4, 5, 15, 16, 17, 40]) {
        const what = `${rows} rows, ${cols} columns`;
        const x = numbers(rows + cols, rows * cols, 3);
        const dy = numbers(rows, rows * cols);
        const weight = numbers(3, cols).map((v) => Math.fround(v + 1.5));
        const bias = numbers(4, cols);
        const first = new Layer(kernels, weight, bias, eps, cols);
        const y = first.forward(x);
        expectNear(y, batchNorm(x, weight, bias, eps, rows, cols), `${what}: y`, 1e-5, 1e-5);
        const want = first.backward(x, dy);
        const reference = batchNormGrad(dy, x, weight, eps, rows, cols);
        if (rows > 2) expectNear(want.dx, reference.dx, `${what}: dx`, 1e-5, 1e-5); // of two rows dx is what rounding leaves of 0
        expectNear(want.dweight, reference.dweight, `${what}: dweight`, 1e-5, 1e-5);
        expectNear(want.dbias, reference.dbias, `${what}: dbias`, 1e-5, 1e-6);
        for (const ranks of teams) {
          const layer = new Layer(kernels, weight, bias, eps, cols, ranks, 4 * ranks);
          expectSameBits(layer.forward(x), y, `${what}, ${ranks} ranks: y`);
          const got = layer.backward(x, dy, ranks % 2 === 0);
          expectSameBits(got.dx, want.dx, `${what}, ${ranks} ranks: dx`);
          expectSameBits(got.dweight, want.dweight, `${what}, ${ranks} ranks: dweight`);
          expectSameBits(got.dbias, want.dbias, `${what}, ${ranks} ranks: dbias`);
        }
      }
    }
  });

  it("normalizeColumns takes any moments, and no rows at all", () => {
    const [rows, cols] = [3, 7];
    const [x, mean, inverse, weight, bias] = [1, 2, 3, 4, 5].map((seed) => numbers(seed, seed === 1 ? rows * cols : cols));
    kernels.reset();
    const addresses = [x, mean, inverse, weight, bias].map((values) => kernels.put(values));
    const y = new Output(kernels, rows * cols, 4);
    kernels.call.normalizeColumns(...addresses, y.address, -Infinity, cols, 1, 1);
    expect(y.read().every((v) => v === 777)).toBe(true);
    kernels.call.normalizeColumns(...addresses, y.address, -Infinity, cols, 0, rows);
    expectNear(y.read(), normalizeColumns(x, mean, inverse, weight, bias, cols), "y", 1e-7, 5e-7);
    kernels.call.normalizeColumns(...addresses, addresses[0], -Infinity, cols, 0, rows);
    expectSameBits(kernels.f32(addresses[0], rows * cols), y.read(), "in place");
  });

  it("normalizeColumns gives nothing below its floor; a NaN stays one", () => {
    const [rows, cols] = [7, 13];
    const x = numbers(6, rows * cols);
    x[20] = Number.NaN;
    const each = (value: number) => kernels.put(new Array(cols).fill(value));
    kernels.reset();
    const y = new Output(kernels, rows * cols, 4);
    kernels.call.normalizeColumns(kernels.put(x), each(0), each(1), each(1), each(0), y.address, 0, cols, 0, rows);
    expect(Array.from(y.read())).toEqual(x.map((value) => (value < 0 ? 0 : Math.fround(value))));
    expect(x.some((value) => value < 0)).toBe(true);
  });

  it("columns of mean 1e4 are normalized as well as their float32 digits allow", () => {
    const [rows, cols] = [64, 5];
    const x = numbers(1, rows * cols).map((v) => Math.fround(v + 1e4));
    const [weight, bias] = [new Array<number>(cols).fill(1), new Array<number>(cols).fill(0)];
    const y = new Layer(kernels, weight, bias, 1e-5, cols).forward(x);
    expectNear(y, batchNorm(x, weight, bias, 1e-5, rows, cols), "y", 1e-3, 1e-3); // half an ulp of the mean is 4.9e-4
  });
});
