import { checkOptions } from "../check.ts";
import { type NumericData, placeOf } from "../data/arrays.ts";
import { DataError, ShapeError } from "../errors.ts";
import { log } from "../scalar.ts";
import { readMatrix } from "./labels.ts";

const EPSILON_32 = 1.1920928955078125e-7; // 2^-23
const EPSILON_64 = 2.220446049250313e-16; // 2^-52

/**
 * Mean over rows of -Σ target · ln probability; targets are labels, one-hot or soft rows, predictions rows of probabilities
 * [rows, classes] or the probability of class 1. Probabilities are kept the machine epsilon of their type (float32 or
 * float64) away from 0 and 1, and rows divided by their sum, as in scikit-learn 1.2.
 * @throws ShapeError for different numbers of rows or columns; DataError for NaN, an empty set, labels out of range, or
 * predictions outside [0, 1].
 */
export function logLoss(yTrue: NumericData, yProb: NumericData, options: Record<never, never> = {}): number {
  checkOptions("logLoss", options, []);
  const truth = readMatrix("logLoss: yTrue", yTrue);
  const { data, rows, width } = readMatrix("logLoss: yProb", yProb);
  if (truth.rows !== rows) throw new ShapeError(`logLoss: yProb must have as many rows as yTrue, ${truth.rows}, got ${rows}`);
  const classes = Math.max(width, 2);
  if (truth.width > 1 && truth.width !== classes) {
    throw new ShapeError(`logLoss: yProb must have as many columns as yTrue, ${truth.width}, got ${width}`);
  }
  const eps = data instanceof Float32Array ? EPSILON_32 : EPSILON_64;
  const row = new Float64Array(classes);
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const probability = data[i * width + j]!;
      if (!(probability >= 0 && probability <= 1)) {
        throw new DataError(`logLoss: yProb must hold probabilities, got ${probability} at ${placeOf(i * width + j, width)}`);
      }
      row[width === 1 ? 1 : j] = Math.min(Math.max(probability, eps), 1 - eps);
    }
    if (width === 1) row[0] = 1 - row[1]!;
    for (const probability of row) sum += probability;
    for (let j = 0; j < classes; j++) {
      const target = truth.width > 1 ? truth.data[i * classes + j]! : targetOf(truth.data[i]!, j, i, classes);
      if (target !== 0) loss -= target * log(row[j]! / sum);
    }
  }
  return loss / rows;
}

function targetOf(label: number, column: number, row: number, classes: number): number {
  if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
    throw new DataError(`logLoss: yTrue must hold labels from 0 to ${classes - 1}, got ${label} at row ${row}`);
  }
  return label === column ? 1 : 0;
}
