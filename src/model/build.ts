/** Gives a net memory. What models are made of is loaded when the first one is wanted. */

import { checkOptions } from "../check.ts";
import type { Net } from "../net.ts";
import { defaultRuntime } from "../runtime/createRuntime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Shape } from "../shape.ts";
import { loadTraining } from "./loadTraining.ts";
import type { Model } from "./model.ts";

export interface BuildOptions {
  /** Of the initial weights. Default 0. The same seed gives the same bits in every runtime. */
  seed?: number;
  /** Default: one that all models share, made when first needed. */
  runtime?: Runtime;
}

/**
 * A model with initialized parameters.
 * @throws ShapeError or OptionError naming the layer that does not fit; MemoryError if there is no room: all else is unharmed.
 */
export async function build<In extends Shape, Out extends Shape>(net: Net<In, Out>, options: BuildOptions = {}): Promise<Model<In, Out>> {
  checkOptions("build", options, ["seed", "runtime"]);
  const { seed = 0, runtime = defaultRuntime() } = options;
  // A model that is built is trained next: that is loaded beside the rest, and whoever wants it hears if it can't be.
  const training = loadTraining().catch(() => {});
  const [{ makeModel }, own] = await Promise.all([import("../chunks/models.ts"), runtime, training]);
  return makeModel(net, own, seed);
}
