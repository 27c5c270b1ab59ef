import { checkCount, checkOptions } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { DataError } from "../errors.ts";
import { checkWithin, type LabelOptions, readLabels } from "./labels.ts";

export interface ConfusionMatrixOptions extends LabelOptions {
  /** Number of classes. Default: the columns of one-hot or probability rows, else the largest label and one. */
  classes?: number;
}

const MAX_GUESSED_CLASSES = 10000;

/**
 * Counts [classes][classes]: row i, column j is how often class i was taken for class j.
 * @throws as accuracy; DataError for a label that is negative or not below `classes`.
 */
export function confusionMatrix(yTrue: NumericData, yPred: NumericData, options: ConfusionMatrixOptions = {}): number[][] {
  const where = "confusionMatrix";
  checkOptions(where, options, ["threshold", "classes"]);
  if (options.classes !== undefined) checkCount(`${where}: classes`, options.classes);
  const { truth, guess } = readLabels(where, yTrue, yPred, options);
  let classes = options.classes ?? Math.max(truth.width, guess.width);
  if (classes === 0) {
    for (const { values } of [truth, guess]) for (const label of values) classes = Math.max(classes, label + 1);
    if (classes > MAX_GUESSED_CLASSES) {
      throw new DataError(`${where}: labels must be below ${MAX_GUESSED_CLASSES} unless classes is given, got ${classes - 1}`);
    }
    classes = Math.max(classes, 1);
  }
  checkWithin(`${where}: yTrue`, truth, classes);
  checkWithin(`${where}: yPred`, guess, classes);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < truth.values.length; row++) counts[truth.values[row]!]![guess.values[row]!]!++;
  return counts;
}
