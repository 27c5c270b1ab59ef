/** Trains and scores a model of a table: split, encoding, scaling, net, fit, test. It prints nothing. */
import { checkBetween, checkOptions } from "../check.ts";
import { columnOf, numbers, pipelineOf, readTarget, splitIndices, type Table, takeTableRows } from "../data/index.ts";
import { FormatError } from "../errors.ts";
import type { Callback, History, Model } from "../index.ts";
import { accuracy, balancedAccuracy, confusionMatrix, f1, logLoss, mae, precision, r2, recall, rmse } from "../metrics/index.ts";
import { predictTable } from "./predictTable.ts";
import { RECIPE } from "./recipe.ts";
import { readTask, TABLE_OPTIONS, type TableRecipeOptions, type TableTaskOptions, tableRecipe } from "./tableRecipe.ts";

export interface TrainTableOptions extends TableTaskOptions, TableRecipeOptions {
  /** Share or count of the rows for the test; 0: the score is that of the validation rows. */
  test?: number;
  /** Of the split, the weights, dropout and the order of rows. Default 0. */
  seed?: number;
  signal?: AbortSignal;
}

export interface ClassificationScore {
  readonly task: "classification";
  readonly classes: readonly string[];
  readonly accuracy: number;
  readonly balancedAccuracy: number;
  readonly logLoss: number;
  /** A value per class; 0 where nothing was predicted, or nothing is there. */
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  readonly f1: readonly number[];
  /** [true class][predicted class]. */
  readonly confusion: readonly (readonly number[])[];
}

export interface RegressionScore {
  readonly task: "regression";
  /** Means over the targets. */
  readonly r2: number;
  readonly rmse: number;
  readonly mae: number;
}

export type TableScore = ClassificationScore | RegressionScore;

export interface TrainedTable {
  readonly model: Model;
  readonly history: History;
  /** Texts of the classes; undefined for regression. */
  readonly classes: readonly string[] | undefined;
  readonly inputs: number;
  /** Row numbers of each part. */
  readonly rows: { readonly train: Uint32Array; readonly validation: Uint32Array; readonly test: Uint32Array };
  /** Of the test rows, or of the validation rows if there are none: as predictions of raw rows in the target's own unit. */
  readonly score: TableScore;
  readonly steps: number;
  readonly seconds: number;
}

/**
 * Trains with early stopping on validation rows, keeps the best epoch, and scores rows that nothing was chosen or fitted by.
 * The model carries its preprocessing: predictTable takes raw rows.
 * @throws OptionError for unknown columns and values out of range; DataError for values missing in the table, naming the line.
 */
export async function trainTable(table: Table, options: TrainTableOptions): Promise<TrainedTable> {
  const where = "trainTable";
  checkOptions(where, options, [...TABLE_OPTIONS, "test"]);
  const { seed = 0, signal, callbacks = [], test = RECIPE.test } = options;
  const task = readTask(where, table, options);
  const rows = divide(table.rows, task.labels, test, seed);
  let steps = 0;
  let seconds = 0;
  const meter: Callback = {
    onEnd(state) {
      steps = state.step;
      seconds = state.seconds;
    },
  };
  const { model: pipe, fit } = tableRecipe(where, task, { ...options, callbacks: [meter, ...callbacks] }, { seed, signal });
  const history = await pipe.fit(takeTableRows(task.table, rows.train), { ...fit, validation: takeTableRows(task.table, rows.validation) });
  const { model } = pipe;
  const scored = takeTableRows(table, rows.test.length > 0 ? rows.test : rows.validation);
  const width = model.net.layers[0] as { readonly shape?: readonly number[] };
  const score = scoreTable(model, scored);
  return { model, history, classes: task.classes, inputs: width.shape![0]!, rows, score, steps, seconds };
}

function divide(n: number, labels: ArrayLike<number> | undefined, test: number, seed: number) {
  if (test < 1) checkBetween("trainTable: test", test, 0, 1);
  const left = test < 1 ? n - Math.ceil(test * n) : n - test;
  const validation = Math.max(1, Math.round(left * RECIPE.validation));
  return splitIndices(n, labels, { test, validation, seed });
}

/**
 * Predictions of raw rows against the table's own target, or targets.
 * @throws as predictTable; OptionError for a table without the target; DataError for a class that training has not seen.
 */
export function scoreTable(model: Model, table: Table): TableScore {
  const { target } = pipelineOf(model);
  if (target === undefined)
    throw new FormatError("scoreTable: the model does not say which column it predicts. Make its pipeline with a target");
  for (const name of target) columnOf(table, name, "scoreTable: target");
  const prediction = predictTable(model, table);
  if (prediction.task === "regression") {
    const y = numbers(table, target);
    const guess = { data: prediction.values, shape: y.shape };
    return { task: "regression", r2: r2(y, guess), rmse: rmse(y, guess), mae: mae(y, guess) };
  }
  const { classes, labels, probabilities } = prediction;
  const { y } = readTarget(table, target[0]!, { task: "classification", classes });
  const perClass = { average: "none", classes: classes.length } as const;
  return {
    task: "classification",
    classes,
    accuracy: accuracy(y, labels),
    balancedAccuracy: balancedAccuracy(y, labels),
    logLoss: logLoss(y, { data: probabilities, shape: [table.rows, classes.length] }),
    precision: precision(y, labels, perClass),
    recall: recall(y, labels, perClass),
    f1: f1(y, labels, perClass),
    confusion: confusionMatrix(y, labels, { classes: classes.length }),
  };
}
