/** alphaDropout and gaussianNoise at work: ops in training only. */
import type { Value } from "../../program/builder.ts";
import { perRow } from "../../program/count.ts";
import { sizeOf } from "../../shape.ts";
import { type AlphaDropoutLayer, checkAlphaDropout, checkGaussianNoise, type GaussianNoiseLayer } from "../noise.ts";
import type { LayerRule } from "../rule.ts";
import { thresholdOf } from "./dropout.ts";

/** -scale · alpha of selu. */
const LOWER_LIMIT = -1.7580993408473766;

export const alphaDropoutRule: LayerRule<AlphaDropoutLayer> = {
  check: checkAlphaDropout,
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
  check: checkGaussianNoise,
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
