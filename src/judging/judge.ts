/** One setting on all folds: a run for each, scored on its own training rows and on the rows it has not seen. */
import { checkCount, checkOptions, fail, nearest } from "../check.ts";
import { type Fold, kFold, stratifiedKFold } from "../data/folds.ts";
import { isTable, takeTableRows } from "../data/rawRows.ts";
import { labelsOf, readData, takeRows } from "../data/split.ts";
import { DataError, NonFiniteError, OptionError, WhetstoneError } from "../errors.ts";
import type { History } from "../model/history.ts";
import { checkSeed } from "../random.ts";
import { checkRecipe, type JudgedData, type Metrics, type Recipe, type Scores, type Trainable, trainRecipe } from "./recipe.ts";

export interface JudgeOptions {
  /**
   * How many, or folds of whetstone/data's splitters: stratifiedKFold(y, { repeats: 3 }), groupKFold(groups), leaveOneOut(n).
   * A number divides at random by the seed, stratified where y holds labels of which one is on that many rows.
   */
  folds?: number | readonly Fold[];
  /** Measured on each fold beside the loss, by name. */
  metrics?: Metrics;
  /** Of folds that a number asks for, and of runs: fold i has seed + i, whatever the setting. Default 0. */
  seed?: number;
  /** Aborting it ends the run with its reason. */
  signal?: AbortSignal;
  /** After each run. */
  onFold?: (state: FoldState) => void | Promise<void>;
}

/** Plain data. */
export interface FoldState {
  /** Numbers from 0, and how many there are. A setting is a point of a curve, too. */
  readonly setting: number;
  readonly settings: number;
  readonly fold: number;
  readonly folds: number;
  readonly result: FoldResult;
}

export interface FoldResult {
  /** Scores of the rows that the run has not seen, and of those it was trained on, both in inference mode. */
  readonly test: Scores;
  readonly train: Scores;
  /** How many rows. */
  readonly rows: { readonly train: number; readonly test: number };
  /** Undefined for what is no model. */
  readonly history: History | undefined;
}

/** Over the folds, unweighted; deviations divide by their number, as scikit-learn's do. */
export interface Judgement {
  readonly folds: readonly FoldResult[];
  /** Of the rows that runs have not seen. */
  readonly mean: Scores;
  readonly std: Scores;
  /** Of the rows they were trained on. */
  readonly trainMean: Scores;
  readonly trainStd: Scores;
  /** What ended a run of this setting: then its means are NaN, and its other folds were left out. */
  readonly error: NonFiniteError | undefined;
}

/** Checked data, folds and options of a whole job. */
export interface Job<S, M extends Trainable> {
  readonly where: string;
  readonly recipe: Recipe<S, M>;
  readonly data: JudgedData;
  readonly rows: number;
  readonly folds: readonly Fold[];
  readonly metrics: Metrics;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly onFold: JudgeOptions["onFold"];
  readonly settings: number;
}

const OPTIONS = ["folds", "metrics", "seed", "signal", "onFold"];

/** @throws OptionError, ShapeError or DataError before anything is trained. */
export function prepareJob<S, M extends Trainable>(
  where: string,
  data: JudgedData,
  recipe: Recipe<S, M>,
  options: JudgeOptions,
  more: readonly string[],
  folds: number,
  settings: number,
): Job<S, M> {
  checkOptions(where, options, [...OPTIONS, ...more]);
  const { metrics = {}, seed = 0, signal, onFold } = options;
  const rows = isTable(data) ? data.rows : readData(where, data);
  checkRecipe(where, recipe);
  checkSeed(`${where}: seed`, seed);
  if (typeof metrics !== "object" || metrics === null) fail(`${where}: metrics`, "an object of functions by name", metrics);
  for (const [name, metric] of Object.entries(metrics)) {
    if (typeof metric !== "function") fail(`${where}: metrics.${name}`, "a function (yTrue, yPred) => number", metric);
  }
  if (Object.hasOwn(metrics, "loss")) throw new OptionError(`${where}: metrics.loss must have another name: the loss has this one`);
  signal?.throwIfAborted();
  const given = options.folds ?? folds;
  const parts = typeof given === "number" ? divide(where, data, rows, given, seed) : given;
  checkFolds(where, parts, rows);
  return { where, recipe, data, rows, folds: parts, metrics, seed, signal, onFold, settings };
}

function divide(where: string, data: JudgedData, rows: number, folds: number, seed: number): Fold[] {
  checkCount(`${where}: folds`, folds, 2);
  if (folds > rows) fail(`${where}: folds`, `at most the ${rows} rows there are`, folds);
  const labels = labelsIn(data, rows);
  const isStratified = labels !== undefined && mostFrequent(labels) >= folds;
  return isStratified ? stratifiedKFold(labels, { folds, seed }) : kFold(rows, { folds, seed });
}

/** A table does not say which of its columns is the target. */
export const labelsIn = (data: JudgedData, rows: number): ArrayLike<unknown> | undefined =>
  isTable(data) ? undefined : labelsOf(data.y, rows);

/** Rows of the most frequent label; 0 for what are no labels. */
function mostFrequent(labels: ArrayLike<unknown>): number {
  const counts = new Map<unknown, number>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row];
    if (typeof label !== "string" && !Number.isInteger(label)) return 0;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

/** Rows that exist, on both sides, and none on both. */
function checkFolds(where: string, folds: readonly Fold[], rows: number): void {
  if (!Array.isArray(folds) || folds.length === 0) fail(`${where}: folds`, "a count or a list of folds", folds);
  folds.forEach((fold: Fold, i) => {
    const { train, test } = fold;
    const seen = new Uint8Array(rows);
    for (const [name, part] of Object.entries({ train, test })) {
      if (!(part?.length > 0)) fail(`${where}: folds[${i}].${name}`, "a list of row numbers", part);
      for (const row of part) {
        if (!(Number.isInteger(row) && row >= 0 && row < rows)) fail(`${where}: folds[${i}].${name}`, `row numbers below ${rows}`, row);
        if (name === "test" && seen[row] === 1) {
          throw new DataError(`${where}: folds[${i}]: row ${row} must not be in train and test: its score would say nothing`);
        }
        if (name === "train") seen[row] = 1;
      }
    }
  });
}

/** All folds of one setting. `choose` thins the training rows of a fold. */
export async function judge<S, M extends Trainable>(
  job: Job<S, M>,
  setting: S,
  index: number,
  choose: (rows: Uint32Array, fold: number) => Uint32Array = (rows) => rows,
): Promise<Judgement> {
  const results: FoldResult[] = [];
  try {
    for (const [i, fold] of job.folds.entries()) {
      const result = await judgeFold(job, setting, i, choose(fold.train, i), fold.test);
      results.push(result);
      await job.onFold?.({ setting: index, settings: job.settings, fold: i, folds: job.folds.length, result });
    }
  } catch (error) {
    if (error instanceof WhetstoneError) error.message = `${nameOf(job, index, results.length)}: ${error.message}`;
    if (!(error instanceof NonFiniteError)) throw error;
    const nothing = Object.fromEntries(["loss", ...Object.keys(job.metrics)].map((name) => [name, Number.NaN]));
    return { folds: results, mean: nothing, std: nothing, trainMean: nothing, trainStd: nothing, error };
  }
  const [mean, std] = summary(results.map(({ test }) => test));
  const [trainMean, trainStd] = summary(results.map(({ train }) => train));
  return { folds: results, mean, std, trainMean, trainStd, error: undefined };
}

const nameOf = ({ where, settings }: { where: string; settings: number }, setting: number, fold: number): string =>
  `${where}: ${settings > 1 ? `setting ${setting}, ` : ""}fold ${fold}`;

async function judgeFold<S, M extends Trainable>(
  job: Job<S, M>,
  setting: S,
  index: number,
  trainRows: Uint32Array,
  testRows: Uint32Array,
): Promise<FoldResult> {
  const { recipe, data, metrics, seed, signal } = job;
  const train = partOf(data, job.rows, trainRows);
  const trained = await trainRecipe(recipe, setting, train, { seed: seed + index, signal });
  try {
    const test = trained.score(partOf(data, job.rows, testRows), metrics);
    const rows = { train: trainRows.length, test: testRows.length };
    return { test, train: trained.score(train, metrics), rows, history: trained.history };
  } finally {
    trained.dispose();
  }
}

function partOf(data: JudgedData, rows: number, indices: Uint32Array): JudgedData {
  if (isTable(data)) return takeTableRows(data, indices);
  const { x, y, weights } = data;
  const part = { x: takeRows(x, rows, indices), y: takeRows(y, rows, indices) };
  return weights === undefined ? part : { ...part, weights: takeRows(weights, rows, indices) };
}

/** Mean and deviation of every score. */
function summary(results: readonly Scores[]): [mean: Scores, std: Scores] {
  const mean: Record<string, number> = {};
  const std: Record<string, number> = {};
  for (const name of Object.keys(results[0]!)) {
    const values = results.map((scores) => scores[name]!);
    mean[name] = meanOf(values);
    std[name] = Math.sqrt(meanOf(values.map((value) => (value - mean[name]!) * (value - mean[name]!))));
  }
  return [mean, std];
}

export function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The name of a score; checked before anything is trained. @throws OptionError with the nearest known one. */
export function checkMonitor(where: string, monitor: string, metrics: Metrics): void {
  const known = ["loss", ...Object.keys(metrics)];
  if (known.includes(monitor)) return;
  const near = nearest(String(monitor), known);
  throw new OptionError(
    `${where}: monitor must be one of ${known.join(", ")}, got ${JSON.stringify(monitor)}${near && `. Did you mean "${near}"?`}`,
  );
}
