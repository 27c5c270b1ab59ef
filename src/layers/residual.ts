/** Residual blocks (He et al. 2016), with stochastic depth (Huang et al. 2016). */
import { checkCount, checkInRange, checkOptions, fail } from "../check.ts";
import type { Layer } from "./layer.ts";

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
  checkResidual(layer, "residual");
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

export function checkResidual({ kind: _, layers, dropRate = 0, ...rest }: ResidualLayer, where: string): void {
  checkOptions(where, rest, ["layers", "dropRate"]);
  checkLayers(`${where}: layers`, layers);
  checkInRange(`${where}: dropRate`, dropRate, 0, 1);
}
