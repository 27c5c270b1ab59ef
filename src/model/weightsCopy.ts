/** A copy of all parameters and statistics of a model, or of some, to come back to. */
import type { ModelState, StoredParameter } from "./state.ts";

export class WeightsCopy {
  readonly #state: ModelState;
  readonly #parameters: readonly StoredParameter[];
  /** One parameter after the other; undefined until they are taken. */
  values: Float32Array | undefined;

  constructor(state: ModelState, parameters = state.parameters) {
    this.#state = state;
    this.#parameters = parameters;
  }

  take(): void {
    this.values ??= new Float32Array(this.#parameters.reduce((sum, { words }) => sum + words, 0));
    this.#each((here, there) => there.set(here));
  }

  /** False if no copy was taken. Else all weights are known again after it, also those of a model that lost a thread. */
  putBack(): boolean {
    if (this.values === undefined) return false;
    this.#each((here, there) => here.set(there));
    this.#state.isBroken = false;
    this.#state.version++;
    return true;
  }

  #each(move: (here: Float32Array, there: Float32Array) => void): void {
    let at = 0;
    for (const parameter of this.#parameters) {
      move(this.#state.view(parameter), this.values!.subarray(at, at + parameter.words));
      at += parameter.words;
    }
  }
}
