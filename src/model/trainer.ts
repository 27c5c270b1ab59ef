/** The loop in the user's own hands: one synchronous step at a time. */
import { checkCount, show } from "../check.ts";
import { OptionError } from "../errors.ts";
import { checkStepsPerEpoch } from "../optimizers/optimizer.ts";
import type { Shape } from "../shape.ts";
import type { Data } from "./fit.ts";
import { checkStepOptions, STEP_OPTIONS, type StepOptions } from "./fitOptions.ts";
import { optimizersOf } from "./groups.ts";
import { Model } from "./model.ts";
import type { Profile } from "./profile.ts";
import type { ModelState } from "./state.ts";
import { Training } from "./training.ts";
import { withRoom } from "./withRoom.ts";

export interface TrainerOptions extends StepOptions {
  /** The most rows that a step may have. Default 32. */
  batchSize?: number;
  /** Steps (updates) that an epoch has: for schedules with per: "epoch", which need it, and for nothing else. */
  stepsPerEpoch?: number;
}

const TRAINER_OPTIONS = [...STEP_OPTIONS, "stepsPerEpoch"];

/** All that a run needs to go on with the same bits: plain data, each field a copy. */
export interface TrainerCheckpoint {
  readonly weights: Record<string, Float32Array>;
  /** Optimizer slots of the trainable parameters, in memory order. */
  readonly slots: Float32Array[];
  readonly optimizer: string;
  readonly step: number;
  readonly seed: number;
  readonly run: number;
  /** Of the binary that ran: on another one the bits are others, and runtime.info says so. */
  readonly variant?: string;
}

/** See createTrainer.ts. */
export async function makeTrainer<In extends Shape, Out extends Shape>(
  model: Model<In, Out>,
  options: TrainerOptions,
): Promise<Trainer<In, Out>> {
  if (!(model instanceof Model)) throw new OptionError(`createTrainer: model must be what build or load returns, got ${show(model)}`);
  checkStepOptions("createTrainer", options, TRAINER_OPTIONS);
  if (options.stepsPerEpoch !== undefined) checkCount("createTrainer: stepsPerEpoch", options.stepsPerEpoch);
  const rates = optimizersOf(options.optimizer, options.groups ?? []).map(({ learningRate }) => learningRate);
  checkStepsPerEpoch("createTrainer", rates, options.stepsPerEpoch);
  if ((options.batchSize as unknown) === "full")
    throw new OptionError('createTrainer: batchSize must be a number of rows: "full" is for fit, which knows the data');
  model.state.checkFree("createTrainer");
  const trainer = await withRoom(() => new Trainer<In, Out>(model.state, options));
  await trainer.ready();
  return trainer;
}

export class Trainer<out In extends Shape = Shape, out Out extends Shape = Shape> {
  readonly #training: Training;
  readonly #region: ReturnType<ModelState["runtime"]["region"]>;
  readonly #frozenVersion: number;
  #isDisposed = false;

  /** Use createTrainer(). @internal */
  constructor(
    state: ModelState,
    { loss, optimizer, batchSize = 32, penalty, clip, decay, constraint, groups, accumulate, seed = 0, stepsPerEpoch }: TrainerOptions,
  ) {
    this.#region = state.runtime.region(this);
    const options = { loss, optimizer, batchSize, penalty, clip, decay, constraint, groups, accumulate, seed, run: state.runs };
    try {
      this.#training = new Training(state, options, this.#region, undefined, "createTrainer");
      this.#training.stepsPerEpoch = stepsPerEpoch;
      this.#training.programFor(loss.takesLabels ? "labels" : "rows", false);
    } catch (error) {
      this.#region.free();
      throw error;
    }
    this.#frozenVersion = state.frozenVersion;
    state.runs++;
    state.trainedBy(loss);
  }

  /** Resolves when the threads that the step program wants are ready, or known not to come. @internal */
  ready(): Promise<void> {
    return this.#training.ready();
  }

  /** Ops of the step program that are shared among threads; 0 if the net is too small to gain from them. */
  get sharedOps(): number {
    return this.#training.sharedOps;
  }

  /**
   * One step on a batch of at most batchSize rows. Returns the batch's loss before the update, without penalties. With
   * `accumulate: n` each nth call makes an update, of the gradients since the last one.
   * @throws DataError, ShapeError for a bad batch; NonFiniteError if loss or gradients are not finite. Nothing has changed then;
   * the latter forgets the batches since the last update.
   */
  step(batch: Data<In, Out>): number {
    this.#checkUsable("trainer.step");
    const placed = this.#training.batch.place(batch, "trainer.step");
    return this.#training.run(this.#training.programFor(placed.targetKind, placed.isWeighted), placed);
  }

  /** With `accumulate`: makes an update of the batches since the last one, if there are any. For the end of an epoch. */
  update(): void {
    this.#checkUsable("trainer.update");
    this.#training.flush();
  }

  /** Steps taken: updates. */
  get steps(): number {
    return this.#training.step;
  }

  /** Learning rate of the last step. */
  get learningRate(): number {
    return this.#training.rate;
  }

  /** Value of the penalties in the last step; 0 without. */
  get penalty(): number {
    return this.#training.penalty;
  }

  /**
   * Where the time of a step goes: every op with its time, share, GFLOP/s or GB/s, on one thread. Runs steps on the batch of the
   * last step (on zeros before the first, or after one that was refused); weights and slots are as before when it returns.
   * @throws OptionError if `steps` is not a positive integer.
   */
  profile(steps = 100): Profile {
    this.#checkUsable("trainer.profile");
    checkCount("trainer.profile: steps", steps);
    const before = this.checkpoint();
    try {
      return this.#training.profile(steps);
    } finally {
      this.#training.restore(before);
    }
  }

  /** Weights, optimizer slots, step and random stream: restore(), or fit with it as `resume`, goes on with the same bits. */
  checkpoint(): TrainerCheckpoint {
    this.#checkUsable("trainer.checkpoint");
    const waiting = this.#training.accumulation?.batches;
    if (waiting) throw new OptionError(`trainer.checkpoint: ${waiting} batches wait for their update. Call trainer.update() before`);
    const { state, step, options } = this.#training;
    return {
      weights: Object.fromEntries(state.parameters.map((parameter) => [parameter.name, state.view(parameter).slice()])),
      slots: this.#training.saveSlots(),
      optimizer: options.optimizer.kind,
      step,
      seed: options.seed,
      run: options.run,
      variant: state.runtime.variant,
    };
  }

  /**
   * Goes back to a checkpoint of a trainer of the same net, optimizer and frozen layers.
   * @throws FormatError if it does not fit; nothing is written then.
   */
  restore(checkpoint: TrainerCheckpoint): void {
    const { state } = this.#training;
    const wasBroken = state.isBroken;
    state.isBroken = false;
    try {
      this.#checkUsable("trainer.restore");
      this.#training.restore(checkpoint);
    } catch (error) {
      state.isBroken = wasBroken;
      throw error;
    }
  }

  /** Gives the memory of gradients and slots back at once; the model stays. */
  dispose(): void {
    this.#isDisposed = true;
    this.#region.free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkUsable(where: string): void {
    const { state } = this.#training;
    if (this.#isDisposed) throw new OptionError(`${where}: the trainer was disposed. Create another one`);
    state.checkFree(where);
    if (state.frozenVersion !== this.#frozenVersion)
      throw new OptionError(`${where}: layers were frozen or thawed since the trainer was made. Create another one`);
  }
}
