/** Dropout (Srivastava et al. 2014), inverted or classic: drops in training, nothing is random in inference. */
import { checkInRange, checkOneOf, checkOptions } from "../check.ts";
import type { Layer } from "./layer.ts";

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
  checkDropout(layer, "dropout");
  return layer;
}

export function checkDropout({ kind: _, rate, scale = "train", ...rest }: DropoutLayer, where: string): void {
  checkOptions(where, rest, ["rate", "scale"]);
  checkInRange(`${where}: rate`, rate, 0, 1);
  checkOneOf(`${where}: scale`, scale, ["train", "test"]);
}
