/** Batch normalization of each feature, or of each channel of images (Ioffe & Szegedy 2015). */
import { checkBetween, checkOptions, checkPositive } from "../check.ts";
import type { Layer } from "./layer.ts";

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
 * running ones (unbiased) in inference. Rows of shape [features] have a mean and a variance per feature; rows of more axes,
 * such as images [channels, height, width], have them per channel, over the batch and all positions, as PyTorch's BatchNorm2d.
 * Parameters: weight, bias, running_mean, running_var, all [features] or [channels].
 * A training batch needs at least two values per feature or channel: two rows, or one row of several positions.
 * @throws OptionError for unknown options, momentum outside [0, 1], eps not above 0.
 */
export function batchNorm(options: BatchNormOptions = {}): BatchNormLayer {
  checkOptions("batchNorm", options, ["momentum", "eps"]);
  const layer: BatchNormLayer = { kind: "batchNorm", ...options };
  checkBatchNorm(layer, "batchNorm");
  return layer;
}

/** PyTorch's default. */
export const BATCH_NORM_EPS = 1e-5;

export function checkBatchNorm({ kind: _, momentum = 0.1, eps = BATCH_NORM_EPS, ...rest }: BatchNormLayer, where: string): void {
  checkOptions(where, rest, ["momentum", "eps"]);
  checkBetween(`${where}: momentum`, momentum, 0, 1);
  checkPositive(`${where}: eps`, Math.fround(eps));
}
