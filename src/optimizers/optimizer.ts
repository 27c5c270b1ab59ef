/**
 * The contract between an optimizer and those who run it: the trainer, which hands the step's scalars to a kernel of
 * assembly/optimizers, and minimize, which runs the same rule in float64.
 */
import { checkNotNegative, checkOneOf, checkPositive, fail } from "../check.ts";
import { OptionError } from "../errors.ts";
import { isSchedule, type Schedule } from "../schedules.ts";

/** 2^-126, the smallest float32 that is no denormal: the UPDATE_LEAST of every rule. */
export const LEAST_NORMAL = 1.1754943508222875e-38;

export type LearningRate = number | Schedule;

export interface Optimizer {
  /** Name of the rule, "adam". */
  readonly kind: string;
  /** Name of the kernel, which is the name of the program's op, "adamAmsgrad". */
  readonly op: string;
  /** The initial value of each slot, in the order of the kernel's operands. A slot is one number per parameter. */
  readonly slots: readonly number[];
  readonly learningRate: LearningRate;
  /** Every option with its value, as plain data; a schedule shows as "schedule". */
  readonly options: Readonly<Record<string, number | boolean | string>>;
  /** Whether writeScalars looks at the rate alone, and not at the step: then nothing is written while the rate stays. */
  readonly isSteady?: boolean;
  /**
   * Writes the scalars of a step, UPDATE_KEEP, UPDATE_DECAY, UPDATE_RATE and those of the rule, at their offsets in bytes;
   * UPDATE_LIMIT and UPDATE_LEAST are the trainer's. `decayed` is true for weights (tensors of two or more axes) that
   * shrink: no other parameter is ever decayed. `step` counts from 0, `rate` is the learning rate at that step.
   */
  writeScalars(step: number, rate: number, decayed: boolean, write: (offset: number, value: number) => void): void;
  /** The same rule with another weightDecay; kernel and slots stay. For groups of parameters. */
  withWeightDecay(weightDecay: number): Optimizer;
  /** The same rule, decay included, in float64: updates x and the slots in place. */
  update64(x: Float64Array, gradient: Float64Array, slots: readonly Float64Array[], step: number, rate: number): void;
}

/**
 * The learning rate of a step, counted from 0. A schedule that counts epochs needs `stepsPerEpoch`.
 * @throws OptionError if a schedule gives something else than a finite number, 0 or above.
 */
export function rateAt(rate: LearningRate, step: number, stepsPerEpoch?: number): number {
  if (typeof rate === "number") {
    checkNotNegative("learningRate", rate);
    return rate;
  }
  const value = rate.per === "epoch" ? rate.at(epochOf(step, stepsPerEpoch)) : rate.at(step);
  if (!(typeof value === "number" && value >= 0 && value < Infinity)) {
    fail(`learningRate: the schedule's rate at step ${step}`, "a finite number, 0 or above", value);
  }
  return value;
}

function epochOf(step: number, stepsPerEpoch: number | undefined): number {
  if (stepsPerEpoch === undefined) {
    throw new OptionError(
      'learningRate: a schedule with per: "epoch" needs to know the steps of an epoch. fit counts them; give createTrainer stepsPerEpoch; ' +
        "minimize has no epochs: count steps there",
    );
  }
  return Math.floor(step / stepsPerEpoch);
}

/**
 * Whoever counts steps says how many an epoch has, if and only if the schedule asks.
 * @throws OptionError if it asks in vain, or is told what it does not use.
 */
export function checkStepsPerEpoch(where: string, rates: readonly LearningRate[], stepsPerEpoch: number | undefined): void {
  const counts = rates.some((rate) => typeof rate === "object" && rate.per === "epoch");
  if (counts && stepsPerEpoch === undefined) {
    throw new OptionError(`${where}: the learning rate's schedule counts epochs. Give ${where} stepsPerEpoch, or count steps`);
  }
  if (!counts && stepsPerEpoch !== undefined) {
    throw new OptionError(`${where}: stepsPerEpoch is for schedules with per: "epoch"; this learning rate does not count epochs`);
  }
}

/** A finite number, 0 or above (0 is legal: nothing moves), or an object with at(step). */
export function checkLearningRate(where: string, rate: LearningRate): void {
  if (isSchedule(rate)) {
    if (rate.per !== undefined) checkOneOf(`${where}: per`, rate.per, ["step", "epoch"]);
    return;
  }
  if (typeof rate === "number") checkNotNegative(where, rate);
  else fail(where, "a finite number, 0 or above, or a schedule with at(step)", rate);
}

/** A finite number above 0 that float32 does not round to 0 or infinity: it alone keeps 0 / 0 out of the kernels. */
export function checkEps(where: string, eps: number): void {
  checkPositive(where, eps);
  const rounded = Math.fround(eps);
  if (!(rounded > 0 && rounded < Infinity)) fail(where, "a finite number above 0 in float32 too", eps);
}

/** A learning rate as plain data, for `options`. */
export function describeRate(rate: LearningRate): number | string {
  return typeof rate === "number" ? rate : "schedule";
}
