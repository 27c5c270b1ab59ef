/** Raw data on its way to a net: which columns are targets, what goes through which transform. It knows no model. */
import { checkOptions, fail, show } from "../check.ts";
import { DataError, OptionError } from "../errors.ts";
import type { Loss } from "../losses/loss.ts";
import { STREAM_VALIDATION } from "../random.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { NumericData, TensorLike } from "./arrays.ts";
import { outputsFor, type RawTargets, type Targets, targetsIn, targetsOf } from "./modelTargets.ts";
import {
  checkColumns,
  isObjects,
  isTable,
  numericRows,
  type RawRows,
  refuseTable,
  tableOf,
  takeTableRows,
  typed,
  without,
} from "./rawRows.ts";
import { columnOf, type Table } from "./readCsv.ts";
import { checkRows, type Rows, readData, splitIndices, takeRows } from "./split.ts";
import type { TableTransform } from "./tableEncoder.ts";
import type { Transform } from "./transform.ts";

/** Raw rows with their target among the columns, or beside them: numbers, labels, or texts as names of classes. */
export type RawData = Table | readonly object[] | { x: RawRows; y: RawTargets; weights?: readonly number[] | Float32Array };

export interface Preparation {
  readonly inputs: Transform | TableTransform | undefined;
  /** Names of the columns to predict. */
  readonly target: readonly string[] | undefined;
  readonly targetTransform: Transform | undefined;
}

/** Rows that no transform has seen yet, and their targets as numbers. */
export interface TakenRows extends Targets {
  readonly x: Table | NumericData;
  readonly weights: Rows | undefined;
  readonly rows: number;
}

/** What model.fit takes. */
export interface PreparedRows {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly weights: Float32Array | undefined;
}

export const isForTables = (inputs: Preparation["inputs"]): inputs is TableTransform => inputs !== undefined && "kinds" in inputs;

/** Rows in the form that the inputs take: a table or numbers. */
export function takeInputs({ inputs }: Preparation, where: string, rows: RawRows, more: readonly string[] = []): Table | NumericData {
  if (!isForTables(inputs)) return rows as NumericData;
  const table = isObjects(rows) ? tableOf(where, rows, inputs, more) : rows;
  const fix = "These inputs begin with tableEncoder()";
  if (!isTable(table)) fail(`${where}: rows`, "a table of readCsv or an array of objects", rows, fix);
  return table;
}

/** Rows and targets of a table or of { x, y }. `classes` are those that are known already. */
export function takeRaw(
  preparation: Preparation,
  where: string,
  data: RawData,
  loss: Loss,
  classes: readonly string[] | undefined,
): TakenRows {
  const { target } = preparation;
  if (isTable(data) || isObjects(data)) {
    if (target === undefined)
      throw new OptionError(`${where}: there must be a target, the name of a column: modelPipeline({ target: "..." })`);
    const table = takeInputs(preparation, where, data, target);
    if (!isForTables(preparation.inputs) || !isTable(table)) refuseTable(`${where}: data`);
    for (const name of target) columnOf(table, name, `${where}: target`);
    return { x: without(table, target), ...targetsIn(table, target, loss, classes), rows: table.rows, weights: undefined };
  }
  if (typeof data !== "object" || data === null || !("x" in data && "y" in data)) {
    throw new OptionError(`${where}: data must be a table, an array of objects, { x, y } or { x, y, weights }, got ${show(data)}`);
  }
  checkOptions(`${where}: data`, data, ["x", "y", "weights"]);
  const { y, weights } = data;
  const x = takeInputs(preparation, where, data.x);
  const rows = isTable(x) ? x.rows : readData(where, { x, y, weights } as Parameters<typeof readData>[1]);
  const taken = targetsOf(`${where}: y`, y, rows, loss, classes);
  checkRows(`${where}: y`, taken.y, rows);
  if (weights !== undefined) checkRows(`${where}: weights`, weights, rows);
  return { x: isTable(x) ? without(x, target ?? []) : x, ...taken, weights, rows };
}

/** Sets rows aside as model.fit does: random by seed, stratified for classes. */
export function setAside(all: TakenRows, validation: number, seed: number | undefined, loss: Loss): { train: TakenRows; held: TakenRows } {
  const isLabels = all.y.shape.length === 1 && (loss.takesLabels || loss.link === "sigmoid");
  let parts: ReturnType<typeof splitIndices>;
  try {
    parts = splitIndices(all.rows, isLabels ? all.y.data : undefined, { test: validation, seed }, STREAM_VALIDATION);
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`fit: validation: ${error.message}`);
    if (error instanceof OptionError) throw new OptionError(`fit: validation: ${error.message}`);
    throw error;
  }
  const take = (indices: Uint32Array): TakenRows => {
    const part = (rows: Rows) => takeRows(rows, all.rows, indices);
    const x = isTable(all.x) ? takeTableRows(all.x, indices) : (part(all.x) as NumericData);
    return { ...all, x, y: part(all.y) as TensorLike, weights: all.weights && part(all.weights), rows: indices.length };
  };
  return { train: take(parts.train), held: take(parts.test) };
}

/** The transforms learn from training rows. */
export function learn({ inputs, targetTransform }: Preparation, { x, y, rows }: TakenRows): void {
  if (isForTables(inputs)) inputs.fit(x as Table);
  else inputs?.fit(numericRows("fit: x", x as NumericData, { rows }));
  targetTransform?.fit(y);
}

/** Raw rows as the inputs of the net, [rows, ...]; flat numbers are cut as given. */
export function toInputs(
  { inputs }: Preparation,
  where: string,
  x: Table | NumericData,
  cut: { readonly rows: number } | { readonly width: number },
): Tensor {
  if (!isForTables(inputs)) {
    const rows = numericRows(`${where}: x`, x as NumericData, inputs && "width" in cut ? { width: inputs.rule.inputs } : cut);
    return typed(inputs ? (inputs.transform(rows) as TensorLike) : rows);
  }
  checkColumns(where, inputs, new Set((x as Table).columns.map(({ name }) => name)));
  return inputs.transform(x as Table);
}

export function prepare(preparation: Preparation, where: string, { x, y, weights, rows }: TakenRows): PreparedRows {
  const { targetTransform } = preparation;
  const targets = targetTransform ? (targetTransform.transform(y) as TensorLike) : y;
  return { x: toInputs(preparation, where, x, { rows }), y: typed(targets), weights: weights as Float32Array | undefined };
}

/** How wide rows are, for the net that is to be made of them. */
export function extentsOf({ x, y }: PreparedRows, taken: TakenRows, loss: Loss): [inputs: number, outputs: number] {
  const outputs = y.shape.length > 1 ? sizeOf(y.shape.slice(1)) : outputsFor(taken, loss);
  return [sizeOf(x.shape.slice(1)), outputs];
}
