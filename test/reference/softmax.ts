/** Softmax and log-softmax of one row in float64, and the gradients from dy and the output y. */

export function softmax(x: readonly number[]): number[] {
  const max = Math.max(...x);
  const e = x.map((v) => Math.exp(v - max));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

export function softmaxGrad(dy: readonly number[], y: readonly number[]): number[] {
  const dot = dy.reduce((sum, d, j) => sum + d * y[j], 0);
  return y.map((v, j) => v * (dy[j] - dot));
}

export function logSoftmax(x: readonly number[]): number[] {
  const max = Math.max(...x);
  const logSum = Math.log(x.reduce((sum, v) => sum + Math.exp(v - max), 0));
  return x.map((v) => v - max - logSum);
}

export function logSoftmaxGrad(dy: readonly number[], y: readonly number[]): number[] {
  const sum = dy.reduce((a, b) => a + b, 0);
  return dy.map((d, j) => d - Math.exp(y[j]) * sum);
}
