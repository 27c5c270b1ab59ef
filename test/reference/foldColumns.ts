/** A dense layer followed by batch normalization with running statistics, in float64, for one input row: what folding must keep. */
export interface Folded {
  w: number[][];
  bias: number[];
  mean: number[];
  variance: number[];
  weight: number[];
  shift: number[];
  eps: number;
}

export function denseThenNorm(x: readonly number[], { w, bias, mean, variance, weight, shift, eps }: Folded): number[] {
  return w.map((row, i) => {
    const z = row.reduce((sum, v, k) => sum + v * x[k], bias[i]);
    return ((z - mean[i]) / Math.sqrt(variance[i] + eps)) * weight[i] + shift[i];
  });
}
