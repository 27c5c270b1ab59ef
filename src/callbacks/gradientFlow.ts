/** How values and gradients pass through the layers while a net trains: whether they vanish, explode or die on the way. */
import { checkCount, checkOptions } from "../check.ts";
import type { Callback, LayerValues } from "./callback.ts";

export interface GradientFlowOptions {
  /** Epochs from one measurement to the next. Default 1. */
  every?: number;
}

/** One layer after one epoch: a flat row, as console.table and plots take it. Norms are Euclidean. */
export interface LayerFlow {
  epoch: number;
  /** "3 (dense)", within a layer "3.0 (dense)". */
  layer: string;
  /** Of the layer's outputs: mean, standard deviation, fraction that is exactly 0 (of a ReLU: what is off). */
  mean: number;
  std: number;
  zeros: number;
  /** Of the loss's gradient by these outputs; undefined where no step needs it. */
  gradientMean: number | undefined;
  gradientStd: number | undefined;
  gradientZeros: number | undefined;
  /** Of its parameters: of their gradient (without penalties), of themselves, and of the epoch's last update over the latter. */
  gradientNorm: number | undefined;
  parameterNorm: number | undefined;
  updateRatio: number | undefined;
}

export interface GradientFlow extends Callback {
  /** A row per layer and measured epoch of the last fit (of a resumed one, from there on), in the order of the net. */
  readonly rows: readonly LayerFlow[];
}

/**
 * Measures every layer at the end of epochs, on the batch of the epoch's last step, with the masks it had, at the weights after
 * it; the run's own weights where ema or swa average them. Training goes the way it goes without. An updateRatio near 1e-3 is
 * usual; a gradientStd that shrinks from layer to layer towards the input is a gradient that vanishes. A layer that stochastic
 * depth left out of that step shows zeros.
 * @throws OptionError for unknown options, or `every` not a positive integer.
 */
export function gradientFlow(options: GradientFlowOptions = {}): GradientFlow {
  checkOptions("gradientFlow", options, ["every"]);
  const { every = 1 } = options;
  checkCount("gradientFlow: every", every);
  let rows: LayerFlow[] = [];
  let before: Record<string, Float32Array> = {};
  return {
    get rows() {
      return rows;
    },
    onStart(_, run) {
      rows = [];
      before = run.parameters(); // a resumed run may have one step left in its epoch
    },
    onStep({ epoch, stepInEpoch, stepsPerEpoch }, run) {
      if (stepInEpoch === stepsPerEpoch && (epoch + 1) % every === 0) {
        const after = run.parameters();
        for (const layer of run.layers()) rows.push(flowOf(epoch, layer, before, after));
      }
      if (stepInEpoch === stepsPerEpoch - 1 || stepsPerEpoch === 1) before = run.parameters();
    },
  };
}

type Parameters = Readonly<Record<string, Float32Array>>;

function flowOf(
  epoch: number,
  { name, kind, output, outputGradient, gradients }: LayerValues,
  before: Parameters,
  after: Parameters,
): LayerFlow {
  const values = momentsOf(output);
  const slopes = outputGradient && momentsOf(outputGradient);
  const names = Object.keys(gradients);
  const hasParameters = names.length > 0;
  const parameterNorm = hasParameters ? norm(names, (key, i) => after[key]![i]!, after) : undefined;
  const update = hasParameters ? norm(names, (key, i) => after[key]![i]! - before[key]![i]!, after) : 0;
  return {
    epoch,
    layer: `${name} (${kind})`,
    ...values,
    gradientMean: slopes?.mean,
    gradientStd: slopes?.std,
    gradientZeros: slopes?.zeros,
    gradientNorm: hasParameters ? norm(names, (key, i) => gradients[key]![i]!, after) : undefined,
    parameterNorm,
    updateRatio: parameterNorm === undefined ? undefined : update / parameterNorm,
  };
}

function norm(names: readonly string[], at: (name: string, i: number) => number, like: Parameters): number {
  let sum = 0;
  for (const name of names) {
    for (let i = 0; i < like[name]!.length; i++) {
      const value = at(name, i);
      sum += value * value;
    }
  }
  return Math.sqrt(sum);
}

function momentsOf(values: Float32Array): { mean: number; std: number; zeros: number } {
  let sum = 0;
  let zeros = 0;
  for (const value of values) {
    sum += value;
    if (value === 0) zeros++;
  }
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  return { mean, std: Math.sqrt(squares / values.length), zeros: zeros / values.length };
}
