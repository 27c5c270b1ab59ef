/**
 * Batches on their way to one update: their gradients are averaged as they come, each with its share of the rows' weights so far.
 * After n batches the mean is that of one batch of all their rows.
 */
import type { ModelState } from "./state.ts";
import { WeightsCopy } from "./weightsCopy.ts";

export class Accumulation {
  /** Batches since the last update. */
  batches = 0;
  readonly #every: number;
  readonly #state: ModelState;
  /** Running statistics move with each batch: what they were before the first. */
  readonly #statistics: WeightsCopy;
  #weight = 0;

  constructor(state: ModelState, every: number) {
    this.#every = every;
    this.#state = state;
    const statistics = state.parameters.filter(({ spec }) => spec.role === "statistic");
    this.#statistics = new WeightsCopy(state, statistics);
  }

  begin(): void {
    if (this.batches > 0) return;
    this.#weight = 0;
    this.#statistics.take();
  }

  /** Takes in a batch of so much weight; returns its share in the mean. */
  add(weight: number): number {
    this.batches++;
    this.#weight += weight;
    return this.#weight > 0 ? weight / this.#weight : 1;
  }

  isDue(): boolean {
    return this.batches === this.#every;
  }

  /** Forgets the batches since the last update, as if they had not been. */
  discard(): void {
    if (this.batches === 0) return;
    this.batches = 0;
    if (!this.#state.isBroken) this.#statistics.putBack();
  }
}
