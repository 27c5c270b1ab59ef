/** Residual blocks (He et al. 2016), with stochastic depth (Huang et al. 2016). */
import { checkCount, checkInRange, checkOptions, fail } from "../check.ts";
import { ShapeError } from "../errors.ts";
import type { Value } from "../program/builder.ts";
import { perRow } from "../program/count.ts";
import { drawOf, optional } from "../program/optional.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { dense } from "./dense.ts";
import type { Layer } from "./layer.ts";
import type { LayerRule } from "./rule.ts";

export interface ResidualOptions {
  /** Probability with which a training step leaves the whole branch out, and its work with it. Default 0. */
  dropRate?: number;
}

export interface ResidualLayer extends Layer, ResidualOptions {
  readonly kind: "residual";
  readonly layers: readonly Layer[];
}

/**
 * y = shortcut(x) + layers(x). The shortcut is x itself, or, where the layers change the last axis, a product without bias:
 * "3.shortcut.weight" of a block at 3, whose layers are "3.0", "3.1", ... With `dropRate` one draw per step decides whether
 * the branch is there at all; in inference it is scaled by (1 - dropRate).
 * @throws OptionError for unknown options, no layers, dropRate outside [0, 1); build throws a ShapeError if axes but the last change.
 */
export function residual(layers: readonly Layer[], options: ResidualOptions = {}): ResidualLayer {
  checkOptions("residual", options, ["dropRate"]);
  const layer: ResidualLayer = { kind: "residual", layers, ...options };
  residualRule.check(layer, "residual");
  return layer;
}

/**
 * Rates of stochastic depth that grow linearly from the first of `blocks` to `last` at the last one: l/L · last.
 * Default 0.5, as in the paper.
 */
export function linearDropRates(blocks: number, last = 0.5): number[] {
  checkCount("linearDropRates: blocks", blocks);
  checkInRange("linearDropRates: last", last, 0, 1);
  return Array.from({ length: blocks }, (_, l) => ((l + 1) / blocks) * last);
}

export function checkLayers(where: string, layers: unknown): asserts layers is readonly Layer[] {
  if (!Array.isArray(layers) || layers.length === 0) fail(where, "a list of layers, one at least", layers);
  layers.forEach((layer: unknown, i: number) => {
    const isLayer = typeof layer === "object" && layer !== null && typeof (layer as Partial<Layer>).kind === "string";
    if (!isLayer) fail(`${where}[${i}]`, "a layer", layer, typeof layer === "function" ? "Call it" : "");
  });
}

export const residualRule: LayerRule<ResidualLayer> = {
  check({ kind: _, layers, dropRate = 0, ...rest }, where) {
    checkOptions(where, rest, ["layers", "dropRate"]);
    checkLayers(`${where}: layers`, layers);
    checkInRange(`${where}: dropRate`, dropRate, 0, 1);
  },
  outputShape: (_, input) => input,
  nest({ layers }, input, where, place): Shape {
    const output = place(layers.map((layer, i) => [String(i), layer]));
    if (sameShape(input, output)) return output;
    if (!sameShape(input.slice(0, -1), output.slice(0, -1))) {
      throw new ShapeError(
        `${where}: the layers of residual must keep all axes but the last, got ${showShape(output)} from ${showShape(input)}`,
      );
    }
    return place([["shortcut", dense(output.at(-1)!, { bias: false })]]);
  },
  parameters: () => [],
  forward({ dropRate = 0 }, { builder, x, branches, stream, control }) {
    const [body, project] = branches as [(x: Value) => Value, ((x: Value) => Value)?];
    const shortcut = project?.(x) ?? x;
    const isDrawn = dropRate > 0 && builder.mode !== "infer";
    const branch = isDrawn ? optional(builder, drawOf(stream, dropRate, control), x, () => body(x)) : body(x);
    const count = perRow(sizeOf(shortcut.shape));
    const y: Value = { ...shortcut, buffer: builder.buffer("sum", count), needsGradient: shortcut.needsGradient || branch.needsGradient };
    const operands = { x: shortcut.buffer, y: branch.buffer, z: y.buffer };
    if (dropRate > 0 && !isDrawn) builder.emit("combine", operands, { count }, { p: 1, q: 1 - dropRate });
    else builder.emit("add", operands, { count });
    return builder.differentiate(y, (dy) => {
      if (branch.needsGradient) builder.contribute(branch, dy);
      if (shortcut.needsGradient) builder.contribute(shortcut, dy);
    });
  },
};
