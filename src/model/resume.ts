/** The state of a run as it goes: taken at any moment, and put into a run that goes on from there. */
import type { Callback, TrainingState } from "../callbacks/callback.ts";
import { fail } from "../check.ts";
import { FormatError, OptionError } from "../errors.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Averaging } from "./averaging.ts";
import type { BatchSource } from "./batches.ts";
import { targetShapeOf } from "./callLoss.ts";
import type { History } from "./history.ts";
import type { OutputLog } from "./outputLog.ts";
import { decodeRun, type Position, PREFIX, type RunRecord, type SavedRun, type Tensors, toText, VERSION, valuesOf } from "./runFile.ts";
import { checkSettings, type Settings } from "./settings.ts";
import type { TrainerCheckpoint } from "./trainer.ts";
import type { Training } from "./training.ts";
import type { WeightsCopy } from "./weightsCopy.ts";

/** What a run is made of, as far as it changes. */
export interface Run {
  readonly training: Training;
  readonly source: BatchSource;
  readonly settings: () => Settings;
  readonly average: Averaging | undefined;
  readonly best: WeightsCopy | undefined;
  readonly outputs: OutputLog | undefined;
  readonly callbacks: readonly Callback[];
  readonly state: TrainingState;
  readonly history: History;
  readonly hasValidation: boolean;
  readonly position: Position;
  /** The hook that is being called, for which callbacks, and the number of the one that it has come to. */
  hook: "onStart" | "onStep" | "onEpoch" | undefined;
  round: readonly Callback[];
  called: number;
  /** Of a run that is resumed, until callbacks have taken over what they knew. */
  waiting: RunRecord | undefined;
}

/** Copies of all that a run is. `isEnd`: other weights are going to stand in the model. */
export function snapshot(run: Run, isEnd = false): { record: string; tensors: Tensors } {
  const { training, source, position, history, state, best } = run;
  const average = run.average?.save();
  const log = position.index > 0 ? run.outputs?.save() : undefined;
  const memory = source.save?.();
  const arrays: Record<string, Float32Array | undefined> = {
    weights: average?.own ?? (isEnd && (average || best?.values) ? training.state.values.slice() : undefined),
    average: average?.average,
    best: best?.values,
    outputs: log?.outputs,
    targets: log?.targets,
    memory: memory && new Float32Array(memory.buffer), // float64 as pairs of words
  };
  training.saveSlots().forEach((slot, k) => {
    arrays[`slot${k}`] = slot;
  });
  const { callbacks, hook } = run.waiting ?? { callbacks: callbackStates(run), hook: run.hook };
  const record: RunRecord = {
    version: VERSION,
    variant: training.state.runtime.variant,
    settings: run.settings(),
    run: training.options.run,
    step: training.step,
    rated: training.scalars.last,
    rateFactor: training.rateFactor,
    averaged: average?.count ?? 0,
    position,
    targetKind: log?.kind ?? "rows",
    shown: { ...state, learningRate: training.rate, history: undefined },
    hook: hook === "onStart" ? undefined : hook,
    callbacks,
    history,
  };
  const kept = Object.entries(arrays).flatMap(([name, data]) => (data ? [[PREFIX + name, { data, shape: [data.length] }] as const] : []));
  return { record: toText(record), tensors: Object.fromEntries(kept) };
}

function callbackStates({ callbacks, hook, round, called }: Run): RunRecord["callbacks"] {
  return callbacks
    .filter((callback) => callback.save !== undefined)
    .map((callback) => {
      const isPending = hook !== undefined && round.indexOf(callback) > called;
      // What has not been started yet knows of another run.
      return { kind: callback.kind ?? "callback", saved: isPending && hook === "onStart" ? undefined : callback.save!(), isPending };
    });
}

/** @throws OptionError for what is no state, FormatError for bytes that are damaged. */
export function readResume(resume: unknown): SavedRun | TrainerCheckpoint | undefined {
  if (resume === undefined) return undefined;
  if (resume instanceof Uint8Array || resume instanceof ArrayBuffer) return decodeRun(new Uint8Array(resume));
  if (typeof resume !== "object" || resume === null || !("slots" in resume))
    fail("fit: resume", "history.state, what checkpoint saves, or what trainer.checkpoint() gives", resume);
  return resume as TrainerCheckpoint;
}

/** What a trainer knows, as a run: its steps tell the epoch; what it did not record is NaN in the history. */
function runOf({ weights, slots, optimizer, step, seed, run, variant = "" }: TrainerCheckpoint, training: Training): SavedRun {
  const stepsPerEpoch = training.stepsPerEpoch!;
  const { accumulate = 1 } = training.options;
  const tensors: Tensors = {};
  for (const [name, data] of Object.entries(weights ?? {})) tensors[name] = { data, shape: [] };
  for (const [k, data] of Object.entries(slots ?? [])) tensors[`${PREFIX}slot${k}`] = { data, shape: [] };
  const index = (step % stepsPerEpoch) * accumulate;
  const record: RunRecord = {
    version: VERSION,
    variant,
    settings: { optimizer: toText(optimizer), seed: toText(seed) },
    run,
    step,
    rateFactor: 1,
    averaged: 0,
    position: { epoch: Math.floor(step / stepsPerEpoch), index, rows: 0, loss: 0, penalty: index > 0 ? Number.NaN : 0 },
    targetKind: "rows",
    callbacks: [],
  };
  return { record, tensors };
}

/**
 * Makes the run what the saved one was; callbacks get theirs later. Nothing is written if it throws.
 * @throws OptionError if an option differs, FormatError if the state is not sound.
 */
export function restore(run: Run, given: SavedRun | TrainerCheckpoint): RunRecord {
  const { training, source, average, best } = run;
  const { state } = training;
  const saved = "slots" in given ? runOf(given, training) : given;
  const { record } = saved;
  const rated = checkRecord(run, record);
  const { own, weights, slots, averages, kept, memory, log } = readArrays(run, saved);
  if (memory) source.load?.(memory);
  if (own) state.values.set(own);
  else state.parameters.forEach((parameter, k) => void state.view(parameter).set(weights[k]!));
  training.loadSlots(slots);
  if (averages) average?.load(record.averaged, averages);
  if (kept && best) best.values = kept;
  if (log) run.outputs!.load(record.position.rows, record.targetKind, log.outputs, log.targets);
  training.step = record.step;
  Object.assign(training.scalars.last, rated);
  training.rateFactor = record.rateFactor;
  state.version++;
  Object.assign(run.position, record.position);
  restoreShown(run, record);
  if (record.variant !== "") state.runtime.compareVariant(record.variant);
  return record;
}

/** Everything but the arrays; returns the learning rates that are asked for where the run goes on. */
function checkRecord(run: Run, record: RunRecord): { step: number; rates: number[] } {
  const { training, source, history, state } = run;
  if (!isSound(record)) failSound();
  checkSettings(record.settings, run.settings());
  const { epoch, index } = record.position;
  const steps = epoch * training.stepsPerEpoch! + Math.ceil(index / (training.options.accumulate ?? 1));
  if (index > source.stepsPerEpoch || record.step !== steps) failSound();
  if (record.history && !isHistory(record.history, history, epoch)) failSound();
  // Of a schedule one rate must do: of all rates to come nobody knows.
  const rated = { step: Number(record.rated?.step ?? record.step - 1), rates: [] as number[] };
  if (rated.step >= 0) rated.rates = training.scalars.ratesAt(rated.step, training.stepsPerEpoch);
  if (record.rated && rated.step >= 0) checkSettings({ learningRate: toText(record.rated.rates) }, { learningRate: toText(rated.rates) });
  takers(record, run.callbacks);
  if (epoch > state.epochs) fail("fit: epochs", `at least ${epoch}, which the run that is resumed has behind it`, state.epochs);
  return rated;
}

/** The arrays of the state, each of the length that this run needs. */
function readArrays({ training, source, outputs }: Run, { record, tensors }: SavedRun) {
  const { position, averaged, targetKind, history } = record;
  const { state, update, options } = training;
  const { outputShape } = state.layout;
  const read = (name: string, words: number) => valuesOf(tensors, PREFIX + name, words);
  const readIf = (name: string, words: number) => (tensors[PREFIX + name] ? read(name, words) : undefined);
  const { length } = state.values;
  const own = readIf("weights", length);
  const memory = tensors[`${PREFIX}memory`]?.data;
  if (source.load && !memory) failSound();
  // A trainer keeps none.
  const log = position.index > 0 && history && outputs;
  const ofRows = (name: string, shape: Shape) => read(name, position.rows * sizeOf(shape));
  return {
    own,
    weights: state.parameters.map(({ name, words }) => (own ? undefined : valuesOf(tensors, name, words))),
    slots: update.slots.map((_, k) => read(`slot${k}`, update.words)),
    averages: averaged > 0 ? read("average", length) : undefined,
    kept: readIf(
      "best",
      state.parameters.reduce((sum, { words }) => sum + words, 0),
    ),
    memory: memory && new Float64Array(memory.buffer, 0, memory.length >> 1),
    log: log && {
      outputs: ofRows("outputs", outputShape),
      targets: ofRows("targets", targetShapeOf(options.loss, outputShape, targetKind)),
    },
  };
}

/** What callbacks are shown, and the history. */
function restoreShown({ training, state, history, position: { epoch }, hasValidation }: Run, record: RunRecord): void {
  const { history: recorded } = record;
  const shown: Record<string, unknown> = Object(record.shown);
  for (const name of ["epoch", "step", "stepInEpoch", "rows", "loss", "valLoss", "learningRate", "seconds"] as const)
    if (typeof shown[name] === "number") state[name] = shown[name];
  state.metrics = { ...Object(shown.metrics) };
  training.rate = state.learningRate;
  const isEmpty = (name: string) =>
    name === "notes" || (name === "penalty" && !training.hasPenalty) || (name === "valLoss" && !hasValidation);
  const columns = Object.entries(history).filter(([name, value]) => Array.isArray(value) && !isEmpty(name));
  const unknown = Object.fromEntries(columns.map(([name]) => [name, new Array(epoch).fill(Number.NaN)]));
  const notes = [...new Set([...(recorded?.notes ?? []), ...history.notes])];
  Object.assign(history, recorded ?? { ...unknown, epochs: epoch }, { notes, stopped: "epochs" });
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function failSound(): never {
  throw new FormatError("fit: resume: the state is not sound: it must be one that whetstone made");
}

/** Whether a record is what snapshot writes, as far as one can see without the data. */
function isSound({ run, step, rateFactor, averaged, position, callbacks, settings, targetKind, variant }: Partial<RunRecord>): boolean {
  const { epoch, index, rows, loss, penalty } = Object(position) as Position;
  return (
    [run, step, averaged, epoch, index, rows].every(isCount) &&
    [rateFactor, loss, penalty].every((value) => typeof value === "number") &&
    rateFactor! >= 0 &&
    rateFactor! < Infinity &&
    typeof settings === "object" &&
    typeof variant === "string" &&
    (targetKind === "labels" || targetKind === "rows") &&
    Array.isArray(callbacks) &&
    callbacks.every((entry) => typeof entry?.kind === "string")
  );
}

/** Whether `saved` has all that an empty history has, and a number of each epoch where it has any. */
function isHistory(saved: object, empty: History, epochs: number): boolean {
  return Object.entries(empty).every(([name, value]) => {
    const entry = (saved as Record<string, unknown>)[name];
    if (!Array.isArray(value)) return typeof entry === typeof value;
    const type = name === "notes" ? "string" : "number";
    return Array.isArray(entry) && entry.every((each) => typeof each === type) && (type === "string" || [0, epochs].includes(entry.length));
  });
}

/**
 * The callbacks that take over what was saved, each beside it.
 * @throws OptionError if there is none of a kind that had something to remember.
 */
export function takers({ callbacks: saved }: RunRecord, callbacks: readonly Callback[]) {
  const left = callbacks.filter(({ load }) => load !== undefined);
  return saved.flatMap((entry) => {
    const at = left.findIndex(({ kind = "callback" }) => kind === entry.kind);
    if (at >= 0) return [{ ...entry, callback: left.splice(at, 1)[0]! }];
    if (entry.saved === undefined) return [];
    throw new OptionError(`fit: resume: callbacks must hold ${entry.kind} as in the run that is resumed, which goes on with what it knew`);
  });
}
