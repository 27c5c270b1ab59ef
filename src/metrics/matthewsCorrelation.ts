import { checkOptions } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { type LabelOptions, readLabels } from "./labels.ts";

/**
 * Correlation of true and predicted classes, in [-1, 1]; 0 for guessing, and where one side has one class only. For two
 * classes B. W. Matthews 1975; for more J. Gorodkin, "Comparing two K-category assignments by a K-category correlation
 * coefficient", 2004: with t, p the rows of class k on each side, h the hits, n all rows,
 *   (n h - Σ t p) / sqrt((n² - Σ t²) (n² - Σ p²)).
 * @throws as accuracy.
 */
export function matthewsCorrelation(yTrue: NumericData, yPred: NumericData, options: LabelOptions = {}): number {
  checkOptions("matthewsCorrelation", options, ["threshold"]);
  const { truth, guess } = readLabels("matthewsCorrelation", yTrue, yPred, options);
  const trueRows = countOf(truth.values);
  const guessedRows = countOf(guess.values);
  const n = truth.values.length;
  let hits = 0;
  for (let row = 0; row < n; row++) if (truth.values[row] === guess.values[row]) hits++;
  const product = (a: Map<number, number>, b: Map<number, number>) => {
    let sum = 0;
    for (const [label, count] of a) sum += count * (b.get(label) ?? 0);
    return sum;
  };
  const trueSpread = n * n - product(trueRows, trueRows);
  const guessedSpread = n * n - product(guessedRows, guessedRows);
  if (trueSpread === 0 || guessedSpread === 0) return 0;
  // One root of the product: of a square it is exact, so that a perfect guess has exactly 1
  return (n * hits - product(trueRows, guessedRows)) / Math.sqrt(trueSpread * guessedSpread);
}

function countOf(labels: Float64Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
