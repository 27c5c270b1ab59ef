/** Pre-training layer by layer. What does it is loaded when it is first wanted. */

import type { Net } from "../net.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Shape } from "../shape.ts";
import type { TensorInput } from "../tensor.ts";
import type { FitOptions } from "./fit.ts";
import { loadTraining } from "./loadTraining.ts";
import type { Model } from "./model.ts";

type RunOptions = Pick<FitOptions, "loss" | "optimizer" | "epochs" | "batchSize" | "penalty" | "callbacks" | "signal">;

/** Options of fit hold for each autoencoder: loss (default mse()), optimizer (adam()), epochs, batchSize, penalty, callbacks, signal. */
export interface PretrainOptions extends Partial<RunOptions> {
  /** How many layers with weights are pre-trained, from the first. Default all but the last, which fits the task. */
  layers?: number;
  /** Of initial weights, decoders and the order of rows. Default 0. */
  seed?: number;
  /** As in build. */
  runtime?: Runtime;
}

export interface Pretrained<In extends Shape = Shape, Out extends Shape = Shape> {
  /** A model of the whole net, for fit: pre-trained layers, and the rest as build initializes it. */
  readonly model: Model<In, Out>;
  /** The reconstruction's loss after each epoch, by layers from the first: name "0" has the parameters "0.weight", "0.bias". */
  readonly layers: readonly { readonly name: string; readonly loss: readonly number[] }[];
}

/**
 * A model of `net` whose layers have learned from inputs alone. x: [rows, ...input]; no targets are needed, so rows without a
 * label help too. The decoders are thrown away.
 * @throws OptionError for unknown options, or a net without a layer to pre-train; what build and fit throw.
 */
export async function pretrainLayers<In extends Shape, Out extends Shape>(
  net: Net<In, Out>,
  x: TensorInput<In>,
  options: PretrainOptions = {},
): Promise<Pretrained<In, Out>> {
  const { trainCoders } = await loadTraining();
  return trainCoders(net, x, options);
}
