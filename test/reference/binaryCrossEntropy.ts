/** Binary cross-entropy of one row of logits in float64, mean over its columns, with its gradient; p weighs the positive part. */

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export function binaryCrossEntropy(x: readonly number[], t: readonly number[], p: readonly number[]): number {
  return x.reduce((sum, v, j) => sum + p[j] * t[j] * softplus(-v) + (1 - t[j]) * softplus(v), 0) / x.length;
}

export function binaryCrossEntropyGrad(x: readonly number[], t: readonly number[], p: readonly number[]): number[] {
  return x.map((v, j) => ((1 - t[j]) * sigmoid(v) - p[j] * t[j] * sigmoid(-v)) / x.length);
}
