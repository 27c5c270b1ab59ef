/** Batch normalization of each feature (Ioffe & Szegedy 2015). */
import { checkBetween, checkOptions, checkPositive } from "../check.ts";
import { ShapeError } from "../errors.ts";
import { constant, zeros } from "../initializers.ts";
import { perRow, type Value } from "../program/builder.ts";
import { showShape } from "../shape.ts";
import type { Layer } from "./layer.ts";
import type { ForwardContext, LayerRule, ParameterBuffers } from "./rule.ts";

export interface BatchNormOptions {
  /** Weight of the newest batch in the running statistics. Default 0.1, as PyTorch. */
  momentum?: number;
  /** Added to the variance. Default 1e-5, as PyTorch. */
  eps?: number;
}

export interface BatchNormLayer extends Layer<{ readonly type: "same" }>, BatchNormOptions {
  readonly kind: "batchNorm";
}

/**
 * y = (x - mean) / √(variance + eps) · weight + bias: with the batch's own statistics in training (biased variance), with the
 * running ones (unbiased) in inference. Parameters: weight, bias, running_mean, running_var, all [features].
 * A training batch needs at least two rows.
 * @throws OptionError for unknown options, momentum outside [0, 1], eps not above 0.
 */
export function batchNorm(options: BatchNormOptions = {}): BatchNormLayer {
  checkOptions("batchNorm", options, ["momentum", "eps"]);
  const layer: BatchNormLayer = { kind: "batchNorm", ...options };
  batchNormRule.check(layer, "batchNorm");
  return layer;
}

type Parameters = Record<"weight" | "bias" | "running_mean" | "running_var", ParameterBuffers>;

export const batchNormRule: LayerRule<BatchNormLayer> = {
  check({ kind: _, momentum = 0.1, eps = BATCH_NORM_EPS, ...rest }, where) {
    checkOptions(where, rest, ["momentum", "eps"]);
    checkBetween(`${where}: momentum`, momentum, 0, 1);
    checkPositive(`${where}: eps`, Math.fround(eps));
  },
  outputShape(_, input, where) {
    if (input.length !== 1) throw new ShapeError(`${where}: batchNorm needs rows of shape [features], got ${showShape(input)}`);
    return input;
  },
  parameters: (_, input) => [
    { name: "weight", shape: input, role: "parameter", init: constant(1) },
    { name: "bias", shape: input, role: "parameter", init: zeros() },
    { name: "running_mean", shape: input, role: "statistic", init: zeros() },
    { name: "running_var", shape: input, role: "statistic", init: constant(1) },
  ],
  needsTwoRows: true,
  forward: (layer, context) => (context.builder.mode === "train" ? train(layer, context) : infer(layer, context)),
};

/** PyTorch's default. */
export const BATCH_NORM_EPS = 1e-5;

function train({ momentum = 0.1, eps = BATCH_NORM_EPS }: BatchNormLayer, { builder, x, parameters }: ForwardContext): Value {
  const { weight, bias, running_mean, running_var } = parameters as Parameters;
  const cols = x.shape[0]!;
  const sizes = { rows: perRow(1), cols };
  const mean = builder.buffer("mean", cols);
  const variance = builder.buffer("variance", cols);
  const inverse = builder.buffer("inverse", cols);
  const needsGradient = x.needsGradient || weight.gradient !== undefined || bias.gradient !== undefined;
  const y: Value = { buffer: builder.buffer("y", perRow(cols)), shape: x.shape, needsGradient };
  builder.emit("columnMoments", { x: x.buffer, mean, variance }, sizes);
  builder.emit("columnInverse", { variance, inverse }, { count: cols }, { eps });
  builder.emit("normalizeColumns", { x: x.buffer, mean, inverse, weight: weight.value, bias: bias.value, y: y.buffer }, sizes);
  builder.inSpan("statistics", () => {
    builder.emit("blendStatistics", { mean, variance, runningMean: running_mean.value, runningVariance: running_var.value }, sizes, {
      momentum,
    });
  });
  return builder.differentiate(y, (dy) => {
    // The sums are needed for dx even where the parameters themselves are frozen.
    const dweight = weight.gradient ?? builder.buffer("dweight", cols);
    const dbias = bias.gradient ?? builder.buffer("dbias", cols);
    builder.emit("normalizeColumnsSums", { dy, x: x.buffer, mean, inverse, dweight, dbias }, sizes);
    if (!x.needsGradient) return;
    const dx = builder.buffer("dx", perRow(cols));
    builder.emit("normalizeColumnsGrad", { dy, x: x.buffer, mean, inverse, weight: weight.value, dweight, dbias, dx }, sizes);
    builder.contribute(x, dx);
  });
}

function infer({ eps = BATCH_NORM_EPS }: BatchNormLayer, { builder, x, parameters }: ForwardContext): Value {
  const { weight, bias, running_mean, running_var } = parameters as Parameters;
  const cols = x.shape[0]!;
  const inverse = builder.buffer("inverse", cols);
  const y: Value = { buffer: builder.buffer("y", perRow(cols)), shape: x.shape, needsGradient: false };
  builder.inSpan("prepare", () => builder.emit("columnInverse", { variance: running_var.value, inverse }, { count: cols }, { eps }));
  const operands = { x: x.buffer, mean: running_mean.value, inverse, weight: weight.value, bias: bias.value, y: y.buffer };
  builder.emit("normalizeColumns", operands, { rows: perRow(1), cols });
  return y;
}
