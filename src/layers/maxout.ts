/** Maxout: each unit is the largest of several affine pieces, so that it learns its own activation (Goodfellow et al. 2013). */
import { checkCount, checkOptions } from "../check.ts";
import { checkInitializer, type InitializerSpec, normal, zeros } from "../initializers.ts";
import type { Value } from "../program/builder.ts";
import { perRow } from "../program/count.ts";
import { sizeOf } from "../shape.ts";
import { affine } from "./affine.ts";
import type { Layer } from "./layer.ts";
import type { LayerRule, ParameterBuffers } from "./rule.ts";

export interface MaxoutOptions {
  /** Affine pieces of each unit. Default 2. */
  pieces?: number;
  /** Of the weight. Default N(0, 1/in): the square of the larger of two such pieces has the expectation of the input's. */
  init?: InitializerSpec;
  /** Of the bias. Default zeros. */
  biasInit?: InitializerSpec;
}

export interface MaxoutLayer<U extends number = number> extends Layer<{ readonly type: "units"; readonly units: U }>, MaxoutOptions {
  readonly kind: "maxout";
  readonly units: U;
}

const OPTIONS = ["pieces", "init", "biasInit"];

/**
 * y_u = max over k of x · weight[u·pieces + k] + bias[u·pieces + k] on the last axis: [..., in] becomes [..., units]. The gradient
 * goes to the first largest piece. Parameters: weight [units·pieces, in], bias [units·pieces]. No activation after it.
 * @throws OptionError for unknown options, units that are not a positive integer, fewer than 2 pieces.
 */
export function maxout<const U extends number>(units: U, options: MaxoutOptions = {}): MaxoutLayer<U> {
  checkOptions("maxout", options, OPTIONS);
  const layer: MaxoutLayer<U> = { kind: "maxout", units, ...options };
  maxoutRule.check(layer, "maxout");
  return layer;
}

export const maxoutRule: LayerRule<MaxoutLayer> = {
  check({ kind: _, units, pieces = 2, init, biasInit, ...rest }, where) {
    checkOptions(where, rest, ["units", ...OPTIONS]);
    checkCount(`${where}: units`, units);
    checkCount(`${where}: pieces`, pieces, 2);
    if (init !== undefined) checkInitializer(`${where}: init`, init);
    if (biasInit !== undefined) checkInitializer(`${where}: biasInit`, biasInit);
  },
  outputShape: ({ units }, input) => [...input.slice(0, -1), units],
  parameters({ units, pieces = 2, init, biasInit = zeros() }, input) {
    const inner = input.at(-1)!;
    return [
      { name: "weight", shape: [units * pieces, inner], role: "parameter", init: init ?? normal({ std: 1 / Math.sqrt(inner) }) },
      { name: "bias", shape: [units * pieces], role: "parameter", init: biasInit },
    ];
  },
  forward({ units, pieces = 2 }, { builder, x, parameters }) {
    const { weight, bias } = parameters as Record<"weight" | "bias", ParameterBuffers>;
    const z = affine(builder, x, units * pieces, { weight, bias });
    const lead = sizeOf(x.shape.slice(0, -1));
    const sizes = { rows: perRow(lead), cols: units, pieces };
    const y: Value = { ...z, buffer: builder.buffer("largest", perRow(lead * units)), shape: [...x.shape.slice(0, -1), units] };
    builder.emit("maxPieces", { x: z.buffer, y: y.buffer }, sizes);
    return builder.differentiate(y, (dy) => {
      const dx = builder.buffer("dlargest", perRow(lead * units * pieces));
      builder.emit("maxPiecesGrad", { dy, x: z.buffer, dx }, sizes);
      builder.contribute(z, dx);
    });
  },
};
