/** Batch normalization in float64: the output for given moments, and the three gradients of Σ y dy through the batch's own moments. */
import { columnMoments } from "./columnMoments.ts";
import { columnSum } from "./columnSum.ts";

type Numbers = ArrayLike<number>;

export function normalizeColumns(x: Numbers, mean: Numbers, inverse: Numbers, weight: Numbers, bias: Numbers, cols: number): number[] {
  return Array.from(x, (v, k) => (v - mean[k % cols]) * inverse[k % cols] * weight[k % cols] + bias[k % cols]);
}

/** The layer in training: moments of the batch, then the normalization. */
export function batchNorm(x: Numbers, weight: Numbers, bias: Numbers, eps: number, rows: number, cols: number): number[] {
  const { mean, variance } = columnMoments(x, rows, cols);
  const inverse = variance.map((v) => 1 / Math.sqrt(v + eps));
  return normalizeColumns(x, mean, inverse, weight, bias, cols);
}

export function batchNormGrad(dy: Numbers, x: Numbers, weight: Numbers, eps: number, rows: number, cols: number) {
  const { mean, variance } = columnMoments(x, rows, cols);
  const inverse = variance.map((v) => 1 / Math.sqrt(v + eps));
  const xhat = Array.from(x, (v, k) => (v - mean[k % cols]) * inverse[k % cols]);
  const dbias = columnSum(dy, rows, cols);
  const products = xhat.map((v, k) => v * dy[k]);
  const dweight = columnSum(products, rows, cols);
  const dx = xhat.map((v, k) => {
    const j = k % cols;
    return weight[j] * inverse[j] * (dy[k] - dbias[j] / rows - (v * dweight[j]) / rows);
  });
  return { dx, dweight, dbias };
}
