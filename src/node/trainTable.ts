/** Trains and scores a model of a table: split, encoding, scaling, net, fit, test. It prints nothing. */
import { checkBetween, checkCount, checkOptions } from "../check.ts";
import { numbers, readTarget, splitIndices, standardScaler, type Table, type TargetOptions, tableEncoder } from "../data/index.ts";
import { DataError } from "../errors.ts";
import {
  adamw,
  build,
  type Callback,
  earlyStopping,
  type History,
  type Model,
  mse,
  type Runtime,
  softmaxCrossEntropy,
  type Tensor,
} from "../index.ts";
import { accuracy, confusionMatrix, r2, rmse } from "../metrics/index.ts";
import { RECIPE, tableNet } from "./recipe.ts";
import { predictTable, type TablePreprocessing } from "./tableModel.ts";

export interface TrainTableOptions {
  /** Name of the column to predict. */
  target: string;
  /** "auto" (default): as the target looks, see readTarget. */
  task?: TargetOptions["task"];
  /** Columns that are no inputs, beside the target. */
  exclude?: readonly string[];
  /** Units of the hidden layers; [] for a linear model. */
  hidden?: readonly number[];
  epochs?: number;
  batchSize?: number;
  learningRate?: number;
  /** Share or count of the rows for the test; 0: the score is that of the validation rows. */
  test?: number;
  /** Of the split, the weights, dropout and the order of rows. Default 0. */
  seed?: number;
  /** Beside early stopping: a progress bar, say. */
  callbacks?: readonly Callback[];
  runtime?: Runtime;
  signal?: AbortSignal;
}

export type TableScore =
  | { readonly task: "classification"; readonly accuracy: number; readonly confusion: readonly (readonly number[])[] }
  | { readonly task: "regression"; readonly r2: number; readonly rmse: number };

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

const OPTIONS = [
  ...["target", "task", "exclude", "hidden", "epochs", "batchSize", "learningRate", "test", "seed"],
  ...["callbacks", "runtime", "signal"],
];

/**
 * Trains with early stopping on validation rows, keeps the best epoch, and scores rows that nothing was chosen or fitted by.
 * The model carries its preprocessing: predictTable takes raw rows.
 * @throws OptionError for unknown columns and values out of range; DataError for values missing in the table, naming the line.
 */
export async function trainTable(table: Table, options: TrainTableOptions): Promise<TrainedTable> {
  checkOptions("trainTable", options, OPTIONS);
  const { hidden = RECIPE.hidden, epochs = RECIPE.epochs, batchSize = RECIPE.batchSize, seed = 0, signal } = options;
  hidden.forEach((units, i) => {
    checkCount(`trainTable: hidden[${i}]`, units);
  });
  const parts = readParts(table, options);
  const { rows, train, validation, preprocessing } = parts;
  const { classes } = preprocessing;

  const net = tableNet(parts.inputs, hidden, classes?.length ?? 1);
  const model: Model = await build(net, { seed, runtime: options.runtime });
  let steps = 0;
  let seconds = 0;
  const meter: Callback = {
    onEnd(state) {
      steps = state.step;
      seconds = state.seconds;
    },
  };
  const history = await model.fit(train, {
    loss: classes ? softmaxCrossEntropy() : mse(),
    optimizer: adamw({ learningRate: options.learningRate ?? RECIPE.learningRate, weightDecay: RECIPE.weightDecay }),
    metrics: classes ? { accuracy } : {},
    callbacks: [earlyStopping({ patience: RECIPE.patience }), meter, ...(options.callbacks ?? [])],
    validation,
    epochs,
    batchSize,
    seed,
    signal,
  });
  model.preprocessing = preprocessing;
  const scored = rowsOf(table, rows.test.length > 0 ? rows.test : rows.validation);
  return { model, history, classes, inputs: parts.inputs, rows, score: scoreTable(model, scored), steps, seconds };
}

/** The table's rows in parts, encoded and scaled by the training rows alone. */
function readParts(table: Table, { target: name, task, exclude = [], test = RECIPE.test, seed = 0 }: TrainTableOptions) {
  const target = readTarget(table, name, { task });
  const classes = target.task === "classification" ? target.classes : undefined;
  if (classes && classes.length < 2)
    throw new DataError(`trainTable: the target ${JSON.stringify(name)} must have two classes or more, got ${classes.length}`);
  const rows = divide(table.rows, classes && target.y, test, seed);

  const encoder = tableEncoder({ exclude: [...new Set([name, ...exclude])] }).fit(rowsOf(table, rows.train));
  const inputs = encoder.inputs.length;
  if (inputs === 0) throw new DataError(`trainTable: there must be input columns beside the target ${JSON.stringify(name)}, got none`);
  const scaler = standardScaler().fit(encoder.transform(rowsOf(table, rows.train)));
  const targetScaler = classes ? undefined : standardScaler().fit(Float64Array.from(rows.train, (row) => target.y[row]!));
  const preprocessing: TablePreprocessing = {
    type: "table",
    target: name,
    encoder: encoder.toJSON(),
    scaler: scaler.toJSON(),
    ...(targetScaler ? { targetScaler: targetScaler.toJSON() } : { classes }),
  };
  const part = (indices: Uint32Array): { x: Tensor; y: Int32Array | Float32Array } => {
    const x = scaler.transform(encoder.transform(rowsOf(table, indices)));
    const y = Float32Array.from(indices, (row) => target.y[row]!);
    return { x, y: targetScaler ? targetScaler.transform(y) : Int32Array.from(y) };
  };
  return { rows, inputs, preprocessing, train: part(rows.train), validation: part(rows.validation) };
}

function divide(n: number, labels: ArrayLike<number> | undefined, test: number, seed: number) {
  if (test < 1) checkBetween("trainTable: test", test, 0, 1);
  const left = test < 1 ? n - Math.ceil(test * n) : n - test;
  const validation = Math.max(1, Math.round(left * RECIPE.validation));
  return splitIndices(n, labels, { test, validation, seed });
}

/** A table of some of the rows. */
export function rowsOf(table: Table, indices: Uint32Array): Table {
  const columns = table.columns.map((column) =>
    column.kind === "number"
      ? { ...column, values: Float64Array.from(indices, (row) => column.values[row]!) }
      : { ...column, values: Array.from(indices, (row) => column.values[row]!) },
  );
  return { columns, rows: indices.length, lines: indices.map((row) => table.lines[row]!) };
}

/** Predictions of raw rows against the table's own target. */
export function scoreTable(model: Model, table: Table): TableScore {
  const { target, classes } = model.preprocessing as TablePreprocessing;
  const prediction = predictTable(model, table);
  if (prediction.task === "regression") {
    const y = numbers(table, [target]).data;
    return { task: "regression", r2: r2(y, prediction.values), rmse: rmse(y, prediction.values) };
  }
  const { y } = readTarget(table, target, { task: "classification", classes });
  const options = { classes: prediction.classes.length };
  return { task: "classification", accuracy: accuracy(y, prediction.labels), confusion: confusionMatrix(y, prediction.labels, options) };
}
