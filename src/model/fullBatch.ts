/**
 * fit with L-BFGS: all rows are one batch, an epoch is one iteration. Loss and gradients come from the step program's forward and
 * backward spans, as often as the line search asks; then one update at rate 0 moves the running statistics and no weight.
 */
import { FormatError, OptionError } from "../errors.ts";
import { Descent } from "../optimizers/descent.ts";
import { FLOAT32, type SecondOrder } from "../optimizers/secondOrder.ts";
import type { Op } from "../program/builder.ts";
import type { BatchSource, RowBatches } from "./batches.ts";
import type { PlacedBatch } from "./batchPlaces.ts";
import type { Training } from "./training.ts";

export class FullBatch implements BatchSource {
  readonly stepsPerEpoch = 1;
  readonly placed: Readonly<PlacedBatch>;
  readonly #training: Training;
  readonly #batches: RowBatches;
  readonly #method: SecondOrder;
  #descent: Descent | undefined;
  #loss = 0;
  #saved: Float64Array | undefined;

  /** @throws OptionError if the net draws random numbers: a line search needs the same function at every point. */
  constructor(training: Training, batches: RowBatches, method: SecondOrder) {
    this.#training = training;
    this.#batches = batches;
    this.#method = method;
    this.placed = batches.placed;
    const sampling = batches.program.ops.find(isRandom);
    if (sampling) {
      throw new OptionError(
        `fit: ${method.kind} needs a loss that is the same at every look, but ${sampling.label} draws random numbers in training. Remove it, or use adam()`,
      );
    }
    const { segments, limited } = training.update.spec;
    const proximal = segments.find(({ penalty }) => penalty?.proximal);
    if (proximal) refuse(method, `the proximal penalty of ${proximal.name}`, "is no part of the gradient. Use l1(λ)");
    if (limited[0]) refuse(method, `maxNorm on ${limited[0].name}`, "bounds it. Leave maxNorm out, or use adam()");
    batches.begin(0);
  }

  begin(): void {}

  /** Loss, whether it is stuck, then s and y of each pair that is remembered. */
  save(): Float64Array {
    const descent = this.#descent;
    if (descent === undefined) return this.#saved ?? new Float64Array(2);
    const arrays = descent.curvature.pairs!().flatMap(({ s, y }) => [s, y]);
    const saved = new Float64Array(2 + arrays.length * descent.x.length);
    saved.set([this.#loss, Number(descent.isStuck)]);
    arrays.forEach((array, k) => saved.set(array, 2 + k * descent.x.length));
    return saved;
  }

  load(saved: Float64Array): void {
    const pairs = (saved.length - 2) / (2 * this.#training.update.words);
    if (!(Number.isInteger(pairs) && pairs >= 0)) throw new FormatError("fit: resume: the memory of lbfgs is not sound");
    this.#saved = saved;
  }

  /** One iteration; returns the loss after it, without penalties: outputs, loss and weights belong together. */
  step(): number {
    const training = this.#training;
    if (training.rateFactor !== 1)
      throw new OptionError(`fit: a callback changes the learning rate, which ${this.#method.kind} does not have. Remove it`);
    this.#descent ??= this.#start();
    const descent = this.#descent;
    if (!descent.isStuck) {
      try {
        descent.step();
      } catch (error) {
        this.#write(descent.x); // not a point of the line search
        throw error;
      }
      if (descent.isStuck) this.#evaluate(descent.x, descent.gradient); // the last look was elsewhere
      this.#loss = training.loss;
    }
    this.#batches.finish();
    training.rate = descent.rate;
    return this.#loss;
  }

  #start(): Descent {
    const { spec, words } = this.#training.update;
    const x = new Float64Array(words);
    const { f32 } = this.#training.state.runtime.arena.views;
    let at = 0;
    for (const segment of spec.segments) {
      x.set(f32.subarray(segment.address >>> 2, (segment.address >>> 2) + segment.words), at);
      at += segment.words;
    }
    const descent = new Descent((point, gradient) => this.#evaluate(point, gradient), x, this.#method, FLOAT32);
    if (this.#saved) this.#recall(descent, this.#saved);
    if (!(Number.isFinite(descent.value) && descent.gradient.every(Number.isFinite))) throw this.#batches.diagnose();
    return descent;
  }

  #recall(descent: Descent, saved: Float64Array): void {
    this.#loss = saved[0]!;
    descent.isStuck = saved[1] === 1;
    const { length } = descent.x;
    for (let at = 2; at < saved.length; at += 2 * length)
      descent.curvature.learn(saved.subarray(at, at + length), saved.subarray(at + length, at + 2 * length));
  }

  /** Loss and penalties at weights x, with their gradient. */
  #evaluate(x: Float64Array, gradient: Float64Array): number {
    this.#write(x);
    const value = this.#batches.evaluate();
    const { gradient: all } = this.#training.update.spec;
    const { f32 } = this.#training.state.runtime.arena.views;
    gradient.set(f32.subarray(all.address >>> 2, (all.address >>> 2) + all.words));
    return value;
  }

  /** Segments lie in the order of their gradients, which are one run. */
  #write(x: Float64Array): void {
    const { f32 } = this.#training.state.runtime.arena.views;
    let at = 0;
    for (const { address, words } of this.#training.update.spec.segments) {
      f32.set(x.subarray(at, at + words), address >>> 2);
      at += words;
    }
    this.#training.state.version++;
  }
}

function refuse({ kind }: SecondOrder, what: string, why: string): never {
  throw new OptionError(`fit: ${kind} searches along the gradient, and ${what} ${why}`);
}

/** Ops with a random stream of their own, or that run in some steps only. */
const isRandom = ({ sizes, ...op }: Op): boolean => "stream" in sizes || ("when" in op && (op.when as readonly unknown[]).length > 0);
