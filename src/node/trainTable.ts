/** Trains and scores a model of a table: split, encoding, scaling, net, fit, test. It prints nothing. */
import { checkBetween, checkCount, checkOptions } from "../check.ts";
import {
  columnOf,
  modelPipeline,
  numbers,
  pipeline,
  pipelineOf,
  readTarget,
  splitIndices,
  standardScaler,
  type Table,
  type TargetOptions,
  tableEncoder,
  takeTableRows,
} from "../data/index.ts";
import { DataError } from "../errors.ts";
import { adamw, build, type Callback, earlyStopping, type History, type Model, mse, type Runtime, softmaxCrossEntropy } from "../index.ts";
import { accuracy, confusionMatrix, r2, rmse } from "../metrics/index.ts";
import { predictTable } from "./predictTable.ts";
import { RECIPE, tableNet } from "./recipe.ts";

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
  const { name, target, inputs, rows } = readParts(table, options);
  const classes = target.task === "classification" ? target.classes : undefined;
  let steps = 0;
  let seconds = 0;
  const meter: Callback = {
    onEnd(state) {
      steps = state.step;
      seconds = state.seconds;
    },
  };
  const pipe = modelPipeline({
    inputs: pipeline(tableEncoder(), standardScaler()),
    target: name,
    ...(classes ? { classes } : { targetTransform: standardScaler() }),
    model: (width, outputs) => build(tableNet(width, hidden, outputs), { seed, runtime: options.runtime }),
  });
  const history = await pipe.fit(takeTableRows(inputs, rows.train), {
    loss: classes ? softmaxCrossEntropy() : mse(),
    optimizer: adamw({ learningRate: options.learningRate ?? RECIPE.learningRate, weightDecay: RECIPE.weightDecay }),
    metrics: classes ? { accuracy } : {},
    callbacks: [earlyStopping({ patience: RECIPE.patience }), meter, ...(options.callbacks ?? [])],
    validation: takeTableRows(inputs, rows.validation),
    epochs,
    batchSize,
    seed,
    signal,
  });
  const { model } = pipe;
  const scored = takeTableRows(table, rows.test.length > 0 ? rows.test : rows.validation);
  const width = model.net.layers[0] as { readonly shape?: readonly number[] };
  return { model, history, classes, inputs: width.shape![0]!, rows, score: scoreTable(model, scored), steps, seconds };
}

/** The target, the columns to learn it from (and itself), and the rows in parts. */
function readParts(table: Table, { target: name, task, exclude = [], test = RECIPE.test, seed = 0 }: TrainTableOptions) {
  const target = readTarget(table, name, { task });
  const classes = target.task === "classification" ? target.classes : undefined;
  if (classes && classes.length < 2)
    throw new DataError(`trainTable: the target ${JSON.stringify(name)} must have two classes or more, got ${classes.length}`);
  const rows = divide(table.rows, classes && target.y, test, seed);
  for (const column of exclude) columnOf(table, column, "trainTable: exclude");
  const columns = table.columns.filter((column) => column.name === name || !exclude.includes(column.name));
  if (columns.length < 2)
    throw new DataError(`trainTable: there must be input columns beside the target ${JSON.stringify(name)}, got none`);
  return { name, target, inputs: { ...table, columns }, rows };
}

function divide(n: number, labels: ArrayLike<number> | undefined, test: number, seed: number) {
  if (test < 1) checkBetween("trainTable: test", test, 0, 1);
  const left = test < 1 ? n - Math.ceil(test * n) : n - test;
  const validation = Math.max(1, Math.round(left * RECIPE.validation));
  return splitIndices(n, labels, { test, validation, seed });
}

/** Predictions of raw rows against the table's own target. */
export function scoreTable(model: Model, table: Table): TableScore {
  const prediction = predictTable(model, table);
  const [target] = pipelineOf(model).target as [string];
  if (prediction.task === "regression") {
    const y = numbers(table, [target]).data;
    return { task: "regression", r2: r2(y, prediction.values), rmse: rmse(y, prediction.values) };
  }
  const { classes, labels } = prediction;
  const { y } = readTarget(table, target, { task: "classification", classes });
  return { task: "classification", accuracy: accuracy(y, labels), confusion: confusionMatrix(y, labels, { classes: classes.length }) };
}
