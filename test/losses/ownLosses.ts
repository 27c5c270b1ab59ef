/** Losses as a user would write them, in float64: those of the library once more, and some that it has not. */
import * as w from "../../src/index.ts";

const rowsOf = (yPred: w.Tensor) => yPred.shape[0];

/** Weight of each row in the mean. */
function shares(rows: number, weights?: Float32Array): number[] {
  const all = weights ? Array.from(weights) : new Array<number>(rows).fill(1);
  const sum = all.reduce((a, b) => a + b, 0);
  return all.map((weight) => weight / sum);
}

/** Mean over rows and outputs of f(output - target), with f's derivative. */
export function ofError(name: string, f: (e: number) => number, df: (e: number) => number): w.Loss {
  const each = (t: w.Tensor, p: w.Tensor, weights: Float32Array | undefined, g: (e: number) => number) => {
    const cols = p.data.length / rowsOf(p);
    const share = shares(rowsOf(p), weights);
    return Array.from(p.data, (v, i) => (share[Math.floor(i / cols)] / cols) * g(v - t.data[i]));
  };
  return w.customLoss({
    name,
    value: (t, p, weights) => each(t, p, weights, f).reduce((a, b) => a + b, 0),
    gradient: (t, p, weights) => each(t, p, weights, df),
  });
}

export const ownMse = () =>
  ofError(
    "ownMse",
    (e) => e * e,
    (e) => 2 * e,
  );
export const cauchy = () =>
  ofError(
    "cauchy",
    (e) => Math.log(1 + e * e),
    (e) => (2 * e) / (1 + e * e),
  );

/** Cross-entropy of labels, or of rows of probabilities. */
export function ownCrossEntropy(): w.Loss {
  const parts = (t: Int32Array | w.Tensor, p: w.Tensor) => {
    const rows = rowsOf(p);
    const cols = p.data.length / rows;
    return Array.from({ length: rows }, (_, row) => {
      const z = Array.from(p.data.subarray(row * cols, (row + 1) * cols));
      const target = z.map((_, j) => (t instanceof Int32Array ? Number(t[row] === j) : t.data[row * cols + j]));
      const most = Math.max(...z);
      const logSum = most + Math.log(z.reduce((sum, v) => sum + Math.exp(v - most), 0));
      return {
        value: target.reduce((sum, q, j) => sum + q * (logSum - z[j]), 0),
        slopes: z.map((v, j) => Math.exp(v - logSum) - target[j]),
      };
    });
  };
  return w.customLoss<Int32Array | w.Tensor>({
    name: "ownCrossEntropy",
    link: "softmax",
    targets: "labels",
    value: (t, p, weights) => {
      const share = shares(rowsOf(p), weights);
      return parts(t, p).reduce((sum, { value }, row) => sum + share[row] * value, 0);
    },
    // nested arrays, a row each
    gradient: (t, p, weights) => {
      const share = shares(rowsOf(p), weights);
      return parts(t, p).map(({ slopes }, row) => slopes.map((slope) => share[row] * slope));
    },
  });
}
