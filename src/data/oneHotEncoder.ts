/** Columns of codes as one column per code. Texts are tableEncoder's. */
import { checkCount, checkOneOf, checkOptions } from "../check.ts";
import { DataError } from "../errors.ts";
import { checkJson, isNumbers } from "./checkJson.ts";
import { columnOfRows } from "./rows.ts";
import { type Encoder, transformOf, withFields } from "./transform.ts";

export interface OneHotEncoderOptions {
  /** Number of classes: every column holds 0 to classes - 1. Default: the values that `fit` sees, sorted. */
  classes?: number;
  /** A value that `fit` has not seen is 0 in all columns ('ignore', default) or an error. */
  unknown?: "ignore" | "error";
}

export interface OneHotEncoderJSON {
  readonly type: "oneHotEncoder";
  readonly classes?: number;
  readonly unknown: "ignore" | "error";
  readonly categories: readonly (readonly number[])[];
}

export interface OneHotEncoder extends Encoder {
  /** Values of each column, sorted, in the order of the columns that they become; empty before `fit`. */
  readonly categories: readonly (readonly number[])[];
  toJSON(): OneHotEncoderJSON;
}

/**
 * 1 in the column of the value, 0 in the others; blocks in the order of the columns. Labels (rank 1) become [rows, classes].
 * The inverse takes the largest of a block, NaN where none is above 0.
 * @throws OptionError for unknown options; its methods as standardScaler's, DataError for a value that is unknown to 'error'
 * or outside `classes`.
 */
export function oneHotEncoder(options: OneHotEncoderOptions = {}): OneHotEncoder {
  checkOptions("oneHotEncoder", options, ["classes", "unknown"]);
  const { classes, unknown = "ignore" } = options;
  if (classes !== undefined) checkCount("oneHotEncoder: classes", classes);
  checkOneOf("oneHotEncoder: unknown", unknown, ["ignore", "error"]);
  return makeEncoder(classes, unknown, []);
}

/** The encoder that `toJSON` described. @throws FormatError for anything else. */
export function oneHotEncoderFrom(json: OneHotEncoderJSON): OneHotEncoder {
  const { type, classes, unknown, categories } = json ?? {};
  const isSorted = (values: unknown) =>
    isNumbers(values) && values.length > 0 && values.every((value, i) => i === 0 || value > values[i - 1]!);
  checkJson("oneHotEncoder", type === "oneHotEncoder", unknown === "ignore" || unknown === "error");
  checkJson("oneHotEncoder", Array.isArray(categories), classes === undefined || Number.isSafeInteger(classes));
  checkJson("oneHotEncoder", categories.every(isSorted));
  return makeEncoder(classes, unknown, categories);
}

function makeEncoder(classes: number | undefined, unknown: "ignore" | "error", fitted: readonly (readonly number[])[]): OneHotEncoder {
  let categories = fitted;
  let places: readonly Map<number, number>[] = [];
  let width = 0;
  const use = (learned: readonly (readonly number[])[]): void => {
    categories = learned;
    places = learned.map((values) => new Map(values.map((value, place) => [value, place])));
    width = learned.reduce((sum, { length }) => sum + length, 0);
  };
  use(fitted);
  const toJSON = (): OneHotEncoderJSON => ({ type: "oneHotEncoder", ...(classes === undefined ? {} : { classes }), unknown, categories });
  const base = transformOf({
    type: "oneHotEncoder",
    keepsColumns: false,
    takesMissing: false,
    get inputs() {
      return categories.length;
    },
    get outputs() {
      return width;
    },
    fit(x, where) {
      const all = Array.from({ length: classes ?? 0 }, (_, i) => i);
      const learned = Array.from({ length: x.width }, (_, j) => {
        const column = columnOfRows(x, j);
        if (classes === undefined) return [...new Set(column)].sort((a, b) => a - b);
        const row = column.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < classes));
        if (row >= 0)
          throw new DataError(`${where}: column ${j} must hold integers from 0 to ${classes - 1}, got ${column[row]} at row ${row}`);
        return all;
      });
      use(learned);
    },
    apply(x, at, y, to) {
      let block = to;
      for (let j = 0; j < places.length; j++) {
        const place = places[j]!.get(x[at + j]!);
        if (place !== undefined) y[block + place] = 1;
        else if (unknown === "error") {
          throw new DataError(
            `oneHotEncoder.transform: column ${j} must hold a value that fit saw, got ${x[at + j]} at row ${at / places.length}`,
          );
        }
        block += categories[j]!.length;
      }
    },
    invert(y, at, x, to) {
      let block = at;
      categories.forEach((values, j) => {
        let best = 0;
        for (let c = 1; c < values.length; c++) if (y[block + c]! > y[block + best]!) best = c;
        x[to + j] = y[block + best]! > 0 ? values[best]! : Number.NaN;
        block += values.length;
      });
    },
    toJSON,
  });
  return withFields(base, {
    get categories() {
      return categories;
    },
    toJSON,
  });
}
