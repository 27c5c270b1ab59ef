/** Columns moved and stretched to a range. */
import { checkOptions, fail } from "../check.ts";
import { checkJson, isNumbers } from "./checkJson.ts";
import { type Scaler, transformOf, withFields } from "./transform.ts";

export interface MinMaxScalerOptions {
  /** Where the smallest and the largest value of each training column go. Default [0, 1]. */
  range?: readonly [number, number];
}

export interface MinMaxScalerJSON {
  readonly type: "minMaxScaler";
  readonly range: readonly [number, number];
  readonly min: readonly number[];
  readonly max: readonly number[];
}

export interface MinMaxScaler extends Scaler {
  /** Smallest and largest value of each column; empty before `fit`. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  toJSON(): MinMaxScalerJSON;
}

/**
 * low + (x - min) / (max - min) · (high - low), column by column. A constant column becomes `low`, with max - min taken as 1;
 * new rows may lie outside the range: nothing is clipped.
 * @throws OptionError for a range that does not rise; its methods as standardScaler's.
 */
export function minMaxScaler(options: MinMaxScalerOptions = {}): MinMaxScaler {
  checkOptions("minMaxScaler", options, ["range"]);
  const { range = [0, 1] } = options;
  if (!isRange(range)) fail("minMaxScaler: range", "two finite numbers [low, high] with low < high", range);
  return makeScaler(range, [], []);
}

/** The scaler that `toJSON` described. @throws FormatError for anything else. */
export function minMaxScalerFrom(json: MinMaxScalerJSON): MinMaxScaler {
  const { type, range, min, max } = json ?? {};
  checkJson("minMaxScaler", type === "minMaxScaler", isRange(range), isNumbers(min), isNumbers(max));
  checkJson(
    "minMaxScaler",
    min.length === max.length,
    min.every((value, j) => value <= max[j]!),
  );
  return makeScaler(range, min, max);
}

function isRange(range: unknown): boolean {
  return isNumbers(range) && range.length === 2 && range[0]! < range[1]!;
}

function makeScaler(range: readonly [number, number], fittedMin: readonly number[], fittedMax: readonly number[]): MinMaxScaler {
  const [low, high] = range;
  let min = Float64Array.from(fittedMin);
  let max = Float64Array.from(fittedMax);
  const spread = (j: number) => max[j]! - min[j]! || 1;
  const toJSON = (): MinMaxScalerJSON => ({ type: "minMaxScaler", range, min: Array.from(min), max: Array.from(max) });
  const base = transformOf({
    type: "minMaxScaler",
    keepsColumns: true,
    takesMissing: false,
    get inputs() {
      return min.length;
    },
    get outputs() {
      return min.length;
    },
    fit({ data, width }) {
      min = data.slice(0, width);
      max = data.slice(0, width);
      data.forEach((value, i) => {
        const j = i % width;
        if (value < min[j]!) min[j] = value;
        if (value > max[j]!) max[j] = value;
      });
    },
    // The quotient first: it is exactly 1 at the largest value
    apply(x, at, y, to) {
      for (let j = 0; j < min.length; j++) y[to + j] = low + ((x[at + j]! - min[j]!) / spread(j)) * (high - low);
    },
    invert(y, at, x, to) {
      for (let j = 0; j < min.length; j++) x[to + j] = min[j]! + ((y[at + j]! - low) / (high - low)) * spread(j);
    },
    toJSON,
  });
  return withFields(base, {
    get min() {
      return min;
    },
    get max() {
      return max;
    },
    toJSON,
  });
}
