import { checkBoolean, checkOneOf, checkOptions } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { DataError, OptionError } from "../errors.ts";
import { countTrue, pooled, readScores, type ScoredColumn, type Scores, stepsOf } from "./scores.ts";

export interface RocAucOptions {
  /** Several classes: each against the rest ('ovr', default), or each pair by itself ('ovo'; Hand & Till 2001). */
  multiClass?: "ovr" | "ovo";
  /** Over columns: 'macro' (default), 'weighted' by the rows of each class, 'micro' all columns as one ('ovr' and multi-label). */
  average?: "macro" | "micro" | "weighted";
  /** Rows are independent labels, 0 or 1 each. Default false. */
  multilabel?: boolean;
}

/**
 * Area under the ROC curve: the chance that a row of the class scores higher than another row, ties counted as ½. Of two
 * labels the larger is the positive class; rows of scores with two columns give that of the second.
 * @throws ShapeError for different numbers of rows or columns; DataError for NaN, an empty set, or a class that no row or
 * every row has: the area is not defined then.
 */
export function rocAuc(yTrue: NumericData, yScore: NumericData, options: RocAucOptions = {}): number {
  checkOptions("rocAuc", options, ["multiClass", "average", "multilabel"]);
  const { multiClass = "ovr", average = "macro", multilabel = false } = options;
  checkOneOf("rocAuc: multiClass", multiClass, ["ovr", "ovo"]);
  checkOneOf("rocAuc: average", average, ["macro", "micro", "weighted"]);
  checkBoolean("rocAuc: multilabel", multilabel);
  const scores = readScores("rocAuc", yTrue, yScore, multilabel);
  const { columns } = scores;
  if (columns.length === 1) return area(columns[0]!, "yTrue");
  if (multiClass === "ovo" && !multilabel) return ofPairs(scores, average);
  if (average === "micro") return area(pooled(columns), "yTrue");
  const weights = columns.map((column) => (average === "weighted" ? countTrue(column) : 1));
  // A class without rows has weight 0, and would still leave its area undefined: say so
  return weightedMean(
    columns.map((column, j) => area(column, `column ${j} of yTrue`)),
    weights,
  );
}

function ofPairs({ columns, labels, rows }: Scores, average: string): number {
  if (average === "micro") throw new OptionError('rocAuc: average must be "macro" or "weighted" with multiClass "ovo", got "micro"');
  const areas: number[] = [];
  const weights: number[] = [];
  for (let a = 0; a < columns.length; a++) {
    for (let b = a + 1; b < columns.length; b++) {
      const pair = Array.from({ length: rows }, (_, row) => row).filter((row) => labels![row] === a || labels![row] === b);
      const among = ({ isTrue, scores }: ScoredColumn): ScoredColumn => ({
        isTrue: Uint8Array.from(pair, (row) => isTrue[row]!),
        scores: Float64Array.from(pair, (row) => scores[row]!),
      });
      const where = `the pair of classes ${a} and ${b}`;
      areas.push((area(among(columns[a]!), where) + area(among(columns[b]!), where)) / 2);
      weights.push(average === "weighted" ? pair.length : 1);
    }
  }
  return weightedMean(areas, weights);
}

/** Trapezoids under the steps. Counts are integers: exact up to the division. */
function area(column: ScoredColumn, where: string): number {
  const { hits, misses } = stepsOf(column);
  const [trues, falses] = [hits.at(-1) ?? 0, misses.at(-1) ?? 0];
  if (trues === 0 || falses === 0) {
    const side = trues === 0 ? "no row of the class" : "only rows of the class";
    throw new DataError(`rocAuc: ${where} must have rows of the class and others, got ${side}: the area is not defined`);
  }
  let sum = 0;
  for (let i = 0; i < hits.length; i++) sum += (misses[i]! - (misses[i - 1] ?? 0)) * (hits[i]! + (hits[i - 1] ?? 0));
  return sum / (2 * trues * falses);
}

export function weightedMean(values: readonly number[], weights: readonly number[]): number {
  let sum = 0;
  let total = 0;
  values.forEach((value, i) => {
    sum += value * weights[i]!;
    total += weights[i]!;
  });
  return sum / total;
}
