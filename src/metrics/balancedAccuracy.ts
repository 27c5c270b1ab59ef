import { checkOptions } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { type LabelOptions, readLabels } from "./labels.ts";

/**
 * Mean over the classes that stand in yTrue of the share of their rows that is predicted: a rare class counts as much as a
 * common one.
 * @throws as accuracy.
 */
export function balancedAccuracy(yTrue: NumericData, yPred: NumericData, options: LabelOptions = {}): number {
  checkOptions("balancedAccuracy", options, ["threshold"]);
  const { truth, guess } = readLabels("balancedAccuracy", yTrue, yPred, options);
  const rows = new Map<number, number>();
  const hits = new Map<number, number>();
  truth.values.forEach((label, row) => {
    rows.set(label, (rows.get(label) ?? 0) + 1);
    if (guess.values[row] === label) hits.set(label, (hits.get(label) ?? 0) + 1);
  });
  let sum = 0;
  for (const [label, count] of rows) sum += (hits.get(label) ?? 0) / count;
  return sum / rows.size;
}
