/** Makes a model on a runtime: what build and load end with. */
import { OptionError } from "../errors.ts";
import type { Net } from "../net.ts";
import { checkSeed } from "../random.ts";
import { Runtime } from "../runtime/runtime.ts";
import type { Shape } from "../shape.ts";
import { Model } from "./model.ts";
import { withRoom } from "./withRoom.ts";

/** Without a seed parameters stay zeros: they are to be loaded. */
export async function makeModel<In extends Shape, Out extends Shape>(
  net: Net<In, Out>,
  runtime: Runtime,
  seed: number | undefined,
): Promise<Model<In, Out>> {
  if (seed !== undefined) checkSeed("build: seed", seed);
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
