/**
 * Precision, recall and F1 of classes or of independent labels, with scikit-learn's averages. All three come from three
 * counts per class: hits (true and predicted), predicted, actual.
 */
import { checkBetween, checkBoolean, checkCount, checkOneOf, checkOptions, show } from "../check.ts";
import { type NumericData, placeOf } from "../data/arrays.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { checkWithin, type LabelOptions, readLabels, readMatrix } from "./labels.ts";

export interface PrecisionRecallOptions extends LabelOptions {
  /**
   * 'binary' (default): of class 1 alone. 'micro': of the counts of all classes together. 'macro': mean over the classes.
   * 'weighted': the same, weighted by the rows that each class truly has. 'none': a value per class, in order of the labels.
   */
  average?: "binary" | "micro" | "macro" | "weighted" | "none";
  /** Number of classes, absent ones count too. Default: the classes that stand in yTrue or yPred, as in scikit-learn. */
  classes?: number;
  /** What a division by 0 gives: nothing predicted (precision), nothing there (recall). Default 0. */
  zeroDivision?: number;
  /** Rows are independent labels, 0 or 1 each (predictions: probabilities or 0 and 1), not one class of several. Default false. */
  multilabel?: boolean;
}

type PerClass = PrecisionRecallOptions & { average: "none" };
type Averaged = PrecisionRecallOptions & { average?: "binary" | "micro" | "macro" | "weighted" };

/** Counts of each class. */
interface Counts {
  readonly hits: readonly number[];
  readonly predicted: readonly number[];
  readonly actual: readonly number[];
}

/**
 * Share of the rows predicted as a class that are of it.
 * @throws as accuracy; OptionError for 'binary' with more than two classes; DataError for a label not below `classes`.
 */
export function precision(yTrue: NumericData, yPred: NumericData, options: PerClass): number[];
export function precision(yTrue: NumericData, yPred: NumericData, options?: Averaged): number;
export function precision(yTrue: NumericData, yPred: NumericData, options: PrecisionRecallOptions = {}): number | number[] {
  return averaged("precision", yTrue, yPred, options, (precisions) => precisions);
}

/** Share of the rows of a class that are predicted as it. @throws as precision. */
export function recall(yTrue: NumericData, yPred: NumericData, options: PerClass): number[];
export function recall(yTrue: NumericData, yPred: NumericData, options?: Averaged): number;
export function recall(yTrue: NumericData, yPred: NumericData, options: PrecisionRecallOptions = {}): number | number[] {
  return averaged("recall", yTrue, yPred, options, (_, recalls) => recalls);
}

/** Harmonic mean of precision and recall, 0 if both are 0. @throws as precision. */
export function f1(yTrue: NumericData, yPred: NumericData, options: PerClass): number[];
export function f1(yTrue: NumericData, yPred: NumericData, options?: Averaged): number;
export function f1(yTrue: NumericData, yPred: NumericData, options: PrecisionRecallOptions = {}): number | number[] {
  return averaged("f1", yTrue, yPred, options, (precisions, recalls) =>
    precisions.map((p, i) => (p + recalls[i]! === 0 ? 0 : (2 * p * recalls[i]!) / (p + recalls[i]!))),
  );
}

type Score = (precisions: readonly number[], recalls: readonly number[]) => readonly number[];

function averaged(where: string, yTrue: NumericData, yPred: NumericData, options: PrecisionRecallOptions, score: Score): number | number[] {
  checkOptions(where, options, ["threshold", "average", "classes", "zeroDivision", "multilabel"]);
  const { average = "binary", classes, zeroDivision = 0, multilabel = false } = options;
  checkOneOf(`${where}: average`, average, ["binary", "micro", "macro", "weighted", "none"]);
  if (classes !== undefined) checkCount(`${where}: classes`, classes);
  checkBetween(`${where}: zeroDivision`, zeroDivision, 0, 1);
  checkBoolean(`${where}: multilabel`, multilabel);
  const all = multilabel ? countLabels(where, yTrue, yPred, options) : countClasses(where, yTrue, yPred, options);
  const counts = average === "micro" ? { hits: [sum(all.hits)], predicted: [sum(all.predicted)], actual: [sum(all.actual)] } : all;
  const ratio = (parts: readonly number[], wholes: readonly number[]) =>
    parts.map((part, i) => (wholes[i] === 0 ? zeroDivision : part / wholes[i]!));
  const values = score(ratio(counts.hits, counts.predicted), ratio(counts.hits, counts.actual));
  if (average === "none") return [...values];
  if (average !== "weighted") return sum(values) / values.length;
  const rows = sum(counts.actual);
  // No class has a row (multi-label only): scikit-learn's answer
  if (rows === 0) return where === "recall" || sum(counts.predicted) === 0 ? zeroDivision : 0;
  return sum(values.map((value, i) => value * counts.actual[i]!)) / rows;
}

function countClasses(where: string, yTrue: NumericData, yPred: NumericData, options: PrecisionRecallOptions): Counts {
  const { average = "binary", classes } = options;
  const { truth, guess } = readLabels(where, yTrue, yPred, options);
  if (classes !== undefined) {
    checkWithin(`${where}: yTrue`, truth, classes);
    checkWithin(`${where}: yPred`, guess, classes);
  }
  const present = [...new Set([...truth.values, ...guess.values])].sort((a, b) => a - b);
  const labels = average === "binary" ? [1] : classes === undefined ? present : Array.from({ length: classes }, (_, i) => i);
  if (average === "binary") {
    const isBinary = present.length <= 2 && (classes ?? 2) <= 2 && (present.length < 2 || present.includes(1));
    const got = classes !== undefined && classes > 2 ? `${classes} classes` : `the labels ${show(present)}`;
    const fix = 'Pass average: "macro", "micro", "weighted" or "none"';
    if (!isBinary)
      throw new OptionError(`${where}: average "binary" is for two classes, of which 1 is the positive one, got ${got}. ${fix}`);
  }
  const places = new Map(labels.map((label, place) => [label, place]));
  const counts = emptyCounts(labels.length);
  for (let row = 0; row < truth.values.length; row++) {
    const actual = places.get(truth.values[row]!);
    const predicted = places.get(guess.values[row]!);
    if (actual !== undefined) counts.actual[actual]!++;
    if (predicted !== undefined) counts.predicted[predicted]!++;
    if (actual !== undefined && actual === predicted) counts.hits[actual]!++;
  }
  return counts;
}

function countLabels(where: string, yTrue: NumericData, yPred: NumericData, options: PrecisionRecallOptions): Counts {
  const { average = "binary", classes, threshold } = options;
  if (threshold !== undefined) checkBetween(`${where}: threshold`, threshold, -Infinity, Infinity);
  if (average === "binary") {
    throw new OptionError(`${where}: average must not be "binary" with multilabel. Pass average: "macro", "micro", "weighted" or "none"`);
  }
  const truth = readMatrix(`${where}: yTrue`, yTrue);
  const guess = readMatrix(`${where}: yPred`, yPred);
  const { rows, width } = truth;
  if (guess.rows !== rows || guess.width !== width) {
    throw new ShapeError(`${where}: yPred must have shape [${rows}, ${width}] as yTrue, got [${guess.rows}, ${guess.width}]`);
  }
  if (classes !== undefined && classes !== width) {
    throw new ShapeError(`${where}: yTrue must have ${classes} columns, one per class, got ${width}`);
  }
  const counts = emptyCounts(width);
  for (let i = 0; i < rows * width; i++) {
    const actual = truth.data[i]!;
    const score = guess.data[i]!;
    if (actual !== 0 && actual !== 1) throw new DataError(`${where}: yTrue must hold 0 and 1, got ${actual} at ${placeOf(i, width)}`);
    if (threshold === undefined && !(score >= 0 && score <= 1)) {
      const fix = "For other scores pass a threshold.";
      throw new DataError(`${where}: yPred must hold probabilities, or 0 and 1, got ${score} at ${placeOf(i, width)}. ${fix}`);
    }
    const predicted = score > (threshold ?? 0.5) ? 1 : 0;
    counts.actual[i % width]! += actual;
    counts.predicted[i % width]! += predicted;
    counts.hits[i % width]! += actual * predicted;
  }
  return counts;
}

function emptyCounts(classes: number): { hits: number[]; predicted: number[]; actual: number[] } {
  const zeros = () => new Array<number>(classes).fill(0);
  return { hits: zeros(), predicted: zeros(), actual: zeros() };
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
