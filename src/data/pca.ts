/** Principal components: the directions in which rows differ most. */
import { checkBoolean, checkCount, checkOptions } from "../check.ts";
import { DataError, OptionError } from "../errors.ts";
import { checkJson, isNumbers } from "./checkJson.ts";
import type { Matrix } from "./rows.ts";
import { singularVectors } from "./singularVectors.ts";
import { columnMeans } from "./standardScaler.ts";
import { type Encoder, transformOf, withFields } from "./transform.ts";

export interface PcaOptions {
  /** How many, or a share below 1: as many as explain more than this share of the variance. Default min(rows, columns). */
  components?: number;
  /** Divide each score by its deviation on the training rows. Default false. */
  whiten?: boolean;
}

export interface PcaJSON {
  readonly type: "pca";
  readonly whiten: boolean;
  readonly mean: readonly number[];
  readonly components: readonly (readonly number[])[];
  readonly explainedVariance: readonly number[];
}

export interface Pca extends Encoder {
  /** Of each column; empty before `fit`, as all fields are. */
  readonly mean: Float64Array;
  /** Unit vectors, that of the largest variance first. */
  readonly components: readonly (readonly number[])[];
  /** Variance of the scores of each component, divided by n - 1; and as a share of all variance (not kept in JSON). */
  readonly explainedVariance: Float64Array;
  readonly explainedVarianceRatio: Float64Array;
  /** Of the centred training rows (not kept in JSON). */
  readonly singularValues: Float64Array;
  toJSON(): PcaJSON;
}

/**
 * (x - mean) · componentsᵀ; the training score largest in size is positive in each component. A component without variance
 * is not scaled by `whiten`. The inverse is the nearest point of the components' span.
 * @throws OptionError for unknown options, or more components than rows or columns; its methods as standardScaler's,
 * DataError for a single row.
 */
export function pca(options: PcaOptions = {}): Pca {
  checkOptions("pca", options, ["components", "whiten"]);
  const { components, whiten = false } = options;
  const isShare = typeof components === "number" && components > 0 && components < 1;
  if (components !== undefined && !isShare) checkCount("pca: components", components);
  checkBoolean("pca: whiten", whiten);
  return makePca(components, whiten, undefined);
}

/** The transform that `toJSON` described. @throws FormatError for anything else. */
export function pcaFrom(json: PcaJSON): Pca {
  const { type, whiten, mean, components, explainedVariance } = json ?? {};
  checkJson("pca", type === "pca", typeof whiten === "boolean", isNumbers(mean), isNumbers(explainedVariance), Array.isArray(components));
  checkJson(
    "pca",
    components.length === explainedVariance.length,
    explainedVariance.every((value) => value >= 0),
  );
  checkJson(
    "pca",
    components.every((row) => isNumbers(row) && row.length === mean.length),
  );
  return makePca(undefined, whiten, json);
}

function makePca(wanted: number | undefined, whiten: boolean, fitted: PcaJSON | undefined): Pca {
  let mean = Float64Array.from(fitted?.mean ?? []);
  let components: Matrix = {
    data: Float64Array.from(fitted?.components.flat() ?? []),
    rows: fitted?.components.length ?? 0,
    width: mean.length,
  };
  let variance = Float64Array.from(fitted?.explainedVariance ?? []);
  let ratio = new Float64Array(0);
  let values = new Float64Array(0);
  const deviation = (k: number) => (whiten ? Math.sqrt(variance[k]!) || 1 : 1);
  const lists = () =>
    Array.from({ length: components.rows }, (_, k) => Array.from(components.data.subarray(k * mean.length, (k + 1) * mean.length)));
  const toJSON = (): PcaJSON => ({
    type: "pca",
    whiten,
    mean: Array.from(mean),
    components: lists(),
    explainedVariance: Array.from(variance),
  });
  const base = transformOf({
    type: "pca",
    keepsColumns: false,
    takesMissing: false,
    get inputs() {
      return mean.length;
    },
    get outputs() {
      return components.rows;
    },
    fit(x, where) {
      const most = Math.min(x.rows, x.width);
      if (x.rows < 2) throw new DataError(`${where}: x must have at least 2 rows, got 1`);
      if (wanted !== undefined && wanted > most) {
        throw new OptionError(`pca: components must be at most ${most} for ${x.rows} rows and ${x.width} columns, got ${wanted}`);
      }
      mean = columnMeans(x, (value) => value, x.data.subarray(0, x.width)) as Float64Array<ArrayBuffer>;
      const centered = { ...x, data: x.data.map((value, i) => value - mean[i % x.width]!) };
      const found = singularVectors(centered);
      const all = found.values.map((value) => (value * value) / (x.rows - 1));
      const total = all.reduce((sum, value) => sum + value, 0);
      const count = wanted === undefined ? most : wanted < 1 ? countFor(all, total, wanted) : wanted;
      components = { data: found.vectors.data.slice(0, count * x.width), rows: count, width: x.width };
      variance = all.slice(0, count);
      ratio = variance.map((value) => (total === 0 ? 0 : value / total));
      values = found.values.slice(0, count);
      orient(components, centered);
    },
    apply(x, at, y, to) {
      const { data, rows, width } = components;
      for (let k = 0; k < rows; k++) {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += (x[at + j]! - mean[j]!) * data[k * width + j]!;
        y[to + k] = sum / deviation(k);
      }
    },
    invert(y, at, x, to) {
      const { data, rows, width } = components;
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (let k = 0; k < rows; k++) sum += y[at + k]! * deviation(k) * data[k * width + j]!;
        x[to + j] = sum + mean[j]!;
      }
    },
    toJSON,
  });
  return withFields(base, {
    get mean() {
      return mean;
    },
    get components() {
      return lists();
    },
    get explainedVariance() {
      return variance;
    },
    get explainedVarianceRatio() {
      return ratio;
    },
    get singularValues() {
      return values;
    },
    toJSON,
  });
}

/** The fewest components whose variances exceed the share of the total. */
function countFor(variances: Float64Array, total: number, share: number): number {
  let sum = 0;
  const last = variances.findIndex((value) => {
    sum += value;
    return sum > share * total;
  });
  return last < 0 ? variances.length : last + 1;
}

/** Turns each component so that the score largest in size, the first of equals, is positive. */
function orient(components: Matrix, x: Matrix): void {
  const { data, width } = components;
  for (let k = 0; k < components.rows; k++) {
    let largest = 0;
    for (let i = 0; i < x.rows; i++) {
      let score = 0;
      for (let j = 0; j < width; j++) score += x.data[i * width + j]! * data[k * width + j]!;
      if (Math.abs(score) > Math.abs(largest)) largest = score;
    }
    if (largest < 0) for (let j = 0; j < width; j++) data[k * width + j] = -data[k * width + j]!;
  }
}
