/** Dropout (Srivastava et al. 2014), inverted or classic: drops in training, nothing is random in inference. */
import { checkInRange, checkOneOf, checkOptions } from "../check.ts";
import type { Value } from "../program/builder.ts";
import { perRow } from "../program/count.ts";
import { sizeOf } from "../shape.ts";
import type { Layer } from "./layer.ts";
import type { LayerRule } from "./rule.ts";

export interface DropoutOptions {
  /** Where the expectation is mended: "train" divides what is kept by (1 - rate); "test", the classic form, multiplies in inference. */
  scale?: "train" | "test";
}

export interface DropoutLayer extends Layer<{ readonly type: "same" }>, DropoutOptions {
  readonly kind: "dropout";
  readonly rate: number;
}

/**
 * In training each value is 0 with probability `rate` and divided by (1 - rate) else, so that its expectation stays. With
 * `scale: "test"` what is kept stays as it is, and inference multiplies by (1 - rate).
 * Masks depend on seed, layer, run, step and element only: not on threads, not on the runtime.
 * @throws OptionError if rate is not in [0, 1), or for unknown options.
 */
export function dropout(rate: number, options: DropoutOptions = {}): DropoutLayer {
  checkOptions("dropout", options, ["scale"]);
  const layer: DropoutLayer = { kind: "dropout", rate, ...options };
  dropoutRule.check(layer, "dropout");
  return layer;
}

/** A value is dropped if its 31 highest random bits are below rate · 2³¹ (the highest bit of a size has another use). */
export const thresholdOf = (rate: number): number => Math.min(Math.round(rate * 0x80000000), 0x7fffffff);

export const dropoutRule: LayerRule<DropoutLayer> = {
  check({ kind: _, rate, scale = "train", ...rest }, where) {
    checkOptions(where, rest, ["rate", "scale"]);
    checkInRange(`${where}: rate`, rate, 0, 1);
    checkOneOf(`${where}: scale`, scale, ["train", "test"]);
  },
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
