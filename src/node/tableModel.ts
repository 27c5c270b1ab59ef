/**
 * A model of a table: what must be done to raw rows before it and to outputs after it, kept in its file as
 * `model.preprocessing`. How such a model is trained is trainTable.ts.
 */
import { type StandardScalerJSON, standardScalerFrom, type Table, type TableEncoderJSON, tableEncoderFrom } from "../data/index.ts";
import { DataError, FormatError } from "../errors.ts";
import type { Model, Tensor } from "../index.ts";

/** Plain data. */
export interface TablePreprocessing {
  readonly type: "table";
  /** Name of the target's column. */
  readonly target: string;
  /** Columns to inputs. */
  readonly encoder: TableEncoderJSON;
  /** Inputs to mean 0 and deviation 1 of the training rows. */
  readonly scaler: StandardScalerJSON;
  /** Texts of the classes, in the order of the outputs; for classification only. */
  readonly classes?: readonly string[];
  /** The target's own unit; for regression only. */
  readonly targetScaler?: StandardScalerJSON;
}

export type TablePrediction =
  | {
      readonly task: "classification";
      readonly classes: readonly string[];
      /** Number of each row's class. */
      readonly labels: Float32Array;
      /** [rows, classes], flat. */
      readonly probabilities: Float32Array;
    }
  | { readonly task: "regression"; readonly target: string /** In the target's own unit. */; readonly values: Float32Array };

/**
 * Predicts raw rows. Columns are found by name in any order; others, the target among them, are ignored; categories that
 * training has not seen are zeros.
 * @throws DataError naming all columns that are missing, or the place of a value that is missing or no number; FormatError
 * if the model holds no preprocessing of a table.
 */
export function predictTable(model: Model, table: Table): TablePrediction {
  const preprocessing = tablePreprocessing(model);
  const { classes, target, targetScaler } = preprocessing;
  const x = encodeInputs(preprocessing, table);
  if (classes) {
    const { data: labels } = model.predict(x, { as: "classes" });
    const { data: probabilities } = model.predict(x, { as: "probabilities" });
    return { task: "classification", classes, labels, probabilities };
  }
  const { data } = model.predict(x);
  return { task: "regression", target, values: standardScalerFrom(targetScaler!).inverse(data) };
}

/** The inputs of the net for raw rows, f32[rows, inputs]. */
export function encodeInputs({ encoder, scaler }: TablePreprocessing, table: Table): Tensor {
  const names = new Set(table.columns.map(({ name }) => name));
  const missing = encoder.columns.filter(({ name }) => !names.has(name)).map(({ name }) => JSON.stringify(name));
  if (missing.length > 0) {
    const which = missing.length === 1 ? "column" : `${missing.length} columns`;
    const list = `${missing.slice(0, 10).join(", ")}${missing.length > 10 ? ", ..." : ""}`;
    throw new DataError(`predict: the table lacks the ${which} ${list}, which the model was trained on`);
  }
  return standardScalerFrom(scaler).transform(tableEncoderFrom(encoder).transform(table));
}

/** What the model's columns hold, for the reading of a file: a code such as "007" stays a text. Only those it has. */
export function kindsOf(model: Model, table: Table): Record<string, "number" | "text"> {
  const { kinds } = tableEncoderFrom(tablePreprocessing(model).encoder);
  return Object.fromEntries(Object.entries(kinds).filter(([name]) => table.columns.some((column) => column.name === name)));
}

/** @throws FormatError if the model has none, or something else: it may come from anywhere. */
export function tablePreprocessing(model: Model): TablePreprocessing {
  const value = model.preprocessing as Partial<TablePreprocessing> | null | undefined;
  if (value?.type !== "table" || typeof value.target !== "string") {
    throw new FormatError("predict: the model holds no preprocessing of a table. Train it with the train command, or trainTable");
  }
  const { encoder, scaler, classes, targetScaler } = value as TablePreprocessing;
  const inputs = tableEncoderFrom(encoder).inputs.length;
  const isFitting =
    standardScalerFrom(scaler).mean.length === inputs &&
    (Array.isArray(classes) ? classes.every((label) => typeof label === "string") : standardScalerFrom(targetScaler!).mean.length === 1);
  const { layers } = model.net;
  const [input] = layers as readonly { readonly shape?: readonly number[] }[];
  if (!isFitting || input?.shape?.length !== 1 || input.shape[0] !== inputs) {
    throw new FormatError("predict: the model's preprocessing does not fit its net");
  }
  return value as TablePreprocessing;
}
