/**
 * Which learning rate to begin with: a trial run whose rate grows from step to step until the loss explodes (Smith 2017,
 * https://arxiv.org/abs/1506.01186). The model is as before when it returns, to the byte.
 */
import { checkCount, checkPositive, fail, show } from "../check.ts";
import { NonFiniteError, OptionError } from "../errors.ts";
import { pause } from "../runtime/host/pause.ts";
import type { Region } from "../runtime/memory.ts";
import { exp, log } from "../scalar.ts";
import type { Schedule } from "../schedules.ts";
import type { Shape } from "../shape.ts";
import { isIterable, RowBatches } from "./batches.ts";
import { checkLoss } from "./checkLoss.ts";
import { type TakenData, takeData } from "./evaluate.ts";
import type { FindLearningRateOptions, LearningRateCurve } from "./findLearningRate.ts";
import type { Data } from "./fit.ts";
import { checkStepOptions, STEP_OPTIONS } from "./fitOptions.ts";
import { Model } from "./model.ts";
import type { ModelState } from "./state.ts";
import { Training } from "./training.ts";
import { WeightsCopy } from "./weightsCopy.ts";
import { withRoom } from "./withRoom.ts";

/** How much of the smoothed loss is the past. */
const SMOOTHING = 0.9;
/** The loss has exploded when the smoothed one is this many times the smallest. */
const EXPLODED = 4;
/** The event loop turns at least this often, in ms. */
const PAUSE_EVERY = 20;

/** See findLearningRate.ts. */
export async function tryLearningRates<In extends Shape, Out extends Shape>(
  model: Model<In, Out>,
  data: Data<In, Out>,
  options: FindLearningRateOptions,
): Promise<LearningRateCurve> {
  const where = "findLearningRate";
  if (!(model instanceof Model)) throw new OptionError(`${where}: model must be what build or load returns, got ${show(model)}`);
  checkStepOptions(where, options, [...STEP_OPTIONS.filter((name) => name !== "groups" && name !== "accumulate"), "from", "to", "steps"]);
  const { from = 1e-7, to = 10, steps = 100 } = options;
  checkPositive(`${where}: from`, from);
  if (!(typeof to === "number" && to > from && to < Infinity)) fail(`${where}: to`, `a finite number above from, ${from}`, to);
  checkCount(`${where}: steps`, steps, 3);
  const { state } = model;
  state.checkFree(where);
  checkLoss(state, options.loss, where);
  if (isIterable(data))
    throw new OptionError(`${where}: data must be { x, y }, got an iterable: what it gives here would be missing later`);
  const taken = takeData(state, data, options.loss, where);

  const growth = log(to / from) / (steps - 1);
  const schedule: Schedule = { at: (step) => from * exp(growth * step) };
  state.busy = where;
  const region = state.runtime.region();
  const copy = new WeightsCopy(state);
  copy.take();
  try {
    const trial = await withRoom(() => {
      region.free();
      return prepare(state, taken, options, schedule, region);
    });
    await trial.training.ready();
    const losses = await run(trial, steps);
    const rates = losses.map((_, step) => schedule.at(step));
    return { rates, losses, suggestion: rates[steepest(losses)]! };
  } finally {
    copy.putBack();
    region.free();
    state.busy = undefined;
  }
}

interface Trial {
  readonly training: Training;
  readonly batches: RowBatches;
}

function prepare(state: ModelState, taken: TakenData, options: FindLearningRateOptions, learningRate: Schedule, region: Region): Trial {
  const { loss, optimizer, batchSize = 32, penalty, clip, decay, constraint, seed = 0 } = options;
  const labels = taken.y.kind === "labels" ? taken.y.data : undefined;
  const run = state.runs; // of the next fit: nothing is counted here
  const capacity = batchSize === "full" ? taken.rows : Math.min(batchSize, taken.rows);
  const rule = { ...optimizer, learningRate };
  const step = { loss, optimizer: rule, batchSize: capacity, penalty, clip, decay, constraint, seed, run };
  const training = new Training(state, step, region, labels, "findLearningRate");
  return { training, batches: new RowBatches(training, taken, { shuffle: true, seed, run }, region) };
}

async function run({ batches }: Trial, steps: number): Promise<number[]> {
  const losses: number[] = [];
  const smooth = smoother();
  let least = Infinity;
  let lastPause = performance.now();
  for (let step = 0; step < steps; step++) {
    const index = step % batches.stepsPerEpoch;
    if (index === 0) batches.begin(step / batches.stepsPerEpoch);
    try {
      losses.push(batches.step(index));
    } catch (error) {
      if (!(error instanceof NonFiniteError) || losses.length < 3) throw error;
      break; // exploded for good
    }
    const smoothed = smooth(losses[step]!);
    least = Math.min(least, smoothed);
    if (losses.length >= 3 && smoothed > EXPLODED * least) break;
    if (performance.now() - lastPause >= PAUSE_EVERY) {
      await pause();
      lastPause = performance.now();
    }
  }
  return losses;
}

/** Running mean that does not lean towards 0 at its start. */
function smoother(): (value: number) => number {
  let mean = 0;
  let weight = 0;
  return (value) => {
    mean = SMOOTHING * mean + (1 - SMOOTHING) * value;
    weight = SMOOTHING * weight + (1 - SMOOTHING);
    return mean / weight;
  };
}

/**
 * The step before the smallest smoothed loss around which the loss falls fastest; steps are even in the logarithm of the rate. Slopes
 * are those of least-squares lines over an eighth of the curve: from one step to the next the batches differ more than the rate tells.
 */
function steepest(losses: readonly number[]): number {
  const smoothed = losses.map(smoother());
  const reach = Math.max(1, Math.round(losses.length / 16));
  const end = Math.min(smoothed.indexOf(Math.min(...smoothed)), losses.length - 1 - reach);
  let best = 0;
  let most = 0;
  for (let i = reach; i <= end; i++) {
    let fall = 0;
    for (let k = 1; k <= reach; k++) fall += k * (losses[i - k]! - losses[i + k]!);
    if (!(fall > most)) continue;
    most = fall;
    best = i;
  }
  return best;
}
