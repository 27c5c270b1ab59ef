import { checkBoolean, checkOptions } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { OptionError } from "../errors.ts";
import { readScores, stepsOf } from "./scores.ts";

export interface RocCurveOptions {
  /** Leave out thresholds that lie on a line between their neighbours. Default true. */
  dropIntermediate?: boolean;
}

export interface RocCurve {
  /** False positive rates, rising from 0 to 1; NaN if yTrue has no negative row. */
  readonly fpr: number[];
  /** True positive rates, rising from 0 to 1; NaN if yTrue has no positive row. */
  readonly tpr: number[];
  /** Falling: rows with a score of at least thresholds[i] count as positive. The first, at which none do, is the largest score + 1. */
  readonly thresholds: number[];
}

/**
 * The receiver operating characteristic of scores of the positive class, which is the larger of two labels.
 * @throws ShapeError for different numbers of rows; DataError for NaN, an empty set or more than two classes.
 */
export function rocCurve(yTrue: NumericData, yScore: NumericData, options: RocCurveOptions = {}): RocCurve {
  checkOptions("rocCurve", options, ["dropIntermediate"]);
  const { dropIntermediate = true } = options;
  checkBoolean("rocCurve: dropIntermediate", dropIntermediate);
  const { columns } = readScores("rocCurve", yTrue, yScore, false);
  if (columns.length > 1)
    throw new OptionError(`rocCurve: yScore must be of one class, got ${columns.length} columns. Give it one of them`);
  const { thresholds, hits, misses } = stepsOf(columns[0]!);
  const last = thresholds.length - 1;
  const isBend = (counts: number[], i: number) => counts[i + 1]! - 2 * counts[i]! + counts[i - 1]! !== 0;
  const kept = [...thresholds.keys()].filter((i) => !dropIntermediate || i === 0 || i === last || isBend(hits, i) || isBend(misses, i));
  return {
    fpr: [0, ...kept.map((i) => misses[i]!)].map((count) => (misses[last] === 0 ? Number.NaN : count / misses[last]!)),
    tpr: [0, ...kept.map((i) => hits[i]!)].map((count) => (hits[last] === 0 ? Number.NaN : count / hits[last]!)),
    thresholds: [thresholds[0]! + 1, ...kept.map((i) => thresholds[i]!)],
  };
}
