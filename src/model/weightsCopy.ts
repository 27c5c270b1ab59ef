/** A copy of all parameters and statistics of a model, or of some, to come back to. */
import type { ModelState, StoredParameter } from "./state.ts";

export class WeightsCopy {
  readonly #state: ModelState;
  readonly #parameters: readonly StoredParameter[];
  #copy: Float32Array[] | undefined;

  constructor(state: ModelState, parameters = state.parameters) {
    this.#state = state;
    this.#parameters = parameters;
  }

  take(): void {
    if (this.#copy === undefined) this.#copy = this.#parameters.map((parameter) => this.#state.view(parameter).slice());
    else this.#parameters.forEach((parameter, i) => this.#copy![i]!.set(this.#state.view(parameter)));
  }

  /** False if no copy was taken. Else all weights are known again after it, also those of a model that lost a thread. */
  putBack(): boolean {
    if (this.#copy === undefined) return false;
    this.#parameters.forEach((parameter, i) => this.#state.view(parameter).set(this.#copy![i]!));
    this.#state.isBroken = false;
    this.#state.version++;
    return true;
  }
}
