/**
 * What metrics of scores share: true classes beside a score per class, and the counts of hits and misses as the threshold
 * falls from the largest score to the smallest.
 */
import { type NumericData, placeOf } from "../data/arrays.ts";
import { DataError, ShapeError } from "../errors.ts";
import { readMatrix } from "./labels.ts";

/** One column: is each row of the class, and the score that it got for it. */
export interface ScoredColumn {
  readonly isTrue: Uint8Array;
  readonly scores: Float64Array;
}

export interface Scores {
  readonly rows: number;
  /** 1: a score of the positive class alone. */
  readonly width: number;
  readonly columns: readonly ScoredColumn[];
  /** Class of each row, where rows have one class. */
  readonly labels: Float64Array | undefined;
}

/**
 * Scores with the truth of every column. Labels (rank 1) belong to rows of scores, one column per class; with one column,
 * or two columns of which the second counts, the larger of two labels is the positive class. Rows of 0 and 1 on both sides
 * are one-hot rows, or with `multilabel` independent labels.
 */
export function readScores(where: string, yTrue: NumericData, yScore: NumericData, multilabel: boolean): Scores {
  const truth = readMatrix(`${where}: yTrue`, yTrue);
  const score = readMatrix(`${where}: yScore`, yScore);
  const { rows } = truth;
  if (score.rows !== rows) throw new ShapeError(`${where}: yScore must have as many rows as yTrue, ${rows}, got ${score.rows}`);
  const column = (data: ArrayLike<number>, width: number, j: number) => Float64Array.from({ length: rows }, (_, i) => data[i * width + j]!);
  if (truth.width > 1 || multilabel) {
    if (score.width !== truth.width) {
      throw new ShapeError(`${where}: yScore must have as many columns as yTrue, ${truth.width}, got ${score.width}`);
    }
    for (let i = 0; i < truth.data.length; i++) {
      const value = truth.data[i]!;
      if (value !== 0 && value !== 1) throw new DataError(`${where}: yTrue must hold 0 and 1, got ${value} at ${placeOf(i, truth.width)}`);
    }
    const columns = Array.from({ length: truth.width }, (_, j) => ({
      isTrue: Uint8Array.from(column(truth.data, truth.width, j)),
      scores: column(score.data, score.width, j),
    }));
    if (multilabel) return { rows, width: truth.width, columns, labels: undefined };
    const labels = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      const ones = columns.filter(({ isTrue }) => isTrue[row] === 1).length;
      const fix = "For independent labels pass multilabel: true.";
      if (ones !== 1) throw new DataError(`${where}: yTrue must hold labels or one-hot rows, got ${ones} ones in row ${row}. ${fix}`);
      labels[row] = columns.findIndex(({ isTrue }) => isTrue[row] === 1);
    }
    return truth.width === 2 ? { rows, width: 1, columns: [columns[1]!], labels } : { rows, width: truth.width, columns, labels };
  }
  const labels = Float64Array.from(truth.data);
  if (score.width > 2) {
    const row = labels.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < score.width));
    if (row >= 0) throw new DataError(`${where}: yTrue must hold labels from 0 to ${score.width - 1}, got ${labels[row]} at row ${row}`);
    const columns = Array.from({ length: score.width }, (_, j) => ({
      isTrue: Uint8Array.from(labels, (label) => (label === j ? 1 : 0)),
      scores: column(score.data, score.width, j),
    }));
    return { rows, width: score.width, columns, labels };
  }
  const isTrue = isPositive(where, labels);
  return { rows, width: 1, columns: [{ isTrue, scores: column(score.data, score.width, score.width - 1) }], labels };
}

/** Of two labels the larger is positive; of a single one, 1 and above. @throws DataError for a third label. */
function isPositive(where: string, labels: Float64Array): Uint8Array {
  const distinct = [...new Set(labels)].sort((a, b) => a - b);
  if (distinct.length > 2 || !distinct.every(Number.isInteger)) {
    const got = distinct.slice(0, 4).join(", ");
    throw new DataError(
      `${where}: yTrue must hold two classes for one score per row, got the labels ${got}${distinct.length > 4 ? ", ..." : ""}`,
    );
  }
  const positive = distinct.length === 2 ? distinct[1]! : 1;
  return Uint8Array.from(labels, (label) => (label >= positive ? 1 : 0));
}

/** After each distinct score, from the largest: rows at or above it that are of the class, and that are not. */
export interface Steps {
  readonly thresholds: number[];
  readonly hits: number[];
  readonly misses: number[];
}

export function stepsOf({ isTrue, scores }: ScoredColumn): Steps {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[b]! > scores[a]! ? 1 : scores[b]! < scores[a]! ? -1 : 0));
  const steps: Steps = { thresholds: [], hits: [], misses: [] };
  let hits = 0;
  let misses = 0;
  order.forEach((row, place) => {
    if (isTrue[row] === 1) hits++;
    else misses++;
    if (place + 1 < order.length && scores[order[place + 1]!] === scores[row]) return;
    steps.thresholds.push(scores[row]!);
    steps.hits.push(hits);
    steps.misses.push(misses);
  });
  return steps;
}

/** All columns, with their truths, one after the other. */
export function pooled(columns: readonly ScoredColumn[]): ScoredColumn {
  return {
    isTrue: Uint8Array.from(columns.flatMap(({ isTrue }) => [...isTrue])),
    scores: Float64Array.from(columns.flatMap(({ scores }) => [...scores])),
  };
}

export function countTrue({ isTrue }: ScoredColumn): number {
  let count = 0;
  for (const value of isTrue) count += value;
  return count;
}
