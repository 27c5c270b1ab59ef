/** How well the recipe for tables does on a table: cross-validated, everything that learns within its fold. It prints nothing. */
import { checkOptions } from "../check.ts";
import { kFold, stratifiedKFold, type Table } from "../data/index.ts";
import { accuracy, crossValidate, type FoldState, f1, type Judgement, mae, type Run, r2, rmse } from "../metrics/index.ts";
import { RECIPE } from "./recipe.ts";
import { readTask, TABLE_OPTIONS, type TableRecipeOptions, type TableTaskOptions, tableRecipe } from "./tableRecipe.ts";

export interface CrossValidateTableOptions extends TableTaskOptions, TableRecipeOptions {
  /** Stratified for classes. Default 10. */
  folds?: number;
  /** Divide this many times, each time in another order; default 1. */
  repeats?: number;
  /** Of the folds, the weights, dropout and the order of rows. Default 0. */
  seed?: number;
  signal?: AbortSignal;
  /** After each run. */
  onFold?: (state: FoldState) => void | Promise<void>;
}

export interface CrossValidatedTable {
  readonly rows: number;
  /** Texts of the classes; undefined for regression. */
  readonly classes: readonly string[] | undefined;
  /** Scores by name: loss, accuracy and f1 (mean over the classes), or rmse, mae and r2 in the target's own unit. */
  readonly judgement: Judgement;
}

/**
 * Trains as trainTable does on all folds but one, for each fold, and scores the rows of that one. Of the training rows a fifth
 * is set aside for early stopping.
 * @throws as trainTable; OptionError for fewer than 2 folds or more than rows.
 */
export async function crossValidateTable(table: Table, options: CrossValidateTableOptions): Promise<CrossValidatedTable> {
  const where = "crossValidateTable";
  checkOptions(where, options, [...TABLE_OPTIONS, "folds", "repeats", "onFold"]);
  const { folds = 10, repeats = 1, seed = 0, signal, onFold } = options;
  const task = readTask(where, table, options);
  const { classes, labels } = task;
  const parts = labels ? stratifiedKFold(labels, { folds, repeats, seed }) : kFold(table.rows, { folds, repeats, seed });
  const recipe = (_: undefined, run: Run) => {
    const { model, fit } = tableRecipe(where, task, options, run);
    return { model, fit: { ...fit, validation: RECIPE.validation } };
  };
  const macro = { average: "macro", classes: classes?.length } as const;
  const metrics = classes ? { accuracy, f1: (y: never, predicted: never) => f1(y, predicted, macro) } : { rmse, mae, r2 };
  const {
    folds: results,
    mean,
    std,
    trainMean,
    trainStd,
    error,
  } = await crossValidate(task.table, recipe, {
    folds: parts,
    metrics: metrics as never,
    seed,
    signal,
    onFold,
  });
  return { rows: table.rows, classes, judgement: { folds: results, mean, std, trainMean, trainStd, error } };
}
