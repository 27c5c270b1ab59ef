/** The scalars of the update: what each optimizer rule reads besides weights, gradients and slots. Written before every step. */
import * as abi from "../../assembly/abi.ts";
import type { Clip } from "../clipping.ts";
import { LEAST_NORMAL, type Optimizer, rateAt } from "../optimizers/optimizer.ts";
import type { Decay } from "../penalties.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { optimizersOf, type ParameterGroup } from "./groups.ts";

interface ScalarOptions {
  readonly optimizer: Optimizer;
  readonly clip: Clip | undefined;
  readonly decay: Decay | undefined;
  readonly groups?: readonly ParameterGroup[] | undefined;
}

export class StepScalars {
  readonly #runtime: Runtime;
  readonly #options: ScalarOptions;
  /** Two for each group of parameters, of its weights and of its others. */
  readonly #addresses: readonly number[];
  /** Of each group of parameters, the first of those without. */
  readonly #optimizers: readonly Optimizer[];
  /** Of each, the learning rate at the last step that was begun, before what callbacks have made of it. */
  readonly last: { step: number; rates: number[] };
  readonly #writers: ((offset: number, value: number) => void)[];
  /** Where the writers write: taken once before they do, as a walk to it for each scalar cost 0.15 µs a step (Node 26, Zen 5). */
  #memory: Float32Array;

  constructor(runtime: Runtime, options: ScalarOptions, addresses: readonly number[]) {
    this.#runtime = runtime;
    this.#options = options;
    this.#addresses = addresses;
    this.#optimizers = optimizersOf(options.optimizer, options.groups ?? []);
    this.last = { step: -1, rates: this.#optimizers.map(() => 0) };
    this.#memory = runtime.arena.views.f32;
    this.#writers = addresses.map((address) => (offset: number, value: number) => {
      this.#memory[(address + offset) >>> 2] = value;
    });
  }

  /** What stays the same from step to step. */
  writeConstants(): void {
    const { clip } = this.#options;
    this.#memory = this.#runtime.arena.views.f32;
    for (const write of this.#writers) {
      write(abi.UPDATE_LIMIT, clip?.kind === "value" ? clip.max : Infinity);
      write(abi.UPDATE_LEAST, LEAST_NORMAL);
    }
  }

  /** What the rates of a step would be. */
  ratesAt(step: number, stepsPerEpoch: number | undefined): number[] {
    return this.#optimizers.map(({ learningRate }) => rateAt(learningRate, step, stepsPerEpoch));
  }

  /** The scalars of a step; returns the learning rate of parameters without a group. */
  write(step: number, stepsPerEpoch: number | undefined, rateFactor: number): number {
    const { decay } = this.#options;
    this.last.step = step;
    this.#memory = this.#runtime.arena.views.f32;
    let rate = 0;
    for (let group = this.#optimizers.length - 1; group >= 0; group--) {
      const optimizer = this.#optimizers[group]!;
      rate = rateAt(optimizer.learningRate, step, stepsPerEpoch);
      this.last.rates[group] = rate;
      rate *= rateFactor;
      optimizer.writeScalars(step, rate, true, this.#writers[2 * group]!);
      optimizer.writeScalars(step, rate, false, this.#writers[2 * group + 1]!);
      this.#writers[2 * group]!(abi.UPDATE_LEARNING_RATE, rate);
      // Both shrink the weights before the update: their factors multiply.
      if (decay !== undefined) {
        const keep = (this.#addresses[2 * group]! + abi.UPDATE_KEEP) >>> 2;
        this.#memory[keep] = this.#memory[keep]! * (1 - decay.beta);
      }
    }
    return rate;
  }
}
