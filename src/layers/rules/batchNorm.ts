/** Batch normalization at work: shapes, parameters, ops, of a batch or of running statistics. */
import { constant, zeros } from "../../initializers.ts";
import type { Value } from "../../program/builder.ts";
import { type Count, perRow } from "../../program/count.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import { BATCH_NORM_EPS, type BatchNormLayer, checkBatchNorm } from "../batchNorm.ts";
import type { ForwardContext, LayerRule, ParameterBuffers } from "../rule.ts";

type Parameters = Record<"weight" | "bias" | "running_mean" | "running_var", ParameterBuffers>;

export const batchNormRule: LayerRule<BatchNormLayer> = {
  check: checkBatchNorm,
  outputShape: (_, input) => input,
  at: (input) => (positionsOf(input) === 1 ? batchNormRule : imageRule),
  parameters(_, [channels]) {
    const shape = [channels!];
    return [
      { name: "weight", shape, role: "parameter", init: constant(1) },
      { name: "bias", shape, role: "parameter", init: zeros() },
      { name: "running_mean", shape, role: "statistic", init: zeros() },
      { name: "running_var", shape, role: "statistic", init: constant(1) },
    ];
  },
  needsTwoRows: true,
  forward: (layer, context) => (context.builder.mode === "train" ? train(layer, context) : infer(layer, context)),
};

/** Of one row of several positions there is a variance. */
const imageRule: LayerRule<BatchNormLayer> = { ...batchNormRule, needsTwoRows: false };

function positionsOf(shape: Shape): number {
  return sizeOf(shape) / shape[0]!;
}

/** The ops and their sizes: rows of one position are a matrix. */
function opsFor(shape: Shape) {
  const channels = shape[0]!;
  const positions = positionsOf(shape);
  const rows = perRow(1);
  const samples = perRow(positions);
  const words = perRow(channels * positions);
  const sizes: Record<string, Count> = positions === 1 ? { rows, cols: channels } : { rows, channels, positions };
  return { ...(positions === 1 ? columnOps : channelOps), sizes, channels, samples, words };
}

const columnOps = {
  moments: "columnMoments",
  normalize: "normalizeColumns",
  sums: "normalizeColumnsSums",
  gradient: "normalizeColumnsGrad",
} as const;
const channelOps = {
  moments: "channelMoments",
  normalize: "normalizeChannels",
  sums: "normalizeChannelsSums",
  gradient: "normalizeChannelsGrad",
} as const;

/** A relu that follows may raise it (program/fuse.ts). */
const ALL_VALUES = { floor: Number.NEGATIVE_INFINITY };

function train({ momentum = 0.1, eps = BATCH_NORM_EPS }: BatchNormLayer, { builder, x, parameters }: ForwardContext): Value {
  const { weight, bias, running_mean, running_var } = parameters as Parameters;
  const { moments, normalize, sums, gradient, sizes, channels, samples, words } = opsFor(x.shape);
  const mean = builder.buffer("mean", channels);
  const variance = builder.buffer("variance", channels);
  const inverse = builder.buffer("inverse", channels);
  const needsGradient = x.needsGradient || weight.gradient !== undefined || bias.gradient !== undefined;
  const y: Value = { buffer: builder.buffer("y", words), shape: x.shape, needsGradient };
  builder.emit(moments, { x: x.buffer, mean, variance }, sizes);
  builder.emit("columnInverse", { variance, inverse }, { count: channels }, { eps });
  builder.emit(normalize, { x: x.buffer, mean, inverse, weight: weight.value, bias: bias.value, y: y.buffer }, sizes, ALL_VALUES);
  builder.inSpan("statistics", () => {
    const operands = { mean, variance, runningMean: running_mean.value, runningVariance: running_var.value };
    builder.emit("blendStatistics", operands, { samples, cols: channels }, { momentum });
  });
  return builder.differentiate(y, (dy) => {
    // The sums are needed for dx even where the parameters themselves are frozen.
    const dweight = weight.gradient ?? builder.buffer("dweight", channels);
    const dbias = bias.gradient ?? builder.buffer("dbias", channels);
    builder.emit(sums, { dy, x: x.buffer, mean, inverse, dweight, dbias }, sizes);
    if (!x.needsGradient) return;
    const dx = builder.buffer("dx", words);
    builder.emit(gradient, { dy, x: x.buffer, mean, inverse, weight: weight.value, dweight, dbias, dx }, sizes);
    builder.contribute(x, dx);
  });
}

function infer({ eps = BATCH_NORM_EPS }: BatchNormLayer, { builder, x, parameters }: ForwardContext): Value {
  const { weight, bias, running_mean, running_var } = parameters as Parameters;
  const { normalize, sizes, channels, words } = opsFor(x.shape);
  const inverse = builder.buffer("inverse", channels);
  const y: Value = { buffer: builder.buffer("y", words), shape: x.shape, needsGradient: false };
  builder.inSpan("prepare", () => builder.emit("columnInverse", { variance: running_var.value, inverse }, { count: channels }, { eps }));
  const operands = { x: x.buffer, mean: running_mean.value, inverse, weight: weight.value, bias: bias.value, y: y.buffer };
  builder.emit(normalize, operands, sizes, ALL_VALUES);
  return y;
}
