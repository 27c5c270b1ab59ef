/** Gives a net memory. */
import { checkOptions } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { Net } from "../net.ts";
import { checkSeed } from "../random.ts";
import { defaultRuntime, Runtime } from "../runtime/runtime.ts";
import type { Shape } from "../shape.ts";
import { Model } from "./model.ts";
import { withRoom } from "./withRoom.ts";

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
  const { seed = 0 } = options;
  checkSeed("build: seed", seed);
  return makeModel(net, options, seed);
}

/** Without a seed parameters stay zeros: they are to be loaded. */
export async function makeModel<In extends Shape, Out extends Shape>(
  net: Net<In, Out>,
  options: BuildOptions,
  seed: number | undefined,
): Promise<Model<In, Out>> {
  const { runtime = await defaultRuntime() } = options;
  if (!(runtime instanceof Runtime)) throw new OptionError("build: runtime must be what createRuntime returns");
  if (!isNet(net)) {
    throw new OptionError("build: net must be what sequential(input(...), ...layers) returns");
  }
  return withRoom(() => new Model<In, Out>(net, runtime, seed));
}

function isNet(net: unknown): boolean {
  const layers: unknown = (net as Partial<Net> | null | undefined)?.layers;
  return Array.isArray(layers) && layers[0]?.kind === "input" && layers.every((layer) => typeof layer?.kind === "string");
}
