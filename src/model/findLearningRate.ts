/** Which learning rate to begin with. What trains is loaded when it is first wanted. */

import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Shape } from "../shape.ts";
import type { Data } from "./fit.ts";
import type { StepOptions } from "./fitOptions.ts";
import { loadTraining } from "./loadTraining.ts";
import type { Model } from "./model.ts";

/** Those of a step of fit but groups and accumulate; the optimizer's own learning rate is not used. */
export interface FindLearningRateOptions extends Omit<StepOptions, "groups" | "accumulate"> {
  optimizer: Optimizer;
  /** The first rate. Default 1e-7. */
  from?: number;
  /** The last rate, if the loss does not explode before. Default 10. */
  to?: number;
  /** Steps from the one to the other. Default 100. */
  steps?: number;
}

export interface LearningRateCurve {
  /** Rising by the same factor from step to step. */
  readonly rates: number[];
  /** Loss of the batch of each step, before its update. */
  readonly losses: number[];
  /** Where the loss falls fastest: a rate to begin with, and a good `max` of oneCycle. `from` if it does not fall. */
  readonly suggestion: number;
}

/**
 * Trains with rates from `from` to `to` and returns the curve. Leaves weights, statistics and random streams as they were.
 * @throws OptionError, DataError, ShapeError before anything is written; NonFiniteError if the first losses are not finite.
 */
export async function findLearningRate<In extends Shape, Out extends Shape>(
  model: Model<In, Out>,
  data: Data<In, Out>,
  options: FindLearningRateOptions,
): Promise<LearningRateCurve> {
  const { tryLearningRates } = await loadTraining();
  return tryLearningRates(model, data, options);
}
