/** Sums over rows in float64. */
export function columnSum(x: ArrayLike<number>, rows: number, cols: number): number[] {
  const y = new Array<number>(cols).fill(0);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) y[j] += x[i * cols + j];
  return y;
}
