/** Maxout: each unit is the largest of several affine pieces, so that it learns its own activation (Goodfellow et al. 2013). */
import { checkCount, checkOptions } from "../check.ts";
import { checkInitializer, type InitializerSpec } from "../initializers.ts";
import type { Layer } from "./layer.ts";

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
  checkMaxout(layer, "maxout");
  return layer;
}

export function checkMaxout({ kind: _, units, pieces = 2, init, biasInit, ...rest }: MaxoutLayer, where: string): void {
  checkOptions(where, rest, ["units", ...OPTIONS]);
  checkCount(`${where}: units`, units);
  checkCount(`${where}: pieces`, pieces, 2);
  if (init !== undefined) checkInitializer(`${where}: init`, init);
  if (biasInit !== undefined) checkInitializer(`${where}: biasInit`, biasInit);
}
