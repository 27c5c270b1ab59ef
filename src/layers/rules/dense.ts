/** The fully connected layer at work: shapes, parameters, ops. */
import { zeros } from "../../initializers.ts";
import type { Buffer, Builder } from "../../program/builder.ts";
import { checkDense, type DenseLayer } from "../dense.ts";
import type { Fold, LayerRule, ParameterBuffers } from "../rule.ts";
import { affine } from "./affine.ts";
import { thresholdOf } from "./dropout.ts";

export const denseRule: LayerRule<DenseLayer> = {
  check: checkDense,
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
