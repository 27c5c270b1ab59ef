import type { NumericData } from "../data/arrays.ts";
import { mean, meanOverColumns, meanSquare } from "./columns.ts";

/**
 * Coefficient of determination, 1 - Σ(y - ŷ)² / Σ(y - mean y)²; mean over the columns. A constant target has 1 if it is
 * met exactly, else 0, and one row has NaN, as in scikit-learn.
 * @throws ShapeError if the shapes differ; DataError for NaN or an empty set.
 */
export function r2(yTrue: NumericData, yPred: NumericData): number {
  return meanOverColumns("r2", yTrue, yPred, (truth, guess) => {
    if (truth.length < 2) return Number.NaN;
    const residual = meanSquare(truth, guess);
    const isConstant = truth.every((value) => value === truth[0]);
    if (isConstant) return residual === 0 ? 1 : 0;
    return 1 - residual / meanSquare(truth, new Float64Array(truth.length).fill(mean(truth)));
  });
}
