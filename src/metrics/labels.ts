/**
 * One form for what metrics compare: class numbers. Targets and predictions come as labels, one-hot rows, rows of
 * probabilities or probabilities of class 1.
 */
import { checkBetween } from "../check.ts";
import { flatten, type NumericData, placeOf } from "../data/arrays.ts";
import { DataError, ShapeError } from "../errors.ts";
import { showShape } from "../shape.ts";

export interface LabelOptions {
  /** A probability of class 1 above this means class 1. Default 0.5. */
  threshold?: number;
}

export interface Labels {
  /** Class of each row. */
  readonly values: Float64Array;
  /** Number of classes where the rows say it (rank 2 with several columns), else 0. */
  readonly width: number;
}

/** A flat array with rank 1 or 2, no NaN in it, at least one row. */
export function readMatrix(where: string, value: NumericData): { data: ArrayLike<number>; rows: number; width: number } {
  const { data, shape } = flatten(where, value);
  if (shape.length > 2 || shape.length === 0) throw new ShapeError(`${where} must have rank 1 or 2, got shape ${showShape(shape)}`);
  const [rows = 0, width = 1] = shape;
  if (data.length === 0) throw new DataError(`${where} must have at least one row, got none`);
  for (let i = 0; i < data.length; i++) {
    if (Number.isNaN(data[i])) throw new DataError(`${where} must not hold NaN, got one at ${placeOf(i, width)}`);
  }
  return { data, rows, width };
}

/**
 * Classes of targets and predictions, equal in number.
 * Several columns: the place of the largest, the first one of equals. One column or rank 1: integers are labels, other
 * predictions probabilities of class 1.
 */
export function readLabels(
  where: string,
  yTrue: NumericData,
  yPred: NumericData,
  { threshold }: LabelOptions,
): { truth: Labels; guess: Labels } {
  if (threshold !== undefined) checkBetween(`${where}: threshold`, threshold, -Infinity, Infinity);
  const truthRows = readMatrix(`${where}: yTrue`, yTrue);
  const guessRows = readMatrix(`${where}: yPred`, yPred);
  if (truthRows.rows !== guessRows.rows) {
    throw new ShapeError(`${where}: yPred must have as many rows as yTrue, ${truthRows.rows}, got ${guessRows.rows}`);
  }
  const truth = truthRows.width > 1 ? largest(truthRows.data, truthRows.width) : integers(`${where}: yTrue`, truthRows.data);
  const guess = guessRows.width > 1 ? largest(guessRows.data, guessRows.width) : binary(`${where}: yPred`, guessRows.data, threshold);
  if (truth.width > 1 && guess.width > 1 && truth.width !== guess.width) {
    throw new ShapeError(`${where}: yPred must have as many columns as yTrue, ${truth.width}, got ${guess.width}`);
  }
  checkWithin(`${where}: yTrue`, truth, guess.width);
  checkWithin(`${where}: yPred`, guess, truth.width);
  return { truth, guess };
}

/** Rejects labels outside [0, classes), naming the row; any label passes if classes is 0. */
export function checkWithin(where: string, labels: Labels, classes: number): void {
  if (classes === 0) return;
  const row = labels.values.findIndex((label) => !(label >= 0 && label < classes));
  if (row >= 0) throw new DataError(`${where} must hold labels from 0 to ${classes - 1}, got ${labels.values[row]} at row ${row}`);
}

function largest(data: ArrayLike<number>, width: number): Labels {
  const values = new Float64Array(data.length / width);
  for (let row = 0; row < values.length; row++) {
    let best = 0;
    for (let j = 1; j < width; j++) if (data[row * width + j]! > data[row * width + best]!) best = j;
    values[row] = best;
  }
  return { values, width };
}

function integers(where: string, data: ArrayLike<number>): Labels {
  const values = Float64Array.from(data);
  const row = values.findIndex((value) => !Number.isInteger(value));
  if (row >= 0) throw new DataError(`${where} must hold integer labels or one-hot rows, got ${values[row]} at row ${row}`);
  return { values, width: 0 };
}

function binary(where: string, data: ArrayLike<number>, threshold: number | undefined): Labels {
  const values = Float64Array.from(data);
  if (threshold === undefined && values.every(Number.isInteger)) return { values, width: 0 };
  if (threshold === undefined) {
    const row = values.findIndex((value) => !(value >= 0 && value <= 1));
    const fix = "For other scores pass a threshold.";
    if (row >= 0) throw new DataError(`${where} must hold labels or probabilities, got ${values[row]} at row ${row}. ${fix}`);
  }
  const limit = threshold ?? 0.5;
  return { values: values.map((value) => (value > limit ? 1 : 0)), width: 0 };
}
