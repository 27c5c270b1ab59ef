/** What a model pipeline learns: classes by name, or numbers in a unit of their own. To the net and back. */
import { fail, show } from "../check.ts";
import { DataError, OptionError } from "../errors.ts";
import type { Loss } from "../losses/loss.ts";
import type { Metric } from "../model/metric.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { flatten, type NumericData, type TensorLike } from "./arrays.ts";
import type { Table } from "./readCsv.ts";
import { readTarget } from "./readTarget.ts";
import { numbers } from "./tableEncoder.ts";
import type { Transform } from "./transform.ts";

/** Numbers, labels or texts, one row each. */
export type RawTargets = NumericData | readonly string[];

export interface Targets {
  /** [rows] or [rows, columns] */
  readonly y: TensorLike;
  /** The names of the labels in y. */
  readonly classes?: readonly string[];
}

/**
 * Targets in columns of a table: classes where the loss takes labels or the column holds texts, else numbers.
 * @throws DataError for what is missing or none of `classes`, with its line.
 */
export function targetsIn(table: Table, columns: readonly string[], loss: Loss, classes: readonly string[] | undefined): Targets {
  const [name] = columns as [string];
  const isText = table.columns.some((column) => column.name === name && column.kind === "text");
  const isClasses = columns.length === 1 && (classes !== undefined || isText || loss.takesLabels || loss.link === "sigmoid");
  if (!isClasses) return { y: numbers(table, columns) };
  const target = readTarget(table, name, { task: "classification", classes });
  return checkClasses(
    { y: { data: target.y, shape: [table.rows] }, classes: target.task === "classification" ? target.classes : [] },
    loss,
  );
}

/** Targets that were given as such: texts are classes; numbers stay what they are, `classes` are the names of labels. */
export function targetsOf(where: string, y: RawTargets, rows: number, loss: Loss, classes: readonly string[] | undefined): Targets {
  if (!Array.isArray(y) || typeof y[0] !== "string") return { y: numericTargets(where, y as NumericData, rows), classes };
  const bad = y.findIndex((value) => typeof value !== "string");
  if (bad >= 0) throw new DataError(`${where}: row ${bad} must be a text as row 0 is, got ${show(y[bad])}`);
  const column = { name: "y", kind: "text", values: y as string[], missing: 0 } as const;
  const lines = Uint32Array.from({ length: y.length }, (_, row) => row + 1);
  return targetsIn({ columns: [column], rows: y.length, lines }, ["y"], loss, classes);
}

/** A flat array is a value or a label per row, or rows one after the other. */
function numericTargets(where: string, y: NumericData, rows: number): TensorLike {
  const { data, shape } = flatten(where, y);
  const isCut = shape.length === 1 && data.length > rows && data.length % rows === 0;
  return { data, shape: isCut ? [rows, data.length / rows] : shape };
}

function checkClasses<T extends Targets>(targets: T, { link, kind }: Loss): T {
  const { length } = targets.classes!;
  if (length < 2) throw new DataError(`modelPipeline: the target must have two classes or more, got ${length}`);
  if (link === "sigmoid" && length > 2)
    throw new OptionError(`modelPipeline: ${kind} takes two classes, got ${length}. Use softmaxCrossEntropy()`);
  return targets;
}

/** How many outputs a net must have for such targets. */
export function outputsFor({ y, classes }: Targets, loss: Loss): number {
  if (classes) return loss.link === "sigmoid" && classes.length === 2 ? 1 : classes.length;
  const { data, shape } = y;
  if (shape.length > 1) return sizeOf(shape.slice(1));
  return loss.takesLabels ? 1 + Array.from(data).reduce((most, label) => Math.max(most, label), 0) : 1;
}

/** A transform that leads back. */
export function checkTargetTransform(where: string, transform: Transform): void {
  if (typeof transform?.rule?.apply !== "function") fail(where, "a transform such as standardScaler()", transform);
  if (transform.rule.invert === undefined)
    throw new OptionError(`${where}: ${transform.rule.type} has no inverse, by which predictions return`);
}

/** Outputs in the target's own unit. */
export const back = (transform: Transform, y: Tensor): Tensor => transform.inverse(y) as Tensor;

/** Metrics that see targets and predictions in the target's own unit. */
export function inOwnUnit(transform: Transform | undefined, metrics: Readonly<Record<string, Metric>> | undefined) {
  if (transform === undefined || typeof metrics !== "object" || metrics === null) return metrics;
  const wrap = (metric: Metric): Metric =>
    typeof metric === "function" && metric.length >= 2 // others are refused by name
      ? (yTrue, yPred) => metric("data" in yTrue ? back(transform, yTrue) : yTrue, back(transform, yPred))
      : metric;
  return Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, wrap(metric)]));
}
