/** Trains a model for a number of epochs: data in, loop, validation, callbacks, the best weights, history out. */
import { checkCount } from "../check.ts";
import { splitIndices } from "../data/split.ts";
import { DataError, OptionError } from "../errors.ts";
import { isSecondOrder } from "../optimizers/secondOrder.ts";
import { sgd } from "../optimizers/sgd.ts";
import { STREAM_VALIDATION } from "../random.ts";
import type { Region } from "../runtime/memory.ts";
import type { Shape } from "../shape.ts";
import { sizeOf } from "../shape.ts";
import type { NestedNumbers, TargetInput, TensorInput } from "../tensor.ts";
import { Averaging } from "./averaging.ts";
import { type BatchSource, isIterable, RowBatches, StreamBatches } from "./batches.ts";
import type { Batch } from "./batchPlaces.ts";
import { checkLoss } from "./checkLoss.ts";
import { Evaluator, type TakenData, takeData } from "./evaluate.ts";
import { checkFitOptions, type FitOptions } from "./fitOptions.ts";
import { FullBatch } from "./fullBatch.ts";
import type { History } from "./history.ts";
import { Loop } from "./loop.ts";
import { readResume } from "./resume.ts";
import { settingsOf } from "./settings.ts";
import type { ModelState } from "./state.ts";
import { Training } from "./training.ts";
import { withRoom } from "./withRoom.ts";

export type { FitOptions } from "./fitOptions.ts";

/** Rows of inputs and their targets; `weights`: one per row, whose mean the loss is weighted by. */
export interface Data<In extends Shape = Shape, Out extends Shape = Shape> {
  x: TensorInput<In>;
  y: TargetInput<Out>;
  weights?: NestedNumbers;
}

export async function fit(state: ModelState, data: unknown, options: FitOptions): Promise<History> {
  checkFitOptions(options);
  state.checkUsable("fit"); // the runtime may have been disposed since fit was called
  checkLoss(state, options.loss, "fit");
  options.signal?.throwIfAborted();
  const resumed = readResume(options.resume);
  const isStream = isIterable(data);
  const parts = isStream ? undefined : takeParts(state, data, options);
  if (isStream) checkStream(options);
  else if (options.stepsPerEpoch !== undefined)
    throw new OptionError("fit: stepsPerEpoch is for iterables of batches: { x, y } has as many steps as it has batches");
  const own = takeOwnValidation(state, options);

  const region = state.runtime.region();
  try {
    const loop = await withRoom(() => {
      region.free(); // of what a first attempt had got before the memory was full
      return prepare(state, data, parts, own, options, region, resumed);
    });
    await loop.ready();
    return await loop.run();
  } finally {
    region.free();
  }
}

function prepare(
  state: ModelState,
  data: unknown,
  parts: { train: TakenData; validation: TakenData | undefined } | undefined,
  own: TakenData | undefined,
  options: FitOptions,
  region: Region,
  resumed: ReturnType<typeof readResume>,
): Loop {
  const { loss, batchSize = 32, penalty, clip, decay, constraint, groups, accumulate = 1, seed = 0 } = options;
  const method = isSecondOrder(options.optimizer) ? options.optimizer : undefined;
  const optimizer = isSecondOrder(options.optimizer) ? sgd({ learningRate: 0 }) : options.optimizer; // moves statistics, no weight
  const rows = parts?.train.rows ?? Infinity;
  const labels = parts?.train.y.kind === "labels" ? parts.train.y.data : undefined;
  const run = resumed === undefined ? state.runs : "slots" in resumed ? resumed.run : resumed.record.run;
  const capacity = batchSize === "full" ? rows : Math.min(batchSize, rows);
  const training = new Training(
    state,
    { loss, optimizer, batchSize: capacity, penalty, clip, decay, constraint, groups, accumulate, seed, run },
    region,
    labels,
    "fit",
  );
  const averages = options.callbacks?.find(({ average }) => average)?.average;
  const average = averages && new Averaging(training, region, averages);
  const validation = parts?.validation ?? own;
  const evaluator = validation && new Evaluator(state, loss, validation, region, "fit: validation", labels);
  const notes: string[] = [];
  let source: BatchSource;
  if (parts) {
    // One order for all epochs: another one would change the last bits of a loss that lbfgs compares with itself.
    const shuffle = method === undefined && (options.shuffle ?? true);
    const batches = new RowBatches(training, parts.train, { shuffle, seed, run }, region);
    average?.useRows(batches, region);
    if (batches.skipsRemainder) notes.push("each epoch leaves out one row: a batch of one row has no statistics for batchNorm");
    source = method === undefined ? batches : new FullBatch(training, batches, method);
  } else {
    source = new StreamBatches(training, data as Iterable<Batch>, options.stepsPerEpoch!, options.signal);
  }
  training.stepsPerEpoch = Math.ceil(source.stepsPerEpoch / accumulate);
  const sizes = { rows: parts?.train.rows, validationRows: validation?.rows, stepsPerEpoch: source.stepsPerEpoch, labels };
  const settings = () => settingsOf(training, options, sizes);
  const loop = new Loop({ training, source, evaluator, options, notes, average, settings });
  if (resumed) loop.resume(resumed);
  // Only now has nothing been refused: the run counts, and the model predicts through this loss's link.
  state.runs = Math.max(state.runs, run + 1);
  state.trainedBy(loss);
  return loop;
}

function checkStream(options: FitOptions): void {
  if (isSecondOrder(options.optimizer)) throw new OptionError("fit: lbfgs needs { x, y }: all data at once, not an iterable of batches");
  if (options.stepsPerEpoch === undefined) throw new OptionError("fit: an iterable of batches needs stepsPerEpoch");
  checkCount("fit: stepsPerEpoch", options.stepsPerEpoch);
  if (options.batchSize === "full")
    throw new OptionError('fit: batchSize "full" needs { x, y }; an iterable gives batches of its own, of at most batchSize rows');
  if (typeof options.validation === "number")
    throw new OptionError("fit: validation of an iterable must be { x, y }: its rows can't be set aside");
}

function takeOwnValidation(state: ModelState, { validation, loss }: FitOptions): TakenData | undefined {
  if (validation === undefined || typeof validation === "number") return undefined;
  return takeData(state, validation, loss, "fit: validation");
}

/** Cuts off the validation part: random by seed, stratified for labels. */
function takeParts(state: ModelState, data: unknown, options: FitOptions): { train: TakenData; validation: TakenData | undefined } {
  const all = takeData(state, data, options.loss, "fit");
  const { validation, seed = 0 } = options;
  if (typeof validation !== "number") return { train: all, validation: undefined };
  const labels = all.y.kind === "labels" && all.y.data.length === all.rows ? all.y.data : undefined;
  let indices: ReturnType<typeof splitIndices>;
  try {
    indices = splitIndices(all.rows, labels, { test: validation, validation: 0, seed }, STREAM_VALIDATION);
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`fit: validation: ${error.message}`);
    if (error instanceof OptionError) throw new OptionError(`fit: validation: ${error.message}`);
    throw error;
  }
  return { train: rowsOf(state, all, indices.train), validation: rowsOf(state, all, indices.test) };
}

function rowsOf(state: ModelState, data: TakenData, indices: ArrayLike<number>): TakenData {
  const rows = indices.length;
  const gather = <T extends Float32Array | Int32Array>(from: T, words: number, to: T): T => {
    for (let i = 0; i < rows; i++) to.set(from.subarray(indices[i]! * words, (indices[i]! + 1) * words), i * words);
    return to;
  };
  const inputWords = sizeOf(state.layout.inputShape);
  const targetWords = data.y.data.length / data.rows;
  const x = gather(data.x, inputWords, new Float32Array(rows * inputWords));
  const y =
    data.y.kind === "labels"
      ? { kind: data.y.kind, data: gather(data.y.data, targetWords, new Int32Array(rows * targetWords)) }
      : { kind: data.y.kind, data: gather(data.y.data, targetWords, new Float32Array(rows * targetWords)) };
  return { x, y, weights: data.weights && gather(data.weights, 1, new Float32Array(rows)), rows };
}
