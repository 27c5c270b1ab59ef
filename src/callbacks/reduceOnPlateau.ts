/** Lowers the learning rate when a run no longer gets better. */
import { checkCount, checkInRange, checkNotNegative, checkOneOf, checkOptions } from "../check.ts";
import type { Callback } from "./callback.ts";
import { isLowerBetter, type Mode, measuredValue } from "./monitor.ts";
import { savedNumbers } from "./savedNumbers.ts";

export interface ReduceOnPlateauOptions {
  /** What is watched: "loss", "valLoss" or a metric of fit as history names it. Default "valLoss". */
  monitor?: string;
  /** Which direction is better. "auto" (default): lower for names that end in loss, mse, mae, rmse or error, else higher. */
  mode?: Mode;
  /** On the learning rate, in [0, 1). Default 0.1. */
  factor?: number;
  /** So many epochs in a row may be no better; the next one lowers the rate. Default 10. */
  patience?: number;
  /** An improvement must be larger than this, as a share of the best value or in its unit. Default 1e-4. */
  threshold?: number;
  thresholdMode?: "relative" | "absolute";
  /** Epochs after a change in which nothing counts as bad. Default 0. */
  cooldown?: number;
  /** The rate stays at this or above. Default 0. */
  min?: number;
}

/** A change by less than this is left out, as in PyTorch. */
const LEAST_CHANGE = 1e-8;

/**
 * PyTorch's ReduceLROnPlateau, once an epoch: better is value < best · (1 - threshold), or best - threshold, for "max" the
 * mirror image; after more than `patience` bad epochs in a row the rate becomes max(rate · factor, min). With a schedule the
 * schedule's rates are lowered by the same factor from then on. One object can serve one fit after the other.
 * @throws OptionError for unknown options or values out of range; in fit, if nothing of the name `monitor` is measured.
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): Callback {
  const where = "reduceOnPlateau";
  checkOptions(where, options, ["monitor", "mode", "factor", "patience", "threshold", "thresholdMode", "cooldown", "min"]);
  const { monitor = "valLoss", mode = "auto", factor = 0.1, patience = 10, threshold = 1e-4 } = options;
  const { thresholdMode = "relative", cooldown = 0, min = 0 } = options;
  const isLess = isLowerBetter(where, monitor, mode);
  checkInRange(`${where}: factor`, factor, 0, 1);
  checkCount(`${where}: patience`, patience, 0);
  checkNotNegative(`${where}: threshold`, threshold);
  checkOneOf(`${where}: thresholdMode`, thresholdMode, ["relative", "absolute"]);
  checkCount(`${where}: cooldown`, cooldown, 0);
  checkNotNegative(`${where}: min`, min);

  let best = 0;
  let bad = 0;
  let cooling = 0;
  const isBetter = (value: number): boolean => {
    const margin = isLess ? -threshold : threshold;
    const limit = thresholdMode === "relative" ? best * (1 + margin) : best + margin;
    return isLess ? value < limit : value > limit;
  };
  return {
    kind: where,
    onStart() {
      best = isLess ? Infinity : -Infinity;
      bad = 0;
      cooling = 0;
    },
    onEpoch(state) {
      const value = measuredValue(where, state, monitor);
      if (isBetter(value)) {
        best = value;
        bad = 0;
      } else bad++;
      if (cooling > 0) {
        cooling--;
        bad = 0;
      }
      if (bad <= patience) return undefined;
      bad = 0;
      cooling = cooldown;
      const rate = state.learningRate;
      const lowered = Math.max(rate * factor, min);
      return rate - lowered > LEAST_CHANGE ? { learningRateFactor: lowered / rate } : undefined;
    },
    save: () => ({ best, bad, cooling }),
    load(saved) {
      ({ best, bad, cooling } = savedNumbers(where, saved, ["best", "bad", "cooling"]));
    },
  };
}
