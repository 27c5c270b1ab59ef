import { checkOptions } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { type LabelOptions, readLabels } from "./labels.ts";

/**
 * Share of rows whose class is predicted, in [0, 1]. Both sides may be labels, one-hot or probability rows; one column of
 * numbers that are not all integers is the probability of class 1.
 * @throws ShapeError for different numbers of rows or classes; DataError for NaN, an empty set or labels out of range.
 */
export function accuracy(yTrue: NumericData, yPred: NumericData, options: LabelOptions = {}): number {
  checkOptions("accuracy", options, ["threshold"]);
  const { truth, guess } = readLabels("accuracy", yTrue, yPred, options);
  let hits = 0;
  for (let row = 0; row < truth.values.length; row++) if (truth.values[row] === guess.values[row]) hits++;
  return hits / truth.values.length;
}
