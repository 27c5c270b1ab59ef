import { checkCount, checkOptions } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import { DataError, ShapeError } from "../errors.ts";
import { readLabels, readMatrix } from "./labels.ts";

export interface TopKAccuracyOptions {
  /** How many of the largest scores may hold the true class. Default 2, as in scikit-learn. */
  k?: number;
}

/**
 * Share of rows whose class is among the k largest of its scores [rows, classes]; of equal scores the later class counts as
 * larger, as in scikit-learn. One column: scores of class 1 beyond 0.5 if all lie in [0, 1], else beyond 0.
 * @throws ShapeError for different numbers of rows; DataError for NaN, an empty set or labels that are no column.
 */
export function topKAccuracy(yTrue: NumericData, yScore: NumericData, options: TopKAccuracyOptions = {}): number {
  const where = "topKAccuracy";
  checkOptions(where, options, ["k"]);
  const { k = 2 } = options;
  checkCount(`${where}: k`, k);
  const scores = readMatrix(`${where}: yScore`, yScore);
  const { rows } = scores;
  const width = Math.max(scores.width, 2);
  const truthRows = readMatrix(`${where}: yTrue`, yTrue);
  if (truthRows.rows !== rows) throw new ShapeError(`${where}: yScore must have as many rows as yTrue, ${truthRows.rows}, got ${rows}`);
  if (truthRows.width > 1 && truthRows.width !== width) {
    throw new ShapeError(`${where}: yScore must have as many columns as yTrue, ${truthRows.width}, got ${scores.width}`);
  }
  const { truth } = readLabels(where, yTrue, yTrue, {});
  const wrong = truth.values.findIndex((label) => !(label >= 0 && label < width));
  if (wrong >= 0)
    throw new DataError(`${where}: yTrue must hold labels from 0 to ${width - 1}, got ${truth.values[wrong]} at row ${wrong}`);
  const limit = Array.from(scores.data).every((score) => score >= 0 && score <= 1) ? 0.5 : 0;
  let hits = 0;
  for (let row = 0; row < rows; row++) {
    const label = truth.values[row]!;
    let above = 0;
    if (scores.width === 1) above = (scores.data[row]! > limit ? 1 : 0) === label ? 0 : 1;
    for (let j = 0; j < width && scores.width > 1; j++) {
      const difference = scores.data[row * width + j]! - scores.data[row * width + label]!;
      if (difference > 0 || (difference === 0 && j > label)) above++;
    }
    if (above < k) hits++;
  }
  return hits / rows;
}
