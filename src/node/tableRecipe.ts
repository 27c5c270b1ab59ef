/** A table as a task, and the one recipe by which it is trained: for a single run and for those of a cross-validation. */
import { checkCount } from "../check.ts";
import {
  columnOf,
  type ModelPipeline,
  modelPipeline,
  pipeline,
  readTarget,
  standardScaler,
  type Table,
  type TargetOptions,
  tableEncoder,
} from "../data/index.ts";
import { DataError } from "../errors.ts";
import { adamw, build, type Callback, earlyStopping, type FitOptions, mse, type Runtime, softmaxCrossEntropy } from "../index.ts";
import { accuracy, type Run } from "../metrics/index.ts";
import { RECIPE, tableNet } from "./recipe.ts";

export interface TableTaskOptions {
  /** Name of the column to predict. */
  target: string;
  /** "auto" (default): as the target looks, see readTarget. */
  task?: TargetOptions["task"];
  /** Columns that are no inputs, beside the target. */
  exclude?: readonly string[];
}

export interface TableRecipeOptions {
  /** Units of the hidden layers; [] for a linear model. Default [128, 64]. */
  hidden?: readonly number[];
  /** The most passes over the data. Default 100. */
  epochs?: number;
  /** Default 32. */
  batchSize?: number;
  /** Of adamw. Default 3e-3. */
  learningRate?: number;
  /** Beside early stopping: a progress bar, say. */
  callbacks?: readonly Callback[];
  /** As in build. */
  runtime?: Runtime;
}

export const TABLE_OPTIONS = [
  ...["target", "task", "exclude", "hidden", "epochs", "batchSize", "learningRate", "seed"],
  ...["callbacks", "runtime", "signal"],
];

export interface TableTask {
  /** The target and the columns to learn it from. */
  readonly table: Table;
  readonly target: string;
  /** Of all rows, so that a class has its number even where a part of the rows lacks it; undefined for regression. */
  readonly classes: readonly string[] | undefined;
  /** Number of each row's class. */
  readonly labels: Int32Array | undefined;
}

/** @throws OptionError for unknown columns; DataError for a missing target, one class, or no inputs. */
export function readTask(where: string, table: Table, { target: name, task, exclude = [] }: TableTaskOptions): TableTask {
  const target = readTarget(table, name, { task });
  const { classes, labels } =
    target.task === "classification" ? { classes: target.classes, labels: target.y } : { classes: undefined, labels: undefined };
  if (classes && classes.length < 2)
    throw new DataError(`${where}: the target ${JSON.stringify(name)} must have two classes or more, got ${classes.length}`);
  for (const column of exclude) columnOf(table, column, `${where}: exclude`);
  const columns = table.columns.filter((column) => column.name === name || !exclude.includes(column.name));
  if (columns.length < 2) throw new DataError(`${where}: there must be input columns beside the target ${JSON.stringify(name)}, got none`);
  return { table: { ...table, columns }, target: name, classes, labels };
}

/** A pipeline of encoder, scaler and net, and how it is fitted: without validation rows, which differ from use to use. */
export function tableRecipe(
  where: string,
  { target, classes }: TableTask,
  options: TableRecipeOptions,
  { seed, signal }: Run,
): { readonly model: ModelPipeline; readonly fit: Omit<FitOptions, "validation"> } {
  const { hidden = RECIPE.hidden, epochs = RECIPE.epochs, batchSize = RECIPE.batchSize, callbacks = [], runtime } = options;
  hidden.forEach((units, i) => {
    checkCount(`${where}: hidden[${i}]`, units);
  });
  const model = modelPipeline({
    inputs: pipeline(tableEncoder(), standardScaler()),
    target,
    ...(classes ? { classes } : { targetTransform: standardScaler() }),
    model: (width, outputs) => build(tableNet(width, hidden, outputs), { seed, runtime }),
  });
  const fit: Omit<FitOptions, "validation"> = {
    loss: classes ? softmaxCrossEntropy() : mse(),
    optimizer: adamw({ learningRate: options.learningRate ?? RECIPE.learningRate, weightDecay: RECIPE.weightDecay }),
    metrics: classes ? { accuracy } : {},
    callbacks: [earlyStopping({ patience: RECIPE.patience }), ...callbacks],
    epochs,
    batchSize,
    seed,
    signal,
  };
  return { model, fit };
}
