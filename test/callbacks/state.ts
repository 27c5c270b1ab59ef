/** Fake states of a run: what fit would tell its callbacks. */
import type { Callback, CallbackResult, RunAccess, TrainingState } from "../../src/callbacks/callback.ts";
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

/** What a run would let its callbacks ask. */
export const access: RunAccess = { save: () => Uint8Array.of(1, 2, 3), parameters: () => ({}), layers: () => [] };

type Result = CallbackResult | void | Promise<CallbackResult | void>;
type Hooks = { [Name in "onStart" | "onStep" | "onEpoch" | "onEnd"]: (state: TrainingState) => Result };

/** The hooks of a callback, called as a run would call them. */
export function hooksOf(callback: Callback): Hooks {
  const call = (name: keyof Hooks) => (state: TrainingState) => callback[name]?.(state, access);
  return { onStart: call("onStart"), onStep: call("onStep"), onEpoch: call("onEpoch"), onEnd: call("onEnd") };
}

/** Plays one epoch after the other until the callback says stop; returns how many it saw. */
export function playEpochs(callback: Callback, states: readonly Partial<TrainingState>[]): number {
  const hooks = hooksOf(callback);
  hooks.onStart(stateOf());
  for (let epoch = 0; epoch < states.length; epoch++) {
    if (hooks.onEpoch(stateOf({ epoch, ...states[epoch] })) === "stop") return epoch + 1;
  }
  return states.length;
}
