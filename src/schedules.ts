/**
 * Learning rates that change: pure functions of the number of the step, or of the epoch with `per: "epoch"`. Formulas are those of
 * PyTorch's schedulers in closed form; exp, pow and cos are our own, so that every engine gives the same bits.
 */
import { checkBetween, checkCount, checkNotNegative, checkOneOf, checkOptions, checkPositive, fail } from "./check.ts";
import { cos, exp, pow, powInteger } from "./scalar.ts";

/** A learning rate that changes: any object with this method will do. It must depend on nothing but its argument. */
export interface Schedule {
  /** The rate at step (or epoch) t, a finite number, 0 or above. Counted from 0. */
  at(t: number): number;
  /** What t counts. Default "step". */
  readonly per?: "step" | "epoch" | undefined;
}

interface Counted {
  /** What t counts: steps (default), or epochs, whose steps then all have one rate. */
  per?: "step" | "epoch";
}

interface Initial extends Counted {
  /** The rate at the start. */
  initial: number;
}

export interface StepDecayOptions extends Initial {
  /** Steps (or epochs) between changes. */
  every: number;
  /** Default 0.1. */
  factor?: number;
}

/** initial · factor^⌊t / every⌋. */
export function stepDecay(options: StepDecayOptions): Schedule {
  const { initial, every, factor = 0.1, per } = begin("stepDecay", options, ["initial", "every", "factor"]);
  checkCount("stepDecay: every", every);
  checkPositive("stepDecay: factor", factor);
  return { per, at: (t) => initial * powInteger(factor, Math.floor(t / every)) };
}

export interface MultiStepDecayOptions extends Initial {
  /** Steps (or epochs) at which the rate changes, rising. */
  milestones: readonly number[];
  /** Default 0.1. */
  factor?: number;
}

/** initial · factorⁿ, n milestones having been reached: the step of a milestone has the new rate already. */
export function multiStepDecay(options: MultiStepDecayOptions): Schedule {
  const { initial, milestones, factor = 0.1, per } = begin("multiStepDecay", options, ["initial", "milestones", "factor"]);
  const rises = Array.isArray(milestones) && milestones.every((m, i) => Number.isSafeInteger(m) && m >= 0 && !(m < milestones[i - 1]));
  if (!rises) fail("multiStepDecay: milestones", "an array of integers, 0 or above, that never fall", milestones);
  const steps = [...milestones];
  checkPositive("multiStepDecay: factor", factor);
  return { per, at: (t) => initial * powInteger(factor, steps.filter((milestone) => milestone <= t).length) };
}

export interface ExponentialDecayOptions extends Initial {
  /** Either k of e^(-kt) ... */
  k?: number;
  /** ... or the factor of each step (or epoch). */
  factor?: number;
}

/** initial · e^(-kt), or initial · factorᵗ. */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  const { initial, k, factor, per } = begin("exponentialDecay", options, ["initial", "k", "factor"]);
  if ((k === undefined) === (factor === undefined))
    fail("exponentialDecay: options", "with either k or factor", options, "e^(-k) is the factor of one step.");
  if (k !== undefined) {
    checkNotNegative("exponentialDecay: k", k);
    return { per, at: (t) => initial * exp(-k * t) };
  }
  checkPositive("exponentialDecay: factor", factor!);
  return { per, at: (t) => initial * powInteger(factor!, t) };
}

export interface InverseTimeDecayOptions extends Initial {
  k: number;
}

/** initial / (1 + kt). */
export function inverseTimeDecay(options: InverseTimeDecayOptions): Schedule {
  const { initial, k, per } = begin("inverseTimeDecay", options, ["initial", "k"]);
  checkNotNegative("inverseTimeDecay: k", k);
  return { per, at: (t) => initial / (1 + k * t) };
}

export interface PolynomialDecayOptions extends Initial {
  /** Steps (or epochs) until `final`, which then stays. */
  steps: number;
  /** Default 1, a line. */
  power?: number;
  /** Default 0. */
  final?: number;
}

/** final + (initial - final) (1 - min(t, steps) / steps)^power. */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  const { initial, steps, power = 1, final = 0, per } = begin("polynomialDecay", options, ["initial", "steps", "power", "final"]);
  checkCount("polynomialDecay: steps", steps);
  checkPositive("polynomialDecay: power", power);
  checkNotNegative("polynomialDecay: final", final);
  return { per, at: (t) => final + (initial - final) * pow(1 - Math.min(t, steps) / steps, power) };
}

export interface CosineDecayOptions extends Initial {
  /** Steps (or epochs) of the half cosine. */
  steps: number;
  /** The lowest rate. Default 0. */
  final?: number;
}

/**
 * final + (initial - final) (1 + cos(πt / steps)) / 2; Loshchilov & Hutter 2017. Past `steps` the rate rises again, as PyTorch's
 * does: give as many steps as the run has.
 */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  const { initial, steps, final = 0, per } = begin("cosineDecay", options, ["initial", "steps", "final"]);
  checkCount("cosineDecay: steps", steps);
  checkNotNegative("cosineDecay: final", final);
  return { per, at: (t) => halfCosine(initial, final, t / steps) };
}

export interface CosineRestartsOptions extends Initial {
  /** Steps (or epochs) of the first half cosine. */
  period: number;
  /** Each period is this many times the one before. An integer; default 1. */
  multiply?: number;
  /** The rate that each period comes down to. Default 0. */
  final?: number;
}

/** Half cosines from initial to final, one after the other (SGDR, Loshchilov & Hutter 2017). */
export function cosineRestarts(options: CosineRestartsOptions): Schedule {
  const { initial, period, multiply = 1, final = 0, per } = begin("cosineRestarts", options, ["initial", "period", "multiply", "final"]);
  checkCount("cosineRestarts: period", period);
  checkCount("cosineRestarts: multiply", multiply);
  checkNotNegative("cosineRestarts: final", final);
  const at = (t: number) => {
    if (multiply === 1) return halfCosine(initial, final, (t % period) / period);
    let since = t;
    let length = period;
    for (; since >= length; length *= multiply) since -= length;
    return halfCosine(initial, final, since / length);
  };
  return { per, at };
}

export interface OneCycleOptions extends Counted {
  /** The highest rate. */
  max: number;
  /** Steps (or epochs) of the whole run. */
  steps: number;
  /** Part of the steps in which the rate rises, in [0, 1]. Default 0.3. */
  warmup?: number;
  /** The rate starts at max / divide. Default 25. */
  divide?: number;
  /** The rate ends at max / divide / finalDivide. Default 1e4. */
  finalDivide?: number;
  /** Of the rise and the fall. Default "cosine". */
  shape?: "cosine" | "linear";
}

/**
 * Up from max / divide to max at step warmup·steps - 1, down to max / divide / finalDivide at step steps - 1, where it stays
 * (Smith & Topin 2019, as PyTorch's OneCycleLR).
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  checkNames("oneCycle", options, ["max", "steps", "warmup", "divide", "finalDivide", "shape"]);
  const { max, steps, warmup: part = 0.3, divide = 25, finalDivide = 1e4, shape = "cosine", per } = options;
  checkPositive("oneCycle: max", max);
  checkCount("oneCycle: steps", steps);
  checkBetween("oneCycle: warmup", part, 0, 1);
  checkPositive("oneCycle: divide", divide);
  checkPositive("oneCycle: finalDivide", finalDivide);
  checkOneOf("oneCycle: shape", shape, ["cosine", "linear"]);
  const between = shape === "cosine" ? halfCosine : line;
  const first = max / divide;
  const last = first / finalDivide;
  const top = part * steps - 1; // not rounded, as PyTorch's
  const end = steps - 1;
  const at = (t: number) => {
    if (t >= end) return top >= end && t === end ? max : last;
    if (t <= top && top > 0) return between(first, max, t / top);
    return between(max, last, (t - Math.max(top, 0)) / (end - Math.max(top, 0)));
  };
  return { per, at };
}

export interface LinearDecayOptions extends Initial {
  /** Factor of initial at t = 0. */
  start: number;
  /** Factor of initial from t = steps on. */
  end: number;
  steps: number;
}

/** initial · (start + (end - start) min(t, steps) / steps): a line from one factor of initial to another, falling or rising. */
export function linearDecay(options: LinearDecayOptions): Schedule {
  const { initial, start, end, steps, per } = begin("linearDecay", options, ["initial", "start", "end", "steps"]);
  checkNotNegative("linearDecay: start", start);
  checkNotNegative("linearDecay: end", end);
  checkCount("linearDecay: steps", steps);
  return { per, at: (t) => initial * line(start, end, Math.min(t, steps) / steps) };
}

/**
 * The schedule, after `steps` steps on a line up to its first rate: schedule.at(0) (t + 1) / steps for t < steps, then
 * schedule.at(t - steps). A number stands for a rate that stays. Counts what the schedule counts. Goyal et al. 2017.
 */
export function warmup(steps: number, schedule: number | Schedule): Schedule {
  checkCount("warmup: steps", steps);
  if (typeof schedule === "number") checkPositive("warmup: schedule", schedule);
  else if (!isSchedule(schedule)) fail("warmup: schedule", "a schedule such as cosineDecay(...), or a number", schedule);
  const rest = typeof schedule === "number" ? { at: () => schedule } : schedule;
  return { per: rest.per, at: (t) => (t < steps ? (rest.at(0) * (t + 1)) / steps : rest.at(t - steps)) };
}

export const isSchedule = (value: unknown): value is Schedule =>
  typeof value === "object" && value !== null && typeof (value as Schedule).at === "function";

/** Checks what all schedules have, and hands the options on. */
function begin<T extends Initial>(where: string, options: T, known: string[]): T {
  checkNames(where, options, known);
  checkPositive(`${where}: initial`, options.initial);
  return options;
}

function checkNames(where: string, options: Counted, known: string[]): void {
  if (options === undefined) fail(`${where}: options`, `an object with ${known[0]}`, options);
  checkOptions(where, options, [...known, "per"]);
  if (options.per !== undefined) checkOneOf(`${where}: per`, options.per, ["step", "epoch"]);
}

/** From a at part 0 to b at part 1, and back again beyond. */
const halfCosine = (a: number, b: number, part: number): number => b + ((a - b) * (1 + cos(Math.PI * part))) / 2;

const line = (a: number, b: number, part: number): number => a + (b - a) * part;
