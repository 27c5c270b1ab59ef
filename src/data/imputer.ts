/** Fills in missing values (NaN), column by column. */
import { checkFinite, checkOneOf, checkOptions } from "../check.ts";
import { DataError, OptionError } from "../errors.ts";
import { checkJson, isNumbers } from "./checkJson.ts";
import { quantile } from "./quantile.ts";
import { columnOfRows } from "./rows.ts";
import { type Scaler, transformOf, withFields } from "./transform.ts";

export type ImputerStrategy = "mean" | "median" | "mostFrequent" | "constant";

export interface ImputerOptions {
  /** What stands in for a missing value: a statistic of its training column ('mean' by default), or `value`. */
  strategy?: ImputerStrategy;
  /** For 'constant'; default 0. */
  value?: number;
}

export interface ImputerJSON {
  readonly type: "imputer";
  readonly strategy: ImputerStrategy;
  readonly value: number;
  readonly fill: readonly number[];
}

export interface Imputer extends Scaler {
  /** What is filled in in each column; empty before `fit`. */
  readonly fill: Float64Array;
  toJSON(): ImputerJSON;
}

/**
 * Replaces NaN; other values stay, and the inverse changes nothing. Of equally frequent values the smallest counts.
 * @throws OptionError for unknown options; its methods DataError for infinite values and a column without any value.
 */
export function imputer(options: ImputerOptions = {}): Imputer {
  checkOptions("imputer", options, ["strategy", "value"]);
  const { strategy = "mean", value } = options;
  checkOneOf("imputer: strategy", strategy, ["mean", "median", "mostFrequent", "constant"]);
  if (value !== undefined && strategy !== "constant") throw new OptionError(`imputer: value is for strategy "constant", got "${strategy}"`);
  checkFinite("imputer: value", value ?? 0);
  return makeImputer(strategy, value ?? 0, []);
}

/** The imputer that `toJSON` described. @throws FormatError for anything else. */
export function imputerFrom(json: ImputerJSON): Imputer {
  const { type, strategy, value, fill } = json ?? {};
  const isStrategy = ["mean", "median", "mostFrequent", "constant"].includes(strategy);
  checkJson("imputer", type === "imputer", isStrategy, Number.isFinite(value), isNumbers(fill));
  return makeImputer(strategy, value, fill);
}

function makeImputer(strategy: ImputerStrategy, value: number, fitted: readonly number[]): Imputer {
  let fill = Float64Array.from(fitted);
  const toJSON = (): ImputerJSON => ({ type: "imputer", strategy, value, fill: Array.from(fill) });
  const base = transformOf({
    type: "imputer",
    keepsColumns: true,
    takesMissing: true,
    get inputs() {
      return fill.length;
    },
    get outputs() {
      return fill.length;
    },
    fit(x, where) {
      const learned = Float64Array.from({ length: x.width }, (_, j) => {
        const present = columnOfRows(x, j).filter((entry) => !Number.isNaN(entry));
        if (strategy === "constant") return value;
        if (present.length > 0) return statistic(strategy, present);
        throw new DataError(`${where}: column ${j} must have a value, got missing ones only. Leave it out, or use strategy "constant"`);
      });
      fill = learned;
    },
    apply(x, at, y, to) {
      for (let j = 0; j < fill.length; j++) y[to + j] = Number.isNaN(x[at + j]) ? fill[j]! : x[at + j]!;
    },
    invert(y, at, x, to) {
      for (let j = 0; j < fill.length; j++) x[to + j] = y[at + j]!;
    },
    toJSON,
  });
  return withFields(base, {
    get fill() {
      return fill;
    },
    toJSON,
  });
}

function statistic(strategy: ImputerStrategy, values: Float64Array): number {
  if (strategy === "mean") return values[0]! + values.reduce((sum, value) => sum + (value - values[0]!), 0) / values.length;
  const sorted = values.sort();
  if (strategy === "median") return quantile(sorted, 0.5);
  let best = sorted[0]!;
  let most = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    if (to - from > most) {
      most = to - from;
      best = sorted[from]!;
    }
    from = to;
  }
  return best;
}
