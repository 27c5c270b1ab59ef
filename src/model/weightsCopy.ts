/** A copy of all parameters and statistics of a model, to come back to. */
import type { ModelState } from "./state.ts";

export class WeightsCopy {
  readonly #state: ModelState;
  #copy: Float32Array[] | undefined;

  constructor(state: ModelState) {
    this.#state = state;
  }

  take(): void {
    const { parameters } = this.#state;
    if (this.#copy === undefined) this.#copy = parameters.map((parameter) => this.#state.view(parameter).slice());
    else parameters.forEach((parameter, i) => this.#copy![i]!.set(this.#state.view(parameter)));
  }

  /** False if no copy was taken. Else all weights are known again after it, also those of a model that lost a thread. */
  putBack(): boolean {
    if (this.#copy === undefined) return false;
    this.#state.parameters.forEach((parameter, i) => this.#state.view(parameter).set(this.#copy![i]!));
    this.#state.isBroken = false;
    this.#state.version++;
    return true;
  }
}
