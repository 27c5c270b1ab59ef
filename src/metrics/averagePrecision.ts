import { checkBoolean, checkOneOf, checkOptions } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { weightedMean } from "./rocAuc.ts";
import { countTrue, pooled, readScores, type ScoredColumn, stepsOf } from "./scores.ts";

export interface AveragePrecisionOptions {
  /** Over columns: 'macro' (default), 'weighted' by the rows of each class, 'micro' all columns as one. */
  average?: "macro" | "micro" | "weighted";
  /** Rows are independent labels, 0 or 1 each. Default false. */
  multilabel?: boolean;
}

/**
 * Σ (Rᵢ - Rᵢ₋₁) Pᵢ over the distinct scores from the largest, R recall and P precision at each: the area under the
 * precision-recall curve, without interpolation. 0 for a class that no row has. Several classes: each against the rest.
 * @throws ShapeError for different numbers of rows or columns; DataError for NaN, an empty set or labels out of range.
 */
export function averagePrecision(yTrue: NumericData, yScore: NumericData, options: AveragePrecisionOptions = {}): number {
  checkOptions("averagePrecision", options, ["average", "multilabel"]);
  const { average = "macro", multilabel = false } = options;
  checkOneOf("averagePrecision: average", average, ["macro", "micro", "weighted"]);
  checkBoolean("averagePrecision: multilabel", multilabel);
  const { columns } = readScores("averagePrecision", yTrue, yScore, multilabel);
  if (average === "micro") return ofColumn(pooled(columns));
  const weights = columns.map((column) => (average === "weighted" ? countTrue(column) : 1));
  if (weights.every((weight) => weight === 0)) return 0;
  return weightedMean(columns.map(ofColumn), weights);
}

function ofColumn(column: ScoredColumn): number {
  const { hits, misses } = stepsOf(column);
  const trues = hits.at(-1)!;
  if (trues === 0) return 0;
  let sum = 0;
  for (let i = 0; i < hits.length; i++) sum += ((hits[i]! - (hits[i - 1] ?? 0)) * hits[i]!) / (hits[i]! + misses[i]!);
  return sum / trues;
}
