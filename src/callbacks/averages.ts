/** Averages of the weights along a run, which often generalize better than its last weights. fit is what averages them. */
import { checkCount, checkInRange, checkOptions } from "../check.ts";
import type { Callback } from "./callback.ts";

export interface EmaOptions {
  /** Weight of the past, in [0, 1): the average reaches about 1 / (1 - decay) steps back. Default 0.999, as PyTorch. */
  decay?: number;
}

/**
 * Exponential moving average of the weights: after each step average ← decay · average + (1 - decay) · weights, after the
 * first one the weights themselves, as in Keras and PyTorch; running statistics are averaged alike. Training goes on from its
 * own weights, as if nobody averaged. The average is what remains: at the end of fit the model has it, and from the end of an
 * epoch's last step on validation, onEpoch and checkpoint see it. With earlyStopping the average of the best epoch remains.
 * @throws OptionError for unknown options or a decay outside [0, 1); in fit, beside another average.
 */
export function ema(options: EmaOptions = {}): Callback {
  checkOptions("ema", options, ["decay"]);
  const { decay = 0.999 } = options;
  checkInRange("ema: decay", Math.fround(decay), 0, 1);
  return { average: { decay } };
}

export interface SwaOptions {
  /** The first epoch, from 0, whose weights are in the mean: three quarters of a run is usual. */
  start: number;
}

/**
 * Stochastic weight averaging (Izmailov et al. 2018): the mean of the weights after each epoch from `start` on, best with a
 * learning rate that does not end small. What sees the average, and what remains, is as with ema; before `start` it is the
 * run's own weights. The statistics of batchNorm are measured anew for the averaged weights, by the epoch's batches once more
 * at the end of each; batches of an iterable can't be had again: there running statistics are averaged as the weights are.
 * @throws OptionError for unknown options, a start that is not an epoch; in fit, beside another average.
 */
export function swa(options: SwaOptions): Callback {
  checkOptions("swa", options, ["start"]);
  checkCount("swa: start", options?.start, 0);
  return { average: { start: options.start } };
}
