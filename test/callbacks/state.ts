/** Fake states of a run: what fit would tell its callbacks. */
import type { Callback, TrainingState } from "../../src/callbacks/callback.ts";
import { emptyHistory } from "../../src/model/history.ts";

export function stateOf(known: Partial<TrainingState> = {}): TrainingState {
  return {
    epoch: 0,
    epochs: 10,
    step: 0,
    stepInEpoch: 0,
    stepsPerEpoch: 45,
    rows: 0,
    loss: 1,
    valLoss: undefined,
    metrics: {},
    learningRate: 1e-3,
    seconds: 0,
    history: emptyHistory(),
    ...known,
  };
}

/** Plays one epoch after the other until the callback says stop; returns how many it saw. */
export function playEpochs(callback: Callback, states: readonly Partial<TrainingState>[]): number {
  callback.onStart?.(stateOf());
  for (let epoch = 0; epoch < states.length; epoch++) {
    if (callback.onEpoch?.(stateOf({ epoch, ...states[epoch] })) === "stop") return epoch + 1;
  }
  return states.length;
}
