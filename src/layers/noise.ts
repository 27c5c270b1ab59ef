/** Layers that disturb values in training: dropout that suits selu, and additive noise. Inference leaves values as they are. */
import { checkInRange, checkNotNegative, checkOptions } from "../check.ts";
import type { Layer } from "./layer.ts";

export interface AlphaDropoutLayer extends Layer<{ readonly type: "same" }> {
  readonly kind: "alphaDropout";
  readonly rate: number;
}

export interface GaussianNoiseOptions {
  /** Standard deviation of the noise. Default 0.1, as Keras' examples. */
  std?: number;
}

export interface GaussianNoiseLayer extends Layer<{ readonly type: "same" }>, GaussianNoiseOptions {
  readonly kind: "gaussianNoise";
}

/**
 * In training each value is selu's lower limit -1.758 with probability `rate`; then all are scaled and shifted so that mean 0 and
 * variance 1 stay (Klambauer et al. 2017). Masks as dropout's.
 * @throws OptionError if rate is not in [0, 1).
 */
export function alphaDropout(rate: number): AlphaDropoutLayer {
  const layer: AlphaDropoutLayer = { kind: "alphaDropout", rate };
  checkAlphaDropout(layer, "alphaDropout");
  return layer;
}

/**
 * In training y = x + std · z, z standard normal, a new one for each value and step; the gradient passes as it is.
 * @throws OptionError for unknown options, or if std is negative or not finite.
 */
export function gaussianNoise(options: GaussianNoiseOptions = {}): GaussianNoiseLayer {
  checkOptions("gaussianNoise", options, ["std"]);
  const layer: GaussianNoiseLayer = { kind: "gaussianNoise", ...options };
  checkGaussianNoise(layer, "gaussianNoise");
  return layer;
}

export function checkAlphaDropout({ kind: _, rate, ...rest }: AlphaDropoutLayer, where: string): void {
  checkOptions(where, rest, ["rate"]);
  checkInRange(`${where}: rate`, rate, 0, 1);
}

export function checkGaussianNoise({ kind: _, std = 0.1, ...rest }: GaussianNoiseLayer, where: string): void {
  checkOptions(where, rest, ["std"]);
  checkNotNegative(`${where}: std`, std);
}
