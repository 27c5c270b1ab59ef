/** A column of a table as what a net should learn: classes or a quantity. */
import { checkOneOf, checkOptions } from "../check.ts";
import { DataError } from "../errors.ts";
import { type Column, columnOf, type Table } from "./readCsv.ts";
import { numbers } from "./tableEncoder.ts";

export interface TargetOptions {
  /** 'auto' (default): texts are classes; so are integers of two values, or of at most 20 that stand on five rows each on average. */
  task?: "auto" | "classification" | "regression";
  /** The classes of an earlier table, so that a class keeps its number. */
  classes?: readonly string[];
}

export type Target =
  | { readonly task: "classification"; readonly y: Int32Array; readonly classes: readonly string[] }
  | { readonly task: "regression"; readonly y: Float32Array };

const MAX_INTEGER_CLASSES = 20;
const MIN_ROWS_PER_CLASS = 5;

/**
 * Reads the column `name`: labels from 0 in the order of the sorted classes (numbers by size), or float32 values.
 * @throws OptionError for an unknown column; DataError for a missing value or a class not among `classes`, naming the line.
 */
export function readTarget(table: Table, name: string, options: TargetOptions = {}): Target {
  checkOptions("readTarget", options, ["task", "classes"]);
  const { task = "auto", classes } = options;
  checkOneOf("readTarget: task", task, ["auto", "classification", "regression"]);
  const column = columnOf(table, name, "readTarget");
  const isClasses = task === "auto" ? classes !== undefined || looksLikeClasses(column) : task === "classification";
  return isClasses ? readClasses(table, column, classes) : { task: "regression", y: numbers(table, [name]).data };
}

function looksLikeClasses(column: Column): boolean {
  if (column.kind === "text") return true;
  const present = column.values.filter((value) => !Number.isNaN(value));
  if (!present.every(Number.isInteger)) return false;
  const distinct = new Set(present).size;
  return distinct <= 2 || (distinct <= MAX_INTEGER_CLASSES && present.length >= MIN_ROWS_PER_CLASS * distinct);
}

function readClasses(table: Table, column: Column, given: readonly string[] | undefined): Target {
  const classes = given ?? sortedClasses(column);
  const numbersOfClasses = new Map(classes.map((label, i) => [label, i]));
  const y = new Int32Array(table.rows);
  for (let row = 0; row < table.rows; row++) {
    const value = column.values[row]!;
    const place = `readTarget: line ${table.lines[row]}, column ${JSON.stringify(column.name)}`;
    if (value === "" || Number.isNaN(value)) throw new DataError(`${place} must have a class, got no value`);
    const number = numbersOfClasses.get(String(value));
    if (number === undefined) {
      const list = `${classes.slice(0, 8).join(", ")}${classes.length > 8 ? ", ..." : ""}`;
      throw new DataError(`${place} must be one of the classes ${list}, got ${JSON.stringify(String(value))}`);
    }
    y[row] = number;
  }
  return { task: "classification", y, classes };
}

function sortedClasses(column: Column): string[] {
  if (column.kind === "text") return [...new Set(column.values)].filter((value) => value !== "").sort();
  return Array.from(new Set(column.values.filter((value) => !Number.isNaN(value))))
    .sort((a, b) => a - b)
    .map(String);
}
