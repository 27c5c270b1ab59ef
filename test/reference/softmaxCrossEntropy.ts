/** Softmax cross-entropy of one row in float64: the loss and its gradient for target weights q. */
import { logSoftmax, softmax } from "./softmax.ts";

/** q_j = c_j ((1 - smoothing) t_j + smoothing / cols). */
export function targetWeights(t: readonly number[], smoothing: number, c: readonly number[] | undefined): number[] {
  return t.map((v, j) => (c ? c[j] : 1) * ((1 - smoothing) * v + smoothing / t.length));
}

export function oneHot(label: number, cols: number): number[] {
  return Array.from({ length: cols }, (_, j) => (j === label ? 1 : 0));
}

export function crossEntropy(x: readonly number[], q: readonly number[]): number {
  const logs = logSoftmax(x);
  return q.reduce((sum, v, j) => (v === 0 ? sum : sum - v * logs[j]), 0);
}

export function crossEntropyGrad(x: readonly number[], q: readonly number[]): number[] {
  const total = q.reduce((a, b) => a + b, 0);
  return softmax(x).map((p, j) => p * total - q[j]);
}
