/** Columns shifted by their median and scaled by the range of their middle half: outliers do not move it. */
import { checkJson, isNumbers } from "./checkJson.ts";
import { quantile } from "./quantile.ts";
import { columnOfRows } from "./rows.ts";
import { type Scaler, transformOf, withFields } from "./transform.ts";

export interface RobustScalerJSON {
  readonly type: "robustScaler";
  readonly center: readonly number[];
  readonly scale: readonly number[];
}

export interface RobustScaler extends Scaler {
  /** Median of each column; empty before `fit`. */
  readonly center: Float64Array;
  /** Third quartile less the first, by linear interpolation; 1 where they are equal. */
  readonly scale: Float64Array;
  toJSON(): RobustScalerJSON;
}

/** (x - median) / (third quartile - first quartile), column by column. @throws (its methods) as standardScaler's. */
export function robustScaler(): RobustScaler {
  return makeScaler([], []);
}

/** The scaler that `toJSON` described. @throws FormatError for anything else. */
export function robustScalerFrom(json: RobustScalerJSON): RobustScaler {
  const { type, center, scale } = json ?? {};
  checkJson("robustScaler", type === "robustScaler", isNumbers(center), isNumbers(scale));
  checkJson(
    "robustScaler",
    center.length === scale.length,
    scale.every((value) => value > 0),
  );
  return makeScaler(center, scale);
}

function makeScaler(fittedCenter: readonly number[], fittedScale: readonly number[]): RobustScaler {
  let center = Float64Array.from(fittedCenter);
  let scale = Float64Array.from(fittedScale);
  const toJSON = (): RobustScalerJSON => ({ type: "robustScaler", center: Array.from(center), scale: Array.from(scale) });
  const base = transformOf({
    type: "robustScaler",
    keepsColumns: true,
    takesMissing: false,
    get inputs() {
      return center.length;
    },
    get outputs() {
      return center.length;
    },
    fit(x) {
      center = new Float64Array(x.width);
      scale = new Float64Array(x.width);
      for (let j = 0; j < x.width; j++) {
        const sorted = columnOfRows(x, j).sort();
        center[j] = quantile(sorted, 0.5);
        scale[j] = quantile(sorted, 0.75) - quantile(sorted, 0.25) || 1;
      }
    },
    apply(x, at, y, to) {
      for (let j = 0; j < center.length; j++) y[to + j] = (x[at + j]! - center[j]!) / scale[j]!;
    },
    invert(y, at, x, to) {
      for (let j = 0; j < center.length; j++) x[to + j] = y[at + j]! * scale[j]! + center[j]!;
    },
    toJSON,
  });
  return withFields(base, {
    get center() {
      return center;
    },
    get scale() {
      return scale;
    },
    toJSON,
  });
}
