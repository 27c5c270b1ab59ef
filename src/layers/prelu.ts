/** The rectifier with a learned slope (He et al. 2015). */
import { checkOptions } from "../check.ts";
import type { Layer } from "./layer.ts";

export interface PreluLayer extends Layer<{ readonly type: "same" }> {
  readonly kind: "prelu";
}

/** x above 0, a·x below, with one learned slope a for the layer, at first 0.25, as PyTorch. Parameter: weight [1]. */
export const prelu = (): PreluLayer => ({ kind: "prelu" });

export const PRELU_SLOPE = 0.25;

export function checkPrelu({ kind: _, ...rest }: PreluLayer, where: string): void {
  checkOptions(where, rest, []);
}
