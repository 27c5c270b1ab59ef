/**
 * A whole net and its loss in float64, plain loops: training mode, for gradients by central differences. It knows no derivative.
 * Values of a batch are flat, [rows, ...shape]; layers are the plain data of net.layers after the input.
 */
import { activations } from "./activations.ts";

interface LayerData {
  readonly kind: string;
  readonly units?: number;
  readonly rate?: number;
  readonly slope?: number;
  readonly alpha?: number;
  readonly eps?: number;
  readonly approximate?: string;
  readonly pieces?: number;
  readonly layers?: readonly LayerData[];
  readonly branches?: readonly (LayerData | readonly LayerData[])[];
  readonly dropRate?: number;
  readonly dropConnect?: number;
  readonly scale?: string;
  readonly join?: string;
  readonly shape?: readonly number[];
}

/** By whetstone's names: "0.weight" [out, in], "0.bias" [out], "1.running_mean", ... */
export type Parameters = Readonly<Record<string, readonly number[]>>;

/** A factor per value: 0 with probability `rate`, else 1 / (1 - rate). Streams number all layers, holders before what they hold. */
export type Masks = (stream: number, rate: number, count: number) => readonly number[];

/** y = the net's output for x; `width` is the last axis of x, all of a row if `rows` is not given. Batch-norm sees all rows of x at once. */
export function forward(
  layers: readonly LayerData[],
  p: Parameters,
  masks: Masks,
  x: readonly number[],
  width: number,
  rows = x.length / width,
): number[] {
  let streams = 0;

  function run(list: readonly (readonly [path: string, layer: LayerData])[], input: Flow): Flow {
    let { values, cols } = input;
    for (const [path, layer] of list) {
      const stream = streams++;
      const weight = p[`${path}.weight`];
      const bias = p[`${path}.bias`];
      if (layer.kind === "residual") ({ values, cols } = residual(path, layer, stream, { values, cols }));
      else if (layer.kind === "parallel") ({ values, cols } = parallel(path, layer, { values, cols }));
      else if (layer.kind === "dense") {
        const connected = layer.dropConnect ? masks(stream, layer.dropConnect, weight.length) : undefined;
        values = dense(values, connected ? weight.map((value, i) => value * connected[i]) : weight, bias, cols, layer.units!);
        cols = layer.units!;
      } else if (layer.kind === "maxout") {
        values = largest(dense(values, weight, bias, cols, layer.units! * (layer.pieces ?? 2)), layer.pieces ?? 2);
        cols = layer.units!;
      } else if (layer.kind === "layerNorm") values = layerNorm(values, weight, bias, layer.eps ?? 1e-5);
      else if (layer.kind === "prelu") values = values.map((value) => (value > 0 ? value : weight[0] * value));
      else if (layer.kind === "reshape") cols = layer.shape!.at(-1)!;
      else if (layer.kind === "flatten") cols = values.length / rows;
      else if (layer.kind === "batchNorm") values = batchNorm(values, weight, bias, layer.eps ?? 1e-5, rows);
      else if (layer.kind === "dropout") {
        const mask = masks(stream, layer.rate!, values.length);
        values = values.map((value, i) => value * mask[i] * (layer.scale === "test" ? 1 - layer.rate! : 1));
      } else if (layer.kind === "alphaDropout") {
        const mask = masks(stream, layer.rate!, values.length);
        values = values.map((value, i) => alphaDropped(mask[i] === 0 ? SELU_LIMIT : value, layer.rate!));
      } else if (layer.kind === "softmax") values = byRows(values, cols, softmax);
      else if (layer.kind === "logSoftmax") values = byRows(values, cols, (row) => softmax(row).map(Math.log));
      else values = activate(layer, values);
    }
    return { values, cols };
  }

  function residual(path: string, { layers: inner, dropRate = 0 }: LayerData, stream: number, input: Flow): Flow {
    const branch = run(
      inner!.map((layer, i) => [`${path}.${i}`, layer]),
      input,
    );
    const isKept = dropRate === 0 || masks(stream, dropRate, 1)[0] !== 0;
    const projection = p[`${path}.shortcut.weight`];
    if (projection) streams++;
    const shortcut = projection ? dense(input.values, projection, undefined, input.cols, branch.cols) : input.values;
    return { values: shortcut.map((value, i) => value + (isKept ? branch.values[i] : 0)), cols: branch.cols };
  }

  function parallel(path: string, { branches, join = "concat" }: LayerData, input: Flow): Flow {
    const outputs = branches!.map((branch, i) =>
      run(isList(branch) ? branch.map((layer, k) => [`${path}.${i}.${k}`, layer]) : [[`${path}.${i}`, branch]], input),
    );
    if (join === "add")
      return { values: outputs[0].values.map((_, k) => outputs.reduce((sum, { values }) => sum + values[k], 0)), cols: outputs[0].cols };
    const rows = input.values.length / input.cols;
    const values = Array.from({ length: rows }, (_, row) =>
      outputs.flatMap(({ values: v, cols: c }) => v.slice(row * c, (row + 1) * c)),
    ).flat();
    return { values, cols: outputs.reduce((sum, { cols: c }) => sum + c, 0) };
  }

  return run(
    layers.map((layer, i) => [String(i), layer]),
    { values: [...x], cols: width },
  ).values;
}

interface Flow {
  readonly values: number[];
  readonly cols: number;
}

const isList = (branch: LayerData | readonly LayerData[]): branch is readonly LayerData[] => Array.isArray(branch);

function dense(
  x: readonly number[],
  weight: readonly number[],
  bias: readonly number[] | undefined,
  inner: number,
  units: number,
): number[] {
  const y: number[] = [];
  for (let row = 0; row < x.length / inner; row++) {
    for (let unit = 0; unit < units; unit++) {
      let sum = bias === undefined ? 0 : bias[unit];
      for (let k = 0; k < inner; k++) sum += x[row * inner + k] * weight[unit * inner + k];
      y.push(sum);
    }
  }
  return y;
}

const SELU_LIMIT = -1.0507009873554805 * 1.6732632423543772;

/** The affine map that gives mean 0 and variance 1 back to what alpha dropout has mixed (Klambauer et al. 2017, equation 5). */
function alphaDropped(value: number, rate: number): number {
  const a = (1 - rate + SELU_LIMIT ** 2 * rate * (1 - rate)) ** -0.5;
  return a * value - a * rate * SELU_LIMIT;
}

function largest(x: readonly number[], pieces: number): number[] {
  return Array.from({ length: x.length / pieces }, (_, i) => Math.max(...x.slice(i * pieces, (i + 1) * pieces)));
}

/** Over as many values as the weight has. */
function layerNorm(x: readonly number[], weight: readonly number[], bias: readonly number[], eps: number): number[] {
  return byRows(x, weight.length, (row) => {
    const average = mean(row);
    const variance = mean(row.map((value) => (value - average) ** 2));
    return row.map((value, j) => ((value - average) / Math.sqrt(variance + eps)) * weight[j] + bias[j]);
  });
}

/** With the batch's own mean and biased variance, of each channel: the first axis of a row, as long as the weight. */
function batchNorm(x: readonly number[], weight: readonly number[], bias: readonly number[], eps: number, rows: number): number[] {
  const positions = x.length / rows / weight.length;
  const channelOf = (k: number) => Math.floor(k / positions) % weight.length;
  const moments = weight.map((_, channel) => {
    const values = x.filter((_, k) => channelOf(k) === channel);
    const average = mean(values);
    return { average, variance: mean(values.map((value) => (value - average) ** 2)) };
  });
  return x.map((value, k) => {
    const { average, variance } = moments[channelOf(k)];
    return ((value - average) / Math.sqrt(variance + eps)) * weight[channelOf(k)] + bias[channelOf(k)];
  });
}

function activate(layer: LayerData, x: readonly number[]): number[] {
  const { value } = activations[layer.approximate === "tanh" ? "geluTanh" : layer.kind];
  const parameter = layer.kind === "leakyRelu" ? (layer.slope ?? 0.01) : layer.kind === "elu" ? (layer.alpha ?? 1) : 0;
  return x.map((entry) => value(entry, parameter));
}

function byRows(x: readonly number[], cols: number, map: (row: number[]) => number[]): number[] {
  return Array.from({ length: x.length / cols }, (_, row) => map(x.slice(row * cols, (row + 1) * cols))).flat();
}

function softmax(row: readonly number[]): number[] {
  const max = Math.max(...row);
  const e = row.map((value) => Math.exp(value - max));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((value) => value / sum);
}

/** One loss of one row of outputs; weights of rows and the mean over rows are `meanLoss`'s. */
export type RowLoss = (output: readonly number[], target: readonly number[]) => number;

/** -Σ weight·q·ln softmax, q the target smoothed by epsilon. */
export const crossEntropy =
  (epsilon = 0, classWeights?: readonly number[]): RowLoss =>
  (z, target) => {
    const p = softmax(z);
    return -target.reduce((sum, t, j) => sum + (classWeights?.[j] ?? 1) * ((1 - epsilon) * t + epsilon / z.length) * Math.log(p[j]), 0);
  };

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export const binaryCrossEntropy =
  (positiveWeights?: readonly number[]): RowLoss =>
  (z, target) =>
    mean(z.map((v, j) => (positiveWeights?.[j] ?? 1) * target[j] * softplus(-v) + (1 - target[j]) * softplus(v)));

export const squaredError: RowLoss = (y, target) => mean(y.map((v, j) => (v - target[j]) ** 2));
export const absoluteError: RowLoss = (y, target) => mean(y.map((v, j) => Math.abs(v - target[j])));

const byElement =
  (f: (y: number, t: number) => number): RowLoss =>
  (y, target) =>
    mean(y.map((v, j) => f(v, target[j])));

export const huber = (delta: number): RowLoss =>
  byElement((y, t) => (Math.abs(y - t) <= delta ? (y - t) ** 2 / 2 : delta * (Math.abs(y - t) - delta / 2)));
export const logCosh: RowLoss = byElement((y, t) => Math.log(Math.cosh(y - t)));
export const hinge: RowLoss = byElement((y, t) => Math.max(0, 1 - (t > 0 ? 1 : -1) * y));
export const divergence: RowLoss = byElement((y, t) => (t === 0 ? 0 : t * (Math.log(t) - y)));

export const multiMargin =
  (margin: number): RowLoss =>
  (z, target) => {
    const label = target.indexOf(1);
    return z.reduce((sum, v, j) => sum + (j === label ? 0 : Math.max(0, margin - z[label] + v)), 0) / z.length;
  };

export const lp =
  (p: number): RowLoss =>
  (y, target) => {
    const errors = y.map((v, j) => Math.abs(v - target[j]));
    return p === Infinity ? Math.max(...errors) : errors.reduce((sum, e) => sum + e ** p, 0) ** (1 / p);
  };

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Σ weight·loss / Σ total, row by row; `totals` differ from the weights where a loss weighs classes itself. */
export function meanLoss(
  output: readonly number[],
  targets: readonly (readonly number[])[],
  loss: RowLoss,
  weights: readonly number[],
  totals: readonly number[] = weights,
): number {
  const cols = output.length / targets.length;
  let sum = 0;
  targets.forEach((target, row) => {
    sum += weights[row] * loss(output.slice(row * cols, (row + 1) * cols), target);
  });
  return sum / totals.reduce((a, b) => a + b, 0);
}
