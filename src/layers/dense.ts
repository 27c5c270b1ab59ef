/** The fully connected layer: y = x · weightᵀ + bias on the last axis. */
import { checkBoolean, checkCount, checkInRange, checkOptions, checkPositive, fail } from "../check.ts";
import { checkInitializer, type InitializerSpec, zeros } from "../initializers.ts";
import { isPenalty, type Penalty } from "../penalties.ts";
import type { Buffer, Builder } from "../program/builder.ts";
import { affine } from "./affine.ts";
import { thresholdOf } from "./dropout.ts";
import type { Layer } from "./layer.ts";
import type { Fold, LayerRule, ParameterBuffers } from "./rule.ts";

export interface DenseOptions {
  /** Whether a bias is added. Default true, as PyTorch. */
  bias?: boolean;
  /** Of the weight. Default by the activation that follows: heNormal before the ReLU family, xavierUniform else. */
  init?: InitializerSpec;
  /** Of the bias. Default zeros. */
  biasInit?: InitializerSpec;
  /** Of the weight, in the place of the penalty that training is given: l2(0) for none. Default that of training. */
  penalty?: Penalty;
  /**
   * The largest norm of the incoming weights of each unit, held after each update, in the place of the constraint that training is
   * given. Default that of training.
   */
  maxNorm?: number;
  /** Probability with which a training step leaves a weight out, one mask for all rows (Wan et al. 2013). Default 0. */
  dropConnect?: number;
}

export interface DenseLayer<U extends number = number> extends Layer<{ readonly type: "units"; readonly units: U }>, DenseOptions {
  readonly kind: "dense";
  readonly units: U;
}

/**
 * `units` outputs from the last axis: [..., in] becomes [..., units]. Parameters: weight [units, in], bias [units].
 * @throws OptionError for unknown options and units that are not a positive integer, dropConnect outside [0, 1), maxNorm not above 0.
 */
export function dense<const U extends number>(units: U, options: DenseOptions = {}): DenseLayer<U> {
  checkOptions("dense", options, OPTIONS);
  const layer: DenseLayer<U> = { kind: "dense", units, ...options };
  denseRule.check(layer, "dense");
  return layer;
}

const OPTIONS = ["bias", "init", "biasInit", "penalty", "maxNorm", "dropConnect"];

export const denseRule: LayerRule<DenseLayer> = {
  check({ kind: _, units, bias = true, init, biasInit, penalty, maxNorm, dropConnect = 0, ...rest }, where) {
    checkOptions(where, rest, ["units", ...OPTIONS]);
    checkInRange(`${where}: dropConnect`, dropConnect, 0, 1);
    checkCount(`${where}: units`, units);
    checkBoolean(`${where}: bias`, bias);
    if (init !== undefined) checkInitializer(`${where}: init`, init);
    if (biasInit !== undefined) checkInitializer(`${where}: biasInit`, biasInit);
    if (penalty !== undefined && !isPenalty(penalty)) fail(`${where}: penalty`, "made by l2(1e-4) or the like", penalty);
    if (maxNorm !== undefined) checkPositive(`${where}: maxNorm`, maxNorm);
  },
  outputShape: ({ units }, input) => [...input.slice(0, -1), units],
  parameters({ units, bias = true, init = undefined, biasInit = zeros(), penalty, maxNorm }, input) {
    const shape = [units, input.at(-1)!];
    const weight = { name: "weight", shape, role: "parameter", init: init ?? "default", penalty, maxNorm } as const;
    return bias ? [weight, { name: "bias", shape: [units], role: "parameter", init: biasInit }] : [weight];
  },
  // A mask that changes from run to run can't be folded into panels that are packed once.
  canFold: ({ dropConnect = 0 }, mode) => mode === "infer" || dropConnect === 0,
  forward({ units, dropConnect = 0 }, { builder, x, parameters, fold, stream, control }) {
    const { weight, bias } = parameters as { weight: ParameterBuffers; bias?: ParameterBuffers };
    if (dropConnect > 0 && builder.mode !== "infer") {
      const words = units * x.shape.at(-1)!;
      const masked = builder.buffer("maskedWeight", words);
      const mask = builder.buffer("mask", words);
      const sizes = { count: words, stream, threshold: thresholdOf(dropConnect) };
      builder.emit("dropout", { x: weight.value, y: masked, mask, control }, sizes, { scale: 1 / (1 - dropConnect) });
      return affine(builder, x, units, { weight, bias, masked: { weight: masked, mask } });
    }
    const folded = fold && foldNormalization(builder, units, x.shape.at(-1)!, weight.value, bias?.value, fold);
    return affine(builder, x, units, { weight, bias, folded });
  },
};

/** Weight and bias with the batch-norm after the product taken in: w·s, (b - mean)·s + shift, with s = weight / √(variance + eps). */
function foldNormalization(
  builder: Builder,
  units: number,
  inner: number,
  weight: Buffer,
  bias: Buffer | undefined,
  { parameters, eps }: Fold,
): { weight: Buffer; bias: Buffer } {
  const scale = builder.buffer("foldScale", units);
  const foldedWeight = builder.buffer("foldedWeight", units * inner);
  const foldedBias = builder.buffer("foldedBias", units);
  builder.inSpan("prepare", () => {
    const variance = parameters.running_var!.value;
    builder.emit("columnScale", { variance, weight: parameters.weight!.value, scale }, { count: units }, { eps });
    builder.emit("scaleRows", { w: weight, scale, y: foldedWeight }, { rows: units, cols: inner });
    const mean = parameters.running_mean!.value;
    builder.emit("foldBias", { bias, mean, scale, shift: parameters.bias!.value, y: foldedBias }, { count: units });
  });
  return { weight: foldedWeight, bias: foldedBias };
}
