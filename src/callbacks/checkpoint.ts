/** Saves the model while it trains. Where the bytes go is the caller's business: files are written in whetstone/node. */
import { checkBoolean, checkCount, checkOptions, fail } from "../check.ts";
import type { Callback } from "./callback.ts";
import { isLowerBetter, type Mode, measuredValue } from "./monitor.ts";
import { savedNumbers } from "./savedNumbers.ts";

export interface CheckpointOptions {
  /** Takes the bytes of a file; training waits for what it returns. */
  save: (bytes: Uint8Array, info: { readonly epoch: number; readonly step: number }) => void | Promise<void>;
  /** Epochs from one to the next; the last epoch counts too. Default 1. */
  every?: number;
  /** Save only where `monitor` is better than at each time before. Default false. */
  best?: boolean;
  /** Save what model.save() would give, of the model alone. Default false: the whole run, which fit can `resume`. */
  weightsOnly?: boolean;
  /** For `best`: "loss", "valLoss" or a metric of fit as history names it. Default "valLoss". */
  monitor?: string;
  /** Which direction is better. "auto" (default): lower for names that end in loss, mse, mae, rmse or error, else higher. */
  mode?: Mode;
}

/**
 * Calls `save` with the run, from which fit can go on (`resume`) and of which load() makes a model, after every `every`th epoch and
 * the last one; with `best` only if the value is the best among those epochs. One object can serve one fit after the other.
 * @throws OptionError for unknown options or values out of range; in fit, if nothing of the name `monitor` is measured.
 */
export function checkpoint(options: CheckpointOptions): Callback {
  checkOptions("checkpoint", options, ["save", "every", "best", "weightsOnly", "monitor", "mode"]);
  if (typeof options?.save !== "function") fail("checkpoint: save", "a function that takes bytes", options?.save);
  const { save, every = 1, best: isBestOnly = false, weightsOnly = false, monitor = "valLoss", mode = "auto" } = options;
  checkCount("checkpoint: every", every);
  checkBoolean("checkpoint: best", isBestOnly);
  checkBoolean("checkpoint: weightsOnly", weightsOnly);
  const isLess = isLowerBetter("checkpoint", monitor, mode);
  let best = Number.NaN;
  return {
    kind: "checkpoint",
    onStart() {
      best = Number.NaN;
    },
    async onEpoch(state, run) {
      const { epoch, epochs, step } = state;
      if ((epoch + 1) % every !== 0 && epoch + 1 < epochs) return;
      if (isBestOnly) {
        const value = measuredValue("checkpoint", state, monitor);
        const isBetter = Number.isNaN(best) ? !Number.isNaN(value) : isLess ? value < best : value > best;
        if (!isBetter) return;
        best = value;
      }
      await save(run.save({ weightsOnly }), { epoch, step });
    },
    save: () => (isBestOnly ? { best } : undefined),
    load(saved) {
      if (isBestOnly) ({ best } = savedNumbers("checkpoint", saved, ["best"]));
    },
  };
}
