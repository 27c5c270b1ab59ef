/** Dropout at work: a mask in training, nothing or a factor in inference. */
import type { Value } from "../../program/builder.ts";
import { perRow } from "../../program/count.ts";
import { sizeOf } from "../../shape.ts";
import { checkDropout, type DropoutLayer } from "../dropout.ts";
import type { LayerRule } from "../rule.ts";

/** A value is dropped if its 31 highest random bits are below rate · 2³¹ (the highest bit of a size has another use). */
export const thresholdOf = (rate: number): number => Math.min(Math.round(rate * 0x80000000), 0x7fffffff);

export const dropoutRule: LayerRule<DropoutLayer> = {
  check: checkDropout,
  outputShape: (_, input) => input,
  parameters: () => [],
  forward({ rate, scale = "train" }, { builder, x, stream, control }) {
    if (rate === 0) return x;
    const count = perRow(sizeOf(x.shape));
    if (builder.mode === "infer") {
      if (scale === "train") return x;
      const y: Value = { ...x, buffer: builder.buffer("y", count) };
      builder.emit("combine", { x: x.buffer, z: y.buffer }, { count }, { p: 1 - rate, q: 0 });
      return y;
    }
    const y: Value = { ...x, buffer: builder.buffer("y", count) };
    const mask = builder.buffer("mask", count);
    const sizes = { count, stream, threshold: thresholdOf(rate) };
    builder.emit("dropout", { x: x.buffer, y: y.buffer, mask, control }, sizes, { scale: scale === "train" ? 1 / (1 - rate) : 1 });
    return builder.differentiate(y, (dy) => {
      const dx = builder.buffer("dx", count);
      builder.emit("multiply", { x: dy, y: mask, z: dx }, { count });
      builder.contribute(x, dx);
    });
  },
};
