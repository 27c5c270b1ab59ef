import { checkCount, checkOneOf, checkOptions } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { DataError, OptionError } from "../errors.ts";
import { readScores } from "./scores.ts";

export interface CalibrationCurveOptions {
  /** Default 5. */
  bins?: number;
  /** 'uniform' (default): bins of equal width. 'quantile': bins of about as many rows each. */
  strategy?: "uniform" | "quantile";
}

export interface CalibrationCurve {
  /** Share of positive rows in each bin that has rows. */
  readonly probTrue: number[];
  /** Mean predicted probability in the same bins. */
  readonly probPred: number[];
  /** Rows in the same bins. */
  readonly counts: number[];
}

/**
 * How often the positive class (the larger of two labels) comes true where a probability was predicted: equal lists mean a
 * calibrated model. A probability on the border of two bins belongs to the lower one.
 * @throws ShapeError for different numbers of rows; DataError for NaN, an empty set, predictions outside [0, 1].
 */
export function calibrationCurve(yTrue: NumericData, yProb: NumericData, options: CalibrationCurveOptions = {}): CalibrationCurve {
  checkOptions("calibrationCurve", options, ["bins", "strategy"]);
  const { bins = 5, strategy = "uniform" } = options;
  checkCount("calibrationCurve: bins", bins);
  checkOneOf("calibrationCurve: strategy", strategy, ["uniform", "quantile"]);
  const { columns } = readScores("calibrationCurve", yTrue, yProb, false);
  if (columns.length > 1) {
    throw new OptionError(`calibrationCurve: yProb must be of one class, got ${columns.length} columns. Give it one of them`);
  }
  const { isTrue, scores } = columns[0]!;
  const wrong = scores.findIndex((score) => !(score >= 0 && score <= 1));
  if (wrong >= 0) throw new DataError(`calibrationCurve: yProb must hold probabilities, got ${scores[wrong]} at row ${wrong}`);
  const sorted = Float64Array.from(scores).sort();
  const edges = Array.from({ length: bins - 1 }, (_, i) => (strategy === "uniform" ? (i + 1) / bins : quantile(sorted, (i + 1) / bins)));
  const sums = Array.from({ length: bins }, () => ({ rows: 0, positives: 0, scores: 0 }));
  scores.forEach((score, row) => {
    const found = edges.findIndex((edge) => score <= edge);
    const bin = sums[found < 0 ? bins - 1 : found]!;
    bin.rows++;
    bin.positives += isTrue[row]!;
    bin.scores += score;
  });
  const filled = sums.filter(({ rows }) => rows > 0);
  return {
    probTrue: filled.map(({ rows, positives }) => positives / rows),
    probPred: filled.map(({ rows, scores: sum }) => sum / rows),
    counts: filled.map(({ rows }) => rows),
  };
}

/** By linear interpolation between the two nearest. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (place - low);
}
