/**
 * The machinery of training one model: batch, gradients, slots and scalars in their places, the step programs, and one step.
 * It knows batches and steps; epochs, callbacks and validation are fit's.
 */
import * as abi from "../../assembly/abi.ts";
import type { Clip } from "../clipping.ts";
import type { Constraint } from "../constraints.ts";
import { FormatError, type NonFiniteError } from "../errors.ts";
import type { Loss, TargetKind } from "../losses/loss.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Decay, Penalty } from "../penalties.ts";
import type { Span } from "../program/builder.ts";
import { seedWords } from "../random.ts";
import type { Region } from "../runtime/memory.ts";
import { sizeOf } from "../shape.ts";
import { Accumulation } from "./accumulation.ts";
import { BatchPlaces, type PlacedBatch } from "./batchPlaces.ts";
import { callLoss } from "./callLoss.ts";
import { checkLoss } from "./checkLoss.ts";
import { diagnose } from "./diagnose.ts";
import type { ParameterGroup } from "./groups.ts";
import { allocateControl, type LoadedProgram, loadProgram, runAgainIfLost } from "./loadProgram.ts";
import { type Profile, profileSteps } from "./profile.ts";
import { controlWord, type ModelState } from "./state.ts";
import { StepScalars } from "./stepScalars.ts";
import type { TrainerCheckpoint } from "./trainer.ts";
import { type Source, type TrainingSpec, type UpdateSpec, writeTrainingProgram } from "./trainingProgram.ts";
import { allocateUpdate, type UpdateMemory } from "./updateMemory.ts";

export interface TrainingOptions {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  readonly penalty: Penalty | undefined;
  readonly clip: Clip | undefined;
  readonly decay: Decay | undefined;
  readonly constraint?: Constraint | undefined;
  readonly groups?: readonly ParameterGroup[] | undefined;
  /** Batches per update. Default 1. */
  readonly accumulate?: number | undefined;
  readonly seed: number;
  /** Number of the random stream: of the run among the model's runs. */
  readonly run: number;
}

interface StepProgram extends LoadedProgram {
  readonly output: number;
  readonly spec: TrainingSpec;
}

export class Training {
  readonly state: ModelState;
  readonly options: TrainingOptions;
  readonly batch: BatchPlaces;
  readonly update: UpdateMemory;
  /** Data of a fit in memory, gathered by row numbers; set before the first step. */
  source: Source | undefined;
  /** What each step averages; set before the first program is made. */
  average: UpdateSpec["average"];
  /** Steps of an epoch, for schedules that count epochs. */
  stepsPerEpoch: number | undefined;
  /** Steps taken: updates. */
  step = 0;
  /** Batches since the last update, where several make one. */
  readonly accumulation: Accumulation | undefined;
  /** Learning rate of the last step. */
  rate = 0;
  /** On every learning rate: what callbacks have made of it. */
  rateFactor = 1;
  readonly #region: Region;
  readonly #control: number;
  readonly #columnWeights: number | undefined;
  readonly #lossGradient: number | undefined;
  readonly #programs: Record<string, StepProgram> = {};
  readonly scalars: StepScalars;

  constructor(state: ModelState, options: TrainingOptions, region: Region, labels: Int32Array | undefined, where: string) {
    this.state = state;
    this.options = options;
    this.#region = region;
    checkLoss(state, options.loss, where);
    const columns = options.loss.columnWeights(state.layout.outputShape, labels, where);
    this.#control = allocateControl(state.runtime, region);
    this.batch = new BatchPlaces(state, options.loss, options.batchSize, region);
    this.#columnWeights = columns && region.allocate(columns.byteLength, "weights of the loss");
    if (options.loss.callbacks) {
      this.#lossGradient = region.allocate(options.batchSize * sizeOf(state.layout.outputShape) * 4, "the gradient of the loss");
    }
    if (options.accumulate !== undefined && options.accumulate > 1) this.accumulation = new Accumulation(state, options.accumulate);
    this.update = allocateUpdate(state, options, region, where);
    this.scalars = new StepScalars(state.runtime, options, this.update.scalars);
    if (columns) state.runtime.arena.views.f32.set(columns, this.#columnWeights! >>> 2);
    this.#writeConstants(options.seed, options.run);
  }

  get control(): number {
    return this.#control;
  }

  #writeConstants(seed: number, run: number): void {
    const { u32, f32 } = this.state.runtime.arena.views;
    const { clip } = this.options;
    u32.set(seedWords(seed), controlWord(this.#control, abi.CONTROL_SEED_LOW));
    u32[controlWord(this.#control, abi.CONTROL_RUN)] = run;
    f32[controlWord(this.#control, abi.CONTROL_CLIP_MAX)] = clip?.kind === "norm" ? clip.max : Infinity;
    this.scalars.writeConstants();
  }

  specOf(targetKind: TargetKind, isWeighted: boolean): TrainingSpec {
    return {
      state: this.state,
      capacity: this.options.batchSize,
      loss: this.options.loss,
      targetKind,
      isWeighted,
      columnWeights: this.#columnWeights,
      source: this.source,
      batch: this.batch,
      control: this.#control,
      gradients: this.update.gradients,
      lossGradient: this.#lossGradient,
      wantsInputGradient: false,
      update: this.average ? { ...this.update.spec, average: this.average } : this.update.spec,
    };
  }

  /** The program for batches of this kind, compiled when first wanted. */
  programFor(targetKind: TargetKind, isWeighted: boolean): StepProgram {
    const key = isWeighted ? (targetKind === "labels" ? "weighted labels" : "weighted rows") : targetKind;
    const found = this.#programs[key];
    if (found !== undefined) return found;
    const spec = this.specOf(targetKind, isWeighted);
    const { builder, output } = writeTrainingProgram(spec);
    const program = loadProgram(this.state.runtime, this.#region, builder, this.#control);
    const step = { ...program, output: program.addressOf(output.buffer), spec };
    this.#programs[key] = step;
    return step;
  }

  /** Ops that more than one thread works on, in the program with the most of them. */
  get sharedOps(): number {
    return Math.max(0, ...Object.values(this.#programs).map((program) => program.sharedOps));
  }

  /** Resolves when the threads that the programs want are ready, or known not to come. */
  async ready(): Promise<void> {
    if (this.sharedOps > 0) await this.state.runtime.startTeam();
  }

  /**
   * One step of a batch in place (or of the rows whose numbers are at `indices`); returns its loss, before the update. Where
   * several batches make an update, the last of them does, or the one that `isLast` says ends the epoch.
   * @throws NonFiniteError if loss or gradients are not finite: nothing but the step's own buffers has changed since the last update.
   */
  run(program: StepProgram, placed: Readonly<PlacedBatch>, indices = 0, isLast = false): number {
    this.#writeControl(placed.rows, indices);
    const first: Span = indices === 0 ? "forward" : "gather";
    if (this.accumulation) this.#takeIn(program, this.accumulation, placed, first, isLast);
    else this.#endStep(this.#runFrom(program, first, "update", placed.rows), placed, first);
    return this.loss;
  }

  /** Takes the gradients of a batch into the mean of its step, whose update follows if it is due. */
  #takeIn(program: StepProgram, accumulation: Accumulation, placed: Readonly<PlacedBatch>, first: Span, isLast: boolean): void {
    accumulation.begin();
    let status = this.#runFrom(program, first, "backward", placed.rows);
    if (status === abi.STATUS_OK) {
      const { f32 } = this.state.runtime.arena.views;
      const inverse = f32[controlWord(this.#control, abi.CONTROL_INVERSE_WEIGHT)]!;
      f32[controlWord(this.#control, abi.CONTROL_SHARE)] = accumulation.add(inverse > 0 ? 1 / inverse : 0);
      status = program.run("accumulate", "accumulate");
    }
    const isDue = isLast || accumulation.isDue();
    if (status === abi.STATUS_OK) status = isDue ? program.run("penalty", "update") : program.run("guard", "statistics");
    if (isDue || status !== abi.STATUS_OK) this.#endStep(status, placed, first);
    else this.state.version++; // statistics have moved
  }

  /** Makes the update of the batches since the last one, if there are any. */
  flush(): void {
    if (!this.accumulation?.batches) return;
    const { placed } = this.batch;
    this.#endStep(this.programFor(placed.targetKind, placed.isWeighted).run("penalty", "update"), placed, "forward");
  }

  /** Runs a step up to `last`; a custom loss between two calls. */
  #runFrom(program: StepProgram, first: Span, last: Span, rows: number): number {
    if (this.#lossGradient === undefined) return program.run(first, last);
    runAgainIfLost(program, first, "forward");
    callLoss(program.spec, program.output, rows);
    return program.run("backward", last);
  }

  /** Counts a step whose update has run, or says why it has not. */
  #endStep(status: number, { targetKind, isWeighted }: Readonly<PlacedBatch>, first: Span): void {
    const { state } = this;
    state.isBroken = status === abi.STATUS_LOST;
    if (status !== abi.STATUS_OK) this.accumulation?.discard();
    if (state.isBroken) throw state.brokenError(`step ${this.step}`);
    if (status !== abi.STATUS_OK) throw this.diagnose(targetKind, isWeighted, first);
    if (this.accumulation) this.accumulation.batches = 0;
    this.step++;
    state.version++;
  }

  /**
   * Loss and penalties at the weights as they are; the gradients lie where the update would read them. Of the model nothing
   * changes.
   */
  evaluate(program: StepProgram, { rows }: Readonly<PlacedBatch>, indices: number): number {
    this.#writeControl(rows, indices);
    const first: Span = indices === 0 ? "forward" : "gather";
    if (this.#runFrom(program, first, "penalty", rows) === abi.STATUS_LOST) this.#runFrom(program, first, "penalty", rows);
    return this.loss + (this.hasPenalty ? this.penalty : 0);
  }

  /** The rest of a step whose last part was evaluate: statistics and weights move. */
  finish(program: StepProgram, placed: Readonly<PlacedBatch>): void {
    this.#endStep(program.run("guard", "update"), placed, "backward");
  }

  /** Why the batch of the last evaluation is not finite. */
  diagnose(targetKind: TargetKind, isWeighted: boolean, first: Span): NonFiniteError {
    return diagnose(this.specOf(targetKind, isWeighted), this.step, first);
  }

  /** Mean over the rows of the last run, without penalties. */
  get loss(): number {
    return this.state.runtime.arena.views.f32[(this.#control + abi.CONTROL_LOSS) >>> 2]!;
  }

  /** All that changes from step to step besides the batch. */
  #writeControl(rows: number, indices: number): void {
    const { u32, f32 } = this.state.runtime.arena.views;
    const control = this.#control >>> 2;
    u32[control + (abi.CONTROL_ROWS >>> 2)] = rows;
    // Of masks: each batch has its own, so that 4 batches of a step have what 4 steps would have.
    u32[control + (abi.CONTROL_STEP >>> 2)] = this.step * (this.options.accumulate ?? 1) + (this.accumulation?.batches ?? 0);
    u32[control + (abi.CONTROL_INDICES >>> 2)] = indices;
    f32[control + (abi.CONTROL_INVERSE_WEIGHT >>> 2)] = 1 / rows;
    this.rate = this.scalars.write(this.step, this.stepsPerEpoch, this.rateFactor);
  }

  /** Times the ops of steps on the batch in place; moves weights, slots and step as steps do. */
  profile(steps: number): Profile {
    const { rows, targetKind, isWeighted } = this.batch.placed.rows > 0 ? this.batch.placed : this.#emptyBatch();
    return profileSteps(this.programFor(targetKind, isWeighted), rows, steps, () => {
      this.#writeControl(rows, 0);
      this.step++;
    });
  }

  #emptyBatch(): PlacedBatch {
    return { rows: this.options.batchSize, targetKind: this.options.loss.takesLabels ? "labels" : "rows", isWeighted: false };
  }

  /** @throws FormatError if the checkpoint is of another net, optimizer or set of frozen parameters. */
  restore(checkpoint: TrainerCheckpoint): void {
    if (!this.#fits(checkpoint)) {
      throw new FormatError("trainer.restore: the checkpoint must be of a trainer with the same net, optimizer and frozen layers");
    }
    const { weights, slots, step, seed, run, variant } = checkpoint;
    const { state } = this;
    this.loadSlots(slots);
    for (const parameter of state.parameters) state.view(parameter).set(weights[parameter.name]!);
    this.step = step;
    if (this.accumulation) this.accumulation.batches = 0;
    this.#writeConstants(seed, run);
    state.version++;
    if (variant !== undefined) state.runtime.compareVariant(variant);
  }

  #fits(checkpoint: Partial<TrainerCheckpoint> | null | undefined): boolean {
    const { weights, slots, optimizer, step, seed, run } = checkpoint ?? {};
    const { state, update, options } = this;
    return (
      optimizer === options.optimizer.kind &&
      [step, seed, run].every((count) => Number.isSafeInteger(count) && count! >= 0) &&
      Array.isArray(slots) &&
      slots.length === update.slots.length &&
      slots.every((slot) => slot?.length === update.words) &&
      state.parameters.every(({ name, words }) => weights?.[name]?.length === words)
    );
  }

  /** Copies of the optimizer's slots. */
  saveSlots(): Float32Array[] {
    const { f32 } = this.state.runtime.arena.views;
    return this.update.slots.map((address) => f32.slice(address >>> 2, (address >>> 2) + this.update.words));
  }

  loadSlots(slots: readonly Float32Array[]): void {
    const { f32 } = this.state.runtime.arena.views;
    slots.forEach((slot, k) => f32.set(slot, this.update.slots[k]! >>> 2));
  }

  /** A copy of the outputs of the last step, [rows, output]. */
  outputs(targetKind: TargetKind, isWeighted: boolean, rows: number): Float32Array {
    const at = this.programFor(targetKind, isWeighted).output >>> 2;
    return this.state.runtime.arena.views.f32.slice(at, at + rows * sizeOf(this.state.layout.outputShape));
  }

  get hasPenalty(): boolean {
    return this.options.penalty !== undefined || this.update.spec.penaltySums.pieces > 0;
  }

  /** Value of the penalties in the last step. */
  get penalty(): number {
    return this.state.runtime.arena.views.f32[controlWord(this.#control, abi.CONTROL_PENALTY)]!;
  }
}
