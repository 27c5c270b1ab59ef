import { describe, expect, it } from "vitest";
import { logSoftmax, logSoftmaxGrad, softmax, softmaxGrad } from "../reference/softmax.ts";
import { difference, expectNear, expectSameBits, golden, numbers, Output, rowsOf, type Tensor, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

interface Case {
  layer: { type: string };
  x: Tensor;
  y: Tensor;
  dy: Tensor;
  dx: Tensor;
}

const layers = {
  softmax: { forward: "softmaxRows", backward: "softmaxRowsGrad", value: softmax, grad: softmaxGrad },
  logSoftmax: { forward: "logSoftmaxRows", backward: "logSoftmaxRowsGrad", value: logSoftmax, grad: logSoftmaxGrad },
};
type Name = keyof typeof layers;
const names = Object.keys(layers) as Name[];

type InPlace = "no" | "dx is dy" | "dx is y";

/** Output and gradient by the kernels, in `ranks` shares of the rows, at addresses `skew` off. */
function run(kernels: Kernels, name: Name, x: number[], dy: number[], cols: number, ranks = 1, skew = 0, inPlace: InPlace = "no") {
  kernels.reset();
  const rows = cols === 0 ? 0 : x.length / cols;
  const y = new Output(kernels, x.length, skew);
  const input = inPlace === "no" ? kernels.put(x, skew) : y.address;
  if (inPlace !== "no") kernels.f32(input, x.length).set(x);
  for (const [begin, end] of shares(rows, ranks)) kernels.call[layers[name].forward](input, y.address, cols, begin, end);
  const value = y.read();
  const upstream = new Output(kernels, x.length, skew);
  kernels.f32(upstream.address, dy.length).set(dy);
  const dx = inPlace === "dx is dy" ? upstream : inPlace === "dx is y" ? y : new Output(kernels, x.length, skew);
  for (const [begin, end] of shares(rows, ranks)) {
    kernels.call[layers[name].backward](upstream.address, y.address, dx.address, cols, begin, end);
  }
  return { y: value, dx: dx.read() };
}

describe("the reference", () => {
  it.each(names)("gradient of %s is its slope", (name) => {
    const { value, grad } = layers[name];
    const x = numbers(1, 6, 3);
    const dy = numbers(2, 6);
    const loss = (v: number[]) => value(v).reduce((sum, y, j) => sum + y * dy[j], 0);
    for (const [k, want] of grad(dy, value(x)).entries()) expect(difference(loss, x, k)).toBeCloseTo(want, 9);
  });
});

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it.each(golden<Case>("layers", (_, { layer }) => layer.type in layers))("golden $name", ({ layer, x, y, dy, dx }) => {
    const got = run(kernels, layer.type as Name, x.data, dy.data, x.shape[1]);
    expectNear(got.y, y.data, "y");
    expectNear(got.dx, dx.data, "dx");
  });

  it.each(names)("%s follows the reference at every shape, unaligned, in place, in 1 to 4 shares with the same bits", (name) => {
    const { value, grad } = layers[name];
    for (const rows of [0, 1, 2, 5]) {
      for (const cols of [1, 2, 3, 4, 5, 8, 9, 16, 17, 100]) {
        const what = `${rows} rows, ${cols} columns`;
        const x = numbers(rows + 1, rows * cols, 6);
        const dy = numbers(rows + 2, rows * cols);
        const want = run(kernels, name, x, dy, cols);
        const y = rowsOf(x, cols).map(value);
        expectNear(want.y, y.flat(), what, 2e-7, 2e-6);
        expectNear(
          want.dx,
          rowsOf(dy, cols).flatMap((d, i) => grad(d, y[i])),
          what,
          2e-6,
          1e-5,
        );
        for (const ranks of teams) {
          const inPlace = (["no", "dx is dy", "dx is y", "no"] as const)[ranks - 1];
          const got = run(kernels, name, x, dy, cols, ranks, 4 * ranks, inPlace);
          expectSameBits(got.y, want.y, `${what}, y, ${ranks} ranks`);
          expectSameBits(got.dx, want.dx, `${what}, dx, ${ranks} ranks`);
        }
      }
    }
  });

  it("logits of +-1e4 neither overflow nor lose the row", () => {
    const x = [1e4, -1e4, 9999, 0, 1e4];
    expectNear(run(kernels, "softmax", x, x, 5).y, softmax(x), "softmax", 1e-7, 1e-6);
    expectNear(run(kernels, "logSoftmax", x, x, 5).y, logSoftmax(x), "logSoftmax", 1e-6, 1e-6);
  });

  it("softmax of far tails is 0 and not a denormal", () => {
    const { y } = run(kernels, "softmax", [0, -84, -86.5, -87, -87.2, -88, -100, 0, 0], numbers(1, 9), 9);
    expect(y[1]).toBeGreaterThan(0);
    for (const v of y) expect(v === 0 || v >= 2 ** -126).toBe(true);
  });

  it.each(names)("a NaN or an infinity makes its own row NaN, and no other", (name) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const place of [5, 8, 9]) {
        const x = numbers(1, 15);
        x[place] = bad;
        const { y } = run(kernels, name, x, numbers(2, 15), 5);
        for (const [i, row] of rowsOf(y, 5).entries()) expect(row.some(Number.isNaN)).toBe(i === 1);
      }
    }
  });
});
