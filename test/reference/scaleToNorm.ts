/** Several arrays scaled together so that their norm is at most max, as PyTorch's clip_grad_norm_ has it, in float64. */
export function scaleToNorm(arrays: readonly ArrayLike<number>[], max: number): number[][] {
  const norm = Math.sqrt(arrays.reduce((sum, array) => sum + Array.from(array).reduce((part, v) => part + v * v, 0), 0));
  return arrays.map((array) => Array.from(array, (v) => v * Math.min(1, max / (norm + 1e-6))));
}
