/** The scalars of the update: what each optimizer rule reads besides weights, gradients and slots. Written before a step that changes them. */
import * as abi from "../../assembly/abi.ts";
import type { Clip } from "../clipping.ts";
import { LEAST_NORMAL, type Optimizer, rateAt } from "../optimizers/optimizer.ts";
import type { Decay } from "../penalties.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { optimizersOf, type ParameterGroup } from "./groups.ts";
import type { Scalars } from "./updateMemory.ts";

interface ScalarOptions {
  readonly optimizer: Optimizer;
  readonly clip: Clip | undefined;
  readonly decay: Decay | undefined;
  readonly groups?: readonly ParameterGroup[] | undefined;
}

export class StepScalars {
  readonly #runtime: Runtime;
  readonly #options: ScalarOptions;
  readonly #sets: readonly (Scalars & { readonly write: (offset: number, value: number) => void })[];
  /** Of each group of parameters, the first of those without. */
  readonly #optimizers: readonly Optimizer[];
  /** Of each, the learning rate at the last step that was begun, before what callbacks have made of it. */
  readonly last: { step: number; rates: number[] };
  /** Of each group, the rate that its scalars in memory are of; NaN before there are any. */
  readonly #written: number[];
  /** Where the writers write: taken once before they do, as a walk to it for each scalar cost 0.15 µs a step (Node 26, Zen 5). */
  #memory: Float32Array;

  constructor(runtime: Runtime, options: ScalarOptions, sets: readonly Scalars[]) {
    this.#runtime = runtime;
    this.#options = options;
    this.#optimizers = optimizersOf(options.optimizer, options.groups ?? []);
    this.last = { step: -1, rates: this.#optimizers.map(() => 0) };
    this.#written = this.#optimizers.map(() => Number.NaN);
    this.#memory = runtime.arena.views.f32;
    this.#sets = sets.map((set) => ({
      ...set,
      write: (offset: number, value: number) => {
        this.#memory[(set.address + offset) >>> 2] = value;
      },
    }));
  }

  /** What stays the same from step to step. */
  writeConstants(): void {
    const { clip } = this.#options;
    this.#written.fill(Number.NaN);
    this.#memory = this.#runtime.arena.views.f32;
    for (const { write } of this.#sets) {
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
    const { rates } = this.last;
    this.last.step = step;
    let areWritten = true;
    for (let group = 0; group < this.#optimizers.length; group++) {
      const { learningRate, isSteady } = this.#optimizers[group]!;
      rates[group] = rateAt(learningRate, step, stepsPerEpoch);
      areWritten &&= isSteady === true && this.#written[group] === rates[group]! * rateFactor;
    }
    if (areWritten) return rates[0]! * rateFactor;
    this.#memory = this.#runtime.arena.views.f32;
    for (const { group, shrinks, address, write } of this.#sets) {
      const rate = rates[group]! * rateFactor;
      this.#written[group] = rate;
      this.#optimizers[group]!.writeScalars(step, rate, shrinks, write);
      write(abi.UPDATE_LEARNING_RATE, rate);
      // Both shrink the weights before the update: their factors multiply.
      if (decay === undefined || !shrinks) continue;
      const keep = (address + abi.UPDATE_KEEP) >>> 2;
      this.#memory[keep] = this.#memory[keep]! * (1 - decay.beta);
    }
    return rates[0]! * rateFactor;
  }
}
