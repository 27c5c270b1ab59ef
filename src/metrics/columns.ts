/** Targets and predictions of a regression, column by column. */
import type { NumericData } from "../data/arrays.ts";
import { ShapeError } from "../errors.ts";
import { readMatrix } from "./labels.ts";

/**
 * Mean over the columns of f(column of yTrue, column of yPred). A rank-1 array is one column.
 * @throws ShapeError if rows or columns differ: nothing is broadcast; DataError for NaN or an empty set.
 */
export function meanOverColumns(
  where: string,
  yTrue: NumericData,
  yPred: NumericData,
  f: (truth: Float64Array, guess: Float64Array) => number,
): number {
  const truth = readMatrix(`${where}: yTrue`, yTrue);
  const guess = readMatrix(`${where}: yPred`, yPred);
  if (truth.rows !== guess.rows || truth.width !== guess.width) {
    throw new ShapeError(`${where}: yPred must have shape [${truth.rows}, ${truth.width}] as yTrue, got [${guess.rows}, ${guess.width}]`);
  }
  const column = (data: ArrayLike<number>, j: number) => Float64Array.from({ length: truth.rows }, (_, i) => data[i * truth.width + j]!);
  let sum = 0;
  for (let j = 0; j < truth.width; j++) sum += f(column(truth.data, j), column(guess.data, j));
  return sum / truth.width;
}

export function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Mean of (a - b)². */
export function meanSquare(a: Float64Array, b: Float64Array): number {
  return mean(a.map((value, i) => (value - b[i]!) * (value - b[i]!)));
}
