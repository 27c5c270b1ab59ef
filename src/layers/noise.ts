/** Layers that disturb values in training: dropout that suits selu, and additive noise. Inference leaves values as they are. */
import { checkInRange, checkNotNegative, checkOptions } from "../check.ts";
import type { Value } from "../program/builder.ts";
import { perRow } from "../program/count.ts";
import { sizeOf } from "../shape.ts";
import { thresholdOf } from "./dropout.ts";
import type { Layer } from "./layer.ts";
import type { LayerRule } from "./rule.ts";

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
  alphaDropoutRule.check(layer, "alphaDropout");
  return layer;
}

/**
 * In training y = x + std · z, z standard normal, a new one for each value and step; the gradient passes as it is.
 * @throws OptionError for unknown options, or if std is negative or not finite.
 */
export function gaussianNoise(options: GaussianNoiseOptions = {}): GaussianNoiseLayer {
  checkOptions("gaussianNoise", options, ["std"]);
  const layer: GaussianNoiseLayer = { kind: "gaussianNoise", ...options };
  gaussianNoiseRule.check(layer, "gaussianNoise");
  return layer;
}

/** -scale · alpha of selu. */
const LOWER_LIMIT = -1.7580993408473766;

export const alphaDropoutRule: LayerRule<AlphaDropoutLayer> = {
  check({ kind: _, rate, ...rest }, where) {
    checkOptions(where, rest, ["rate"]);
    checkInRange(`${where}: rate`, rate, 0, 1);
  },
  outputShape: (_, input) => input,
  parameters: () => [],
  forward({ rate }, { builder, x, stream, control }) {
    if (builder.mode === "infer" || rate === 0) return x;
    const count = perRow(sizeOf(x.shape));
    const y: Value = { ...x, buffer: builder.buffer("y", count) };
    const mask = builder.buffer("mask", count);
    const keep = 1 - rate;
    const scale = 1 / Math.sqrt(keep * (1 + rate * LOWER_LIMIT * LOWER_LIMIT));
    const shift = -scale * rate * LOWER_LIMIT;
    const constants = { scale, shift, dropped: scale * LOWER_LIMIT + shift };
    const sizes = { count, stream, threshold: thresholdOf(rate) };
    builder.emit("alphaDropout", { x: x.buffer, y: y.buffer, mask, control }, sizes, constants);
    return builder.differentiate(y, (dy) => {
      const dx = builder.buffer("dx", count);
      builder.emit("multiply", { x: dy, y: mask, z: dx }, { count });
      builder.contribute(x, dx);
    });
  },
};

export const gaussianNoiseRule: LayerRule<GaussianNoiseLayer> = {
  check({ kind: _, std = 0.1, ...rest }, where) {
    checkOptions(where, rest, ["std"]);
    checkNotNegative(`${where}: std`, std);
  },
  outputShape: (_, input) => input,
  parameters: () => [],
  forward({ std = 0.1 }, { builder, x, stream, control }) {
    if (builder.mode === "infer" || std === 0) return x;
    const count = perRow(sizeOf(x.shape));
    const y: Value = { ...x, buffer: builder.buffer("y", count) };
    builder.emit("gaussianNoise", { x: x.buffer, y: y.buffer, control }, { count, stream }, { std });
    return builder.differentiate(y, (dy) => builder.contribute(x, dy));
  },
};
