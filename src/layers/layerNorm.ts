/** Layer normalization: each row by its own mean and variance (Ba et al. 2016). The same in training and in inference. */
import { checkCount, checkOptions, checkPositive } from "../check.ts";
import type { Layer } from "./layer.ts";

export interface LayerNormOptions {
  /** Trailing axes over which values are normalized together. Default 1. */
  axes?: number;
  /** Added to the variance. Default 1e-5, as PyTorch. */
  eps?: number;
}

export interface LayerNormLayer extends Layer<{ readonly type: "same" }>, LayerNormOptions {
  readonly kind: "layerNorm";
}

/**
 * y = (x - mean) / √(variance + eps) · weight + bias, mean and biased variance over the last `axes` axes of a row.
 * Parameters: weight and bias of the shape of those axes; never penalized or decayed.
 * @throws OptionError for unknown options, axes that are not a positive integer, eps not above 0.
 */
export function layerNorm(options: LayerNormOptions = {}): LayerNormLayer {
  checkOptions("layerNorm", options, ["axes", "eps"]);
  const layer: LayerNormLayer = { kind: "layerNorm", ...options };
  checkLayerNorm(layer, "layerNorm");
  return layer;
}

/** PyTorch's default. */
export const LAYER_NORM_EPS = 1e-5;

export function checkLayerNorm({ kind: _, axes = 1, eps = LAYER_NORM_EPS, ...rest }: LayerNormLayer, where: string): void {
  checkOptions(where, rest, ["axes", "eps"]);
  checkCount(`${where}: axes`, axes);
  checkPositive(`${where}: eps`, Math.fround(eps));
}
