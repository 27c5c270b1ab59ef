/** The default initializer of a weight: by the activation that follows it. */
import { activations } from "../activations.ts";
import { heNormal, type InitializerSpec, xavierUniform } from "../initializers.ts";
import type { Layer } from "../layers/layer.ts";
import { PRELU_SLOPE } from "../layers/prelu.ts";
import type { PlacedLayer } from "./layout.ts";

/** Layers through which the search for the activation after a weight looks. */
const TRANSPARENT = ["batchNorm", "layerNorm", "dropout", "alphaDropout", "gaussianNoise", "flatten", "reshape"];

type Next = () => Layer | undefined;

/**
 * By layer. Out of a branch the search goes on after the layer that holds it, and into a holder by its first branch: so it
 * finds what the values meet next.
 */
export function defaultInits(layers: readonly PlacedLayer[]): Map<PlacedLayer, InitializerSpec> {
  const inits = new Map<PlacedLayer, InitializerSpec>();
  const visit = (list: readonly PlacedLayer[], after: Next) => {
    list.forEach((placed, i) => {
      const next = () => firstOf(list, i + 1, after);
      if (placed.parameters.some(({ init }) => init === "default")) inits.set(placed, initBefore(next()));
      for (const branch of placed.branches) visit(branch, next);
    });
  };
  visit(layers, () => undefined);
  return inits;
}

/** The first layer from `at` on that is not transparent. */
function firstOf(list: readonly PlacedLayer[], at: number, after: Next): Layer | undefined {
  for (let i = at; i < list.length; i++) {
    const { layer, branches } = list[i]!;
    if (branches.length > 0) return firstOf(branches[0]!, 0, () => firstOf(list, i + 1, after));
    if (!TRANSPARENT.includes(layer.kind)) return layer;
  }
  return after();
}

/** He's normal before a rectifier, Xavier's uniform else (He et al. 2015; Glorot & Bengio 2010). */
function initBefore(next: Layer | undefined): InitializerSpec {
  if (next?.kind === "prelu") return heNormal({ slope: PRELU_SLOPE });
  if (next === undefined || !Object.hasOwn(activations, next.kind)) return xavierUniform();
  if (!activations[next.kind as keyof typeof activations].isRectifier) return xavierUniform();
  const { slope = 0.01 } = next as { slope?: number };
  return heNormal({ slope: next.kind === "leakyRelu" ? slope : 0 });
}
