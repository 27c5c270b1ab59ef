/** What fit returns: a number per epoch of everything that was measured. */

export type StopReason = "epochs" | "callback" | "aborted" | "failed";

/** Of every epoch a number of each kind, and how the run ended. */
export interface Measured {
  /** Mean of the data loss over the rows of each epoch, as the steps saw it. */
  loss: number[];
  /** Loss of the validation data after each epoch; empty without validation. */
  valLoss: number[];
  /** Mean value of the penalties over the steps of each epoch; empty without penalties. */
  penalty: number[];
  /** Learning rate of each epoch's last step. */
  learningRate: number[];
  /** Whole epochs. */
  epochs: number;
  /** Index of the best epoch: by the monitor of earlyStopping, else by valLoss, else by loss. -1 before the first one ends. */
  bestEpoch: number;
  /** Why the run ended. */
  stopped: StopReason;
  /** What happened that one might not expect, in words. */
  notes: string[];
  /** Metrics by name, and with "val" before the name those of the validation data. */
  [metric: string]: number[] | number | string | string[];
}

/**
 * `state`: what fit takes as `resume`, to go on where this run ended, however it did; load() takes it too. Not enumerable: JSON
 * and logs of a history stay short. Undefined where a thread was lost within a step.
 */
export type History = Measured & { readonly state?: Uint8Array };

export function emptyHistory(): History {
  return { loss: [], valLoss: [], penalty: [], learningRate: [], epochs: 0, bestEpoch: -1, stopped: "epochs", notes: [] };
}

/** "accuracy" → "valAccuracy". */
export const valName = (name: string): string => `val${name[0]!.toUpperCase()}${name.slice(1)}`;
