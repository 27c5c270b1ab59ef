/** Predictions of raw rows by a model that trainTable, or any modelPipeline with a target, has saved. */
import { pipelineOf, type Table } from "../data/index.ts";
import type { Model } from "../index.ts";

export type TablePrediction =
  | {
      readonly task: "classification";
      readonly classes: readonly string[];
      /** Number of each row's class. */
      readonly labels: Float32Array;
      /** [rows, classes], flat. */
      readonly probabilities: Float32Array;
    }
  | {
      readonly task: "regression";
      readonly targets: readonly string[];
      /** [rows, targets], flat, in the targets' own units. */
      readonly values: Float32Array;
    };

/**
 * Predicts raw rows. Columns are found by name in any order; others, the target among them, are ignored; categories that
 * training has not seen are zeros.
 * @throws DataError naming all columns that are missing, or the place of a value that is missing or no number; FormatError
 * if the model holds no pipeline.
 */
export function predictTable(model: Model, table: Table): TablePrediction {
  const pipe = pipelineOf(model);
  const { classes } = pipe;
  if (classes === undefined) {
    const { data, shape } = pipe.predict(table);
    const outputs = data.length / shape[0]!;
    const targets = pipe.target ?? Array.from({ length: outputs }, (_, j) => (outputs === 1 ? "prediction" : `prediction${j + 1}`));
    return { task: "regression", targets, values: data };
  }
  const x = pipe.transform(table);
  const { data: labels } = model.predict(x, { as: "classes" });
  const { data } = model.predict(x, { as: "probabilities" });
  const isOne = data.length === labels.length; // the probability of the second class alone
  const probabilities = isOne
    ? Float32Array.from({ length: 2 * data.length }, (_, i) => (i % 2 ? data[i >> 1]! : 1 - data[i >> 1]!))
    : data;
  return { task: "classification", classes, labels, probabilities };
}

/** What the model's columns hold, for the reading of a file: a code such as "007" stays a text. Only those that it has. */
export function kindsOf(model: Model, table: Table): Record<string, "number" | "text"> {
  const kinds = Object.entries(pipelineOf(model).kinds);
  return Object.fromEntries(kinds.filter(([name]) => table.columns.some((column) => column.name === name)));
}
