/** Mean errors of a regression, in float64; the mean over columns of each column's own value. Lower is better. */
import type { NumericData } from "../data/arrays.ts";
import { mean, meanOverColumns, meanSquare } from "./columns.ts";

/** Mean of (y - ŷ)². @throws ShapeError if the shapes differ; DataError for NaN or an empty set. */
export function mse(yTrue: NumericData, yPred: NumericData): number {
  return meanOverColumns("mse", yTrue, yPred, meanSquare);
}

/** Root of the mean of (y - ŷ)². @throws as mse. */
export function rmse(yTrue: NumericData, yPred: NumericData): number {
  return meanOverColumns("rmse", yTrue, yPred, (truth, guess) => Math.sqrt(meanSquare(truth, guess)));
}

/** Mean of |y - ŷ|. @throws as mse. */
export function mae(yTrue: NumericData, yPred: NumericData): number {
  return meanOverColumns("mae", yTrue, yPred, (truth, guess) => mean(truth.map((value, i) => Math.abs(value - guess[i]!))));
}
