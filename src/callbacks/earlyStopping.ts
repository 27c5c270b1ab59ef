/** Ends a run that no longer gets better, and marks its best epoch. fit is what keeps and restores the weights of that epoch. */
import { checkCount, checkNotNegative, checkOptions } from "../check.ts";
import type { Callback } from "./callback.ts";
import { isLowerBetter, type Mode, measuredValue } from "./monitor.ts";
import { savedNumbers } from "./savedNumbers.ts";

export interface EarlyStoppingOptions {
  /** What is watched: "loss", "valLoss" or a metric of fit as history names it, "valAccuracy". Default "valLoss". */
  monitor?: string;
  /** Which direction is better. "auto" (default): lower for names that end in loss, mse, mae, rmse or error, else higher. */
  mode?: Mode;
  /** Epochs without improvement after which the run stops; Infinity only keeps the best weights. Default 10. */
  patience?: number;
  /** An improvement must be larger than this. Default 0. */
  minDelta?: number;
}

/**
 * Stops after `patience` epochs in a row whose value was not better than the best one by more than `minDelta`; NaN is never
 * better. However the run ends, the model has the weights of the best epoch. One object can serve one fit after the other.
 * @throws OptionError for unknown options or values out of range; in fit, if nothing of the name `monitor` is measured.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkOptions("earlyStopping", options, ["monitor", "mode", "patience", "minDelta"]);
  const { monitor = "valLoss", mode = "auto", patience = 10, minDelta = 0 } = options;
  const isLess = isLowerBetter("earlyStopping", monitor, mode);
  if (patience !== Infinity) checkCount("earlyStopping: patience", patience);
  checkNotNegative("earlyStopping: minDelta", minDelta);

  let best = Number.NaN;
  let bestEpoch: number | undefined;
  let waited = 0;
  return {
    kind: "earlyStopping",
    monitor,
    get bestEpoch() {
      return bestEpoch;
    },
    onStart() {
      bestEpoch = undefined;
      waited = 0;
    },
    onEpoch(state) {
      const value = measuredValue("earlyStopping", state, monitor);
      const gain = isLess ? best - value : value - best;
      const isBetter = bestEpoch === undefined ? !Number.isNaN(value) : gain > minDelta;
      waited = isBetter ? 0 : waited + 1;
      if (isBetter) {
        best = value;
        bestEpoch = state.epoch;
      }
      return waited >= patience ? "stop" : undefined;
    },
    save: () => ({ best, bestEpoch: bestEpoch ?? -1, waited }),
    load(saved) {
      const numbers = savedNumbers("earlyStopping", saved, ["best", "bestEpoch", "waited"]);
      ({ best, waited } = numbers);
      bestEpoch = numbers.bestEpoch < 0 ? undefined : numbers.bestEpoch;
    },
  };
}
