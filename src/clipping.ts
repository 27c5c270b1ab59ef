/** Clipping of gradients: after the penalties, before the optimizer. */
import { checkPositive } from "./check.ts";

export interface Clip {
  readonly kind: "norm" | "layerNorm" | "value";
  readonly max: number;
}

/** Scales all gradients together by min(1, max / (norm + 1e-6)), as PyTorch's clip_grad_norm_. Pascanu et al. 2013. */
export function clipNorm(max: number): Clip {
  checkPositive("clipNorm: max", max);
  return { kind: "norm", max };
}

/**
 * Scales the gradients of each layer, its weight and bias together, by min(1, max / (norm + 1e-6)): a layer that explodes leaves
 * the others as they are.
 */
export function clipLayerNorm(max: number): Clip {
  checkPositive("clipLayerNorm: max", max);
  return { kind: "layerNorm", max };
}

/** Holds each entry of the gradients within ±max. */
export function clipValue(max: number): Clip {
  checkPositive("clipValue: max", max);
  return { kind: "value", max };
}
