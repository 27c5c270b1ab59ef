/**
 * Averages of the weights of a run, beside the weights: exponential after each step, as ops of the step program, or the plain
 * mean over epochs (Izmailov et al. 2018). At the end of an epoch they change places with the weights for a while.
 */
import type { AverageSpec } from "../callbacks/callback.ts";
import type { Region } from "../runtime/memory.ts";
import type { RowBatches } from "./batches.ts";
import { measureStatistics } from "./measureStatistics.ts";
import type { Training } from "./training.ts";
import type { AveragedPart } from "./trainingProgram.ts";

export class Averaging {
  readonly #training: Training;
  readonly #spec: AverageSpec;
  readonly #parts: readonly AveragedPart[];
  /** Of all parameters and statistics, which lie in one run, and of their averages; in words. */
  readonly #from: number;
  readonly #to: number;
  readonly #words: number;
  /** Measures the statistics of the averaged weights; undefined where there are none, or data to run through again. */
  #measure: (() => void) | undefined;
  /** Values that are in the mean. */
  #count = 0;
  #isUp = false;

  constructor(training: Training, region: Region, spec: AverageSpec) {
    const { state, update } = training;
    const { parameters } = state;
    this.#training = training;
    this.#spec = spec;
    const from = Math.min(...parameters.map(({ address }) => address));
    this.#words = parameters.reduce((sum, { bytes }) => sum + bytes / 4, 0);
    const to = region.allocate(this.#words * 4, "averaged weights");
    const statistics = parameters.filter(({ spec: { role } }) => role === "statistic");
    // Not of what is frozen: a mean of equal numbers need not have their bits.
    const runs = [...update.spec.segments, ...statistics.map(({ name, address, words }) => ({ name, address, words }))];
    this.#parts = runs.map(({ name, address, words }) => ({ name, from: address, to: to + address - from, words }));
    this.#from = from >>> 2;
    this.#to = to >>> 2;
    if ("decay" in spec) training.average = { decay: spec.decay, parts: this.#parts };
  }

  /** Data that the run goes through again at the end of an epoch, if the plain mean is over weights of a net with statistics. */
  useRows(batches: RowBatches, region: Region): void {
    const { parameters } = this.#training.state;
    if ("start" in this.#spec && parameters.some((parameter) => parameter.spec.role === "statistic"))
      this.#measure = measureStatistics(this.#training, batches, region);
  }

  /** The first average of steps is the weights after the first step, as in PyTorch and Keras. */
  afterStep(): void {
    if (this.#count === 0 && "decay" in this.#spec) this.#copy();
  }

  #copy(): void {
    this.#training.state.runtime.arena.views.f32.copyWithin(this.#to, this.#from, this.#from + this.#words);
    this.#count = 1;
  }

  /** Takes an epoch's weights into the plain mean, and puts the averages up. */
  afterEpoch(epoch: number): void {
    // Not twice where a resumed run ends an epoch again whose measuring failed.
    if ("start" in this.#spec && epoch === this.#spec.start + this.#count) {
      if (this.#count === 0) this.#copy();
      else {
        this.#count++;
        const p = Math.fround(1 / this.#count);
        const { kernels } = this.#training.state.runtime;
        for (const { from, to, words } of this.#parts) kernels.combine!(from, to, to, p, 1 - p, 0, Math.ceil(words / 16) * 64);
      }
    }
    this.putUp();
    if (this.#isUp) this.#measure?.();
  }

  /** The averages stand in the model, where there are any; of one that lost a thread nothing is known. */
  putUp(): void {
    if (this.#count > 0 && !this.#isUp && !this.#training.state.isBroken) this.#swap();
  }

  /** The run's own weights are back. */
  takeDown(): void {
    if (this.#isUp) this.#swap();
  }

  /** For a run that is resumed: the averages, and the run's own weights where the averages stand in the model. */
  save(): { count: number; average: Float32Array; own: Float32Array | undefined } {
    const { f32 } = this.#training.state.runtime.arena.views;
    const there = f32.slice(this.#to, this.#to + this.#words);
    const here = this.#training.state.values.slice();
    return { count: this.#count, average: this.#isUp ? here : there, own: this.#isUp ? there : undefined };
  }

  load(count: number, average: Float32Array): void {
    this.#count = count;
    this.#training.state.runtime.arena.views.f32.set(average, this.#to);
  }

  #swap(): void {
    const { state } = this.#training;
    const { f32 } = state.runtime.arena.views;
    const averages = f32.slice(this.#to, this.#to + this.#words);
    f32.copyWithin(this.#to, this.#from, this.#from + this.#words);
    f32.set(averages, this.#from);
    this.#isUp = !this.#isUp;
    state.version++;
  }
}
