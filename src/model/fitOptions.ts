/** The options of fit, and their checks: all of them before anything is written. */
import type { Callback } from "../callbacks/callback.ts";
import { checkBoolean, checkCount, checkOptions, fail, show } from "../check.ts";
import type { Clip } from "../clipping.ts";
import type { Constraint } from "../constraints.ts";
import { OptionError } from "../errors.ts";
import type { Loss } from "../losses/loss.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { isSecondOrder, type SecondOrder } from "../optimizers/secondOrder.ts";
import { type Decay, isPenalty, type Penalty } from "../penalties.ts";
import { checkSeed } from "../random.ts";
import { checkIsLoss } from "./checkLoss.ts";
import { checkGroups, type ParameterGroup } from "./groups.ts";
import { emptyHistory } from "./history.ts";
import { checkMetrics, type Metric } from "./metric.ts";
import type { TrainerCheckpoint } from "./trainer.ts";

/** What a step needs besides data. */
export interface StepOptions {
  loss: Loss;
  optimizer: Optimizer;
  /** Rows per step; "full" for all rows in one. Default 32, as Keras. */
  batchSize?: number | "full";
  /** l1, l2, elasticNet or lq on the weights of layers without a penalty of their own. Default none. */
  penalty?: Penalty;
  /** clipNorm, clipLayerNorm or clipValue on the gradients, after the penalty. Default none. */
  clip?: Clip;
  /** decoupledDecay on weights. Default none. */
  decay?: Decay;
  /** maxNorm on the weights of layers without a maxNorm of their own, after each update. Default none. */
  constraint?: Constraint;
  /** Parameters with a learning rate or weight decay of their own. Default none. */
  groups?: readonly ParameterGroup[];
  /**
   * Batches per step: the update takes the mean of their gradients over all rows, weighed by the rows' weights, as one batch of
   * all of them would. Penalty, clip and constraint act once per step; schedules count steps. The batches that are left at the
   * end of an epoch make a step of their own. Batch-norm still sees one batch at a time. Default 1.
   */
  accumulate?: number;
  /** Of shuffling, dropout and the validation split. Default 0. */
  seed?: number;
}

export interface FitOptions extends Omit<StepOptions, "optimizer"> {
  /** lbfgs() needs batchSize "full", and a net without random layers; an epoch is one of its iterations, its loss that after it. */
  optimizer: Optimizer | SecondOrder;
  /** Passes over the data. Default 10. */
  epochs?: number;
  /** Whether rows are visited in a new random order each epoch. Default true. */
  shuffle?: boolean;
  /** A fraction or a count of the rows, set aside by the seed (stratified for labels), or data of its own. Default none. */
  validation?: number | { x: unknown; y: unknown; weights?: unknown };
  /** Measured on each epoch's training outputs and on the validation data. */
  metrics?: Readonly<Record<string, Metric>>;
  callbacks?: readonly Callback[];
  /** Aborting it ends the run with its reason, after the current step; an iterable that stalls is not waited for. */
  signal?: AbortSignal;
  /** Batches of an epoch, for iterables of batches only. */
  stepsPerEpoch?: number;
  /**
   * Goes on with a run that ended before: `history.state` (an aborted run's error carries its history), what run.save() and
   * checkpoint() give, or a trainer's checkpoint. What follows has the bits of a run that was not interrupted, on any number of
   * threads. Data and options must be those of that run but for epochs, which may be more, and what only watches. Of an
   * iterable, which must be as it was at its start, the batches of the steps behind are read and passed over.
   */
  resume?: Uint8Array | ArrayBuffer | TrainerCheckpoint;
}

export const STEP_OPTIONS = ["loss", "optimizer", "batchSize", "penalty", "clip", "decay", "constraint", "groups", "accumulate", "seed"];
const FIT_OPTIONS = [...STEP_OPTIONS, "epochs", "shuffle", "validation", "metrics", "callbacks", "signal", "stepsPerEpoch", "resume"];

export function checkStepOptions(where: string, options: StepOptions | FitOptions, known: readonly string[] = STEP_OPTIONS): void {
  if (typeof options !== "object" || options === null) fail(`${where}: options`, "an object with at least loss and optimizer", options);
  checkOptions(where, options, known);
  const { loss, optimizer, batchSize = 32, penalty, clip, decay, constraint, groups = [], accumulate = 1, seed = 0 } = options;
  checkIsLoss(where, loss);
  if (isSecondOrder(optimizer)) checkSecondOrder(where, optimizer, options);
  else if (typeof optimizer !== "object" || optimizer === null || typeof optimizer.writeScalars !== "function") {
    const slip = typeof optimizer === "function" ? ". Call it: optimizer: adam()" : "";
    throw new OptionError(`${where}: optimizer must be an optimizer such as adam(), got ${show(optimizer)}${slip}`);
  }
  if (batchSize !== "full") checkCount(`${where}: batchSize`, batchSize);
  checkMade(where, "penalty", penalty, "l2(1e-4)", isPenalty);
  checkMade(where, "clip", clip, "clipNorm(1)", ({ kind, max }) => ["norm", "layerNorm", "value"].includes(kind) && max > 0);
  checkMade(where, "decay", decay, "decoupledDecay(1e-4)", ({ kind, beta }) => kind === "decoupledDecay" && beta >= 0 && beta < 1);
  checkMade(where, "constraint", constraint, "maxNorm(3)", ({ kind, max }) => kind === "maxNorm" && max > 0);
  checkGroups(where, groups);
  checkCount(`${where}: accumulate`, accumulate);
  if (batchSize === "full" && accumulate > 1)
    throw new OptionError(`${where}: accumulate needs batches, and batchSize "full" makes one of all rows. Give a number of rows`);
  checkSeed(`${where}: seed`, seed);
}

/** Only fit sees all data at once, and only lbfgs needs no matrix of n² numbers. */
function checkSecondOrder(
  where: string,
  { kind }: SecondOrder,
  { batchSize = 32, clip, decay, constraint, groups = [], accumulate = 1 }: StepOptions | FitOptions,
): void {
  if (where !== "fit") throw new OptionError(`${where}: ${kind} needs all data at once. Use fit with batchSize "full", or minimize`);
  if (kind !== "lbfgs") throw new OptionError(`fit: ${kind} is for minimize: it keeps a matrix of all parameters. Use lbfgs()`);
  if (batchSize !== "full") fail("fit: batchSize", '"full" with lbfgs', batchSize, "A line search needs the same loss at every look.");
  if (accumulate !== 1) throw new OptionError("fit: accumulate is not for lbfgs, whose line search needs all rows at once");
  if (groups.length > 0) throw new OptionError("fit: groups are not for lbfgs, which has neither learning rate nor weight decay");
  if (constraint !== undefined) throw new OptionError("fit: constraint is not for lbfgs, which knows nothing of bounds");
  if (clip !== undefined) throw new OptionError("fit: clip is not for lbfgs, whose line search needs the gradient itself");
  if (decay !== undefined) throw new OptionError("fit: decay is not for lbfgs: it is no part of the loss. Use penalty: l2(...)");
}

function checkMade<T extends object>(
  where: string,
  name: string,
  value: T | undefined,
  example: string,
  isMade: (value: T) => boolean,
): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null || !isMade(value))
    throw new OptionError(`${where}: ${name} must be made by ${example}, got ${show(value)}`);
}

export function checkFitOptions(options: FitOptions): void {
  checkStepOptions("fit", options, FIT_OPTIONS);
  const { epochs = 10, shuffle = true, metrics = {}, callbacks = [], signal, validation } = options;
  checkCount("fit: epochs", epochs);
  checkBoolean("fit: shuffle", shuffle);
  checkMetrics("fit", metrics);
  checkMetricNames(metrics);
  if (typeof validation === "number" && !(validation > 0))
    fail("fit: validation", "a fraction below 1, a count of rows, or { x, y }", validation);
  if (!Array.isArray(callbacks)) fail("fit: callbacks", "an array of callbacks", callbacks);
  callbacks.forEach((callback: unknown, index) => {
    if (typeof callback !== "object" || callback === null) {
      const slip = typeof callback === "function" ? "Call it: callbacks: [earlyStopping()]" : "";
      fail(`fit: callbacks[${index}]`, "an object with onStart, onStep, onEpoch or onEnd", callback, slip);
    }
  });
  checkAverages(callbacks, epochs);
  if (signal !== undefined && typeof signal.aborted !== "boolean") fail("fit: signal", "an AbortSignal", signal);
  checkMonitors(options);
}

/** A metric must not overwrite what history holds anyway. */
function checkMetricNames(metrics: object): void {
  const own = Object.keys(emptyHistory());
  for (const name of Object.keys(metrics)) {
    if (own.includes(name)) throw new OptionError(`fit: metrics.${name} must have another name: history has a "${name}" of its own`);
  }
}

function checkAverages(callbacks: readonly Callback[], epochs: number): void {
  const [average, second] = callbacks.flatMap((callback) => callback.average ?? []);
  if (second !== undefined) throw new OptionError("fit: callbacks must hold one of ema and swa, got two: only one average can remain");
  if (average && "start" in average && average.start >= epochs)
    fail("fit: the start of swa", `an epoch of this run, below ${epochs}`, average.start);
}

/** Names that a callback may watch: what the history will hold. */
function checkMonitors({ callbacks = [], metrics = {}, validation }: FitOptions): void {
  const names = ["loss", ...Object.keys(metrics)];
  const watched = validation === undefined ? names : [...names, ...names.map((name) => `val${name[0]!.toUpperCase()}${name.slice(1)}`)];
  for (const { monitor } of callbacks) {
    if (monitor === undefined || watched.includes(monitor)) continue;
    const fix =
      monitor.startsWith("val") && validation === undefined
        ? 'Give fit validation: 0.2, or watch "loss"'
        : `There are: ${watched.join(", ")}`;
    throw new OptionError(`fit: a callback watches "${monitor}", which this run does not measure. ${fix}`);
  }
}
