/** Prepares steps of one's own. What trains is loaded with the first trainer or fit. */

import type { Shape } from "../shape.ts";
import { loadTraining } from "./loadTraining.ts";
import type { Model } from "./model.ts";
import type { Trainer, TrainerOptions } from "./trainer.ts";

/**
 * Prepares a model for steps of one's own.
 * @throws OptionError, ShapeError for what does not fit; MemoryError if there is no room.
 */
export async function createTrainer<In extends Shape, Out extends Shape>(
  model: Model<In, Out>,
  options: TrainerOptions,
): Promise<Trainer<In, Out>> {
  const { makeTrainer } = await loadTraining();
  return makeTrainer(model, options);
}
