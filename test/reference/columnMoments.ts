/** Mean and biased variance of columns in float64, and the running statistics after a batch. */
import { columnSum } from "./columnSum.ts";

export function columnMoments(x: ArrayLike<number>, rows: number, cols: number): { mean: number[]; variance: number[] } {
  const mean = columnSum(x, rows, cols).map((sum) => sum / rows);
  const squares = Array.from({ length: rows * cols }, (_, k) => (x[k] - mean[k % cols]) ** 2);
  return { mean, variance: columnSum(squares, rows, cols).map((sum) => sum / rows) };
}

export function blended(running: number, batch: number, momentum: number): number {
  return (1 - momentum) * running + momentum * batch;
}
