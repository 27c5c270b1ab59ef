/** Inverted dropout (Srivastava et al. 2014): drops in training, does nothing in inference. */
import { checkInRange, checkOptions } from "../check.ts";
import { perRow, type Value } from "../program/builder.ts";
import { sizeOf } from "../shape.ts";
import type { Layer } from "./layer.ts";
import type { LayerRule } from "./rule.ts";

export interface DropoutLayer extends Layer<{ readonly type: "same" }> {
  readonly kind: "dropout";
  readonly rate: number;
}

/**
 * In training each value is 0 with probability `rate` and divided by (1 - rate) else, so that its expectation stays.
 * Masks depend on seed, layer, run, step and element only: not on threads, not on the runtime.
 * @throws OptionError if rate is not in [0, 1).
 */
export function dropout(rate: number): DropoutLayer {
  const layer: DropoutLayer = { kind: "dropout", rate };
  dropoutRule.check(layer, "dropout");
  return layer;
}

export const dropoutRule: LayerRule<DropoutLayer> = {
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
    // A value is dropped if its 31 highest random bits are below rate · 2³¹ (the highest bit of a size has another use).
    const threshold = Math.min(Math.round(rate * 0x80000000), 0x7fffffff);
    const sizes = { count, stream, threshold };
    builder.emit("dropout", { x: x.buffer, y: y.buffer, mask, control }, sizes, { scale: 1 / (1 - rate) });
    return builder.differentiate(y, (dy) => {
      const dx = builder.buffer("dx", count);
      builder.emit("multiply", { x: dy, y: mask, z: dx }, { count });
      builder.contribute(x, dx);
    });
  },
};
