/** The loop of fit: epochs of steps, what is recorded, when callbacks are called, and which weights remain. */
import type { Callback, CallbackResult, RunAccess, TrainingState } from "../callbacks/callback.ts";
import { checkNotNegative } from "../check.ts";
import { pause } from "../runtime/host/pause.ts";
import type { Averaging } from "./averaging.ts";
import type { BatchSource } from "./batches.ts";
import type { Evaluator } from "./evaluate.ts";
import type { FitOptions } from "./fitOptions.ts";
import { emptyHistory, type History, valName } from "./history.ts";
import { inspectLayers } from "./inspectLayers.ts";
import { OutputLog } from "./outputLog.ts";
import { saveModel } from "./saveModel.ts";
import type { Training } from "./training.ts";
import { WeightsCopy } from "./weightsCopy.ts";

/** The event loop turns at least this often, in ms, so that a page or a server stays alive. */
const PAUSE_EVERY = 40;

export class Loop {
  readonly #training: Training;
  readonly #source: BatchSource;
  readonly #evaluator: Evaluator | undefined;
  readonly #options: FitOptions;
  readonly #callbacks: readonly Callback[];
  readonly #hasStepCallbacks: boolean;
  readonly #history: History;
  readonly #state: TrainingState;
  readonly #access: RunAccess;
  readonly #start = performance.now();
  readonly #outputs: OutputLog | undefined;
  readonly #best: WeightsCopy | undefined;
  readonly #average: Averaging | undefined;
  #lastPause = performance.now();
  /** Steps between looks at the clock: a look costs as much as a small step. */
  #stepsPerLook = 1;
  #stepsToLook = 1;
  #lastLook = performance.now();

  constructor(
    training: Training,
    source: BatchSource,
    evaluator: Evaluator | undefined,
    options: FitOptions,
    notes: string[],
    average?: Averaging,
  ) {
    const { epochs = 10, callbacks = [], metrics = {} } = options;
    this.#training = training;
    this.#source = source;
    this.#evaluator = evaluator;
    this.#average = average;
    this.#options = options;
    this.#callbacks = callbacks;
    this.#hasStepCallbacks = callbacks.some(({ onStep }) => onStep !== undefined);
    this.#access = {
      save: () => save(training),
      parameters: () => Object.fromEntries(training.state.parameters.map((each) => [each.name, training.state.view(each).slice()])),
      layers: () => inspectLayers(training, source.placed),
    };
    this.#history = emptyHistory();
    this.#history.notes.push(...notes);
    for (const name of Object.keys(metrics)) {
      this.#history[name] = [];
      if (evaluator) this.#history[valName(name)] = [];
    }
    if (Object.keys(metrics).length > 0) this.#outputs = new OutputLog(training);
    if (callbacks.some(({ monitor }) => monitor !== undefined)) this.#best = new WeightsCopy(training.state);
    this.#state = {
      epoch: 0,
      epochs,
      step: 0,
      stepInEpoch: 0,
      stepsPerEpoch: training.stepsPerEpoch!,
      rows: 0,
      loss: 0,
      valLoss: undefined,
      metrics: {},
      learningRate: 0,
      seconds: 0,
      history: this.#history,
    };
  }

  /** Resolves when the threads that the run wants are ready, or known not to come. */
  ready(): Promise<void> {
    return this.#training.ready();
  }

  async run(): Promise<History> {
    const history = this.#history;
    try {
      if (!(await this.#call("onStart"))) await this.#runEpochs();
      else history.stopped = "callback";
      await this.#source.end?.();
    } catch (error) {
      history.stopped = this.#options.signal?.aborted ? "aborted" : "failed";
      this.#finish();
      await this.#tryAfterError("the iterable's return", () => this.#source.end?.());
      await this.#tryAfterError("onEnd", () => this.#call("onEnd"));
      attachHistory(error, history);
      throw error;
    }
    this.#finish();
    try {
      await this.#call("onEnd");
    } catch (error) {
      attachHistory(error, history);
      throw error;
    }
    return history;
  }

  async #runEpochs(): Promise<void> {
    for (let epoch = 0; epoch < this.#state.epochs; epoch++) {
      this.#state.epoch = epoch;
      if (await this.#runEpoch(epoch)) {
        this.#history.stopped = "callback";
        return;
      }
    }
  }

  /** True if a callback asked to stop. */
  async #runEpoch(epoch: number): Promise<boolean> {
    const state = this.#state;
    const training = this.#training;
    let weightedLoss = 0;
    let penalty = 0;
    state.rows = 0;
    state.valLoss = undefined;
    this.#source.begin(epoch);
    this.#outputs?.clear();
    for (let index = 0; index < this.#source.stepsPerEpoch; index++) {
      const result = this.#source.step(index);
      const loss = typeof result === "number" ? result : await result;
      const { rows } = this.#source.placed;
      weightedLoss += loss * rows;
      state.rows += rows;
      this.#outputs?.add(this.#source.placed);
      const isUpdated = !training.accumulation?.batches;
      if (isUpdated) {
        this.#average?.afterStep();
        if (training.hasPenalty) penalty += training.penalty;
      }
      if (isUpdated && this.#hasStepCallbacks) {
        state.step = training.step;
        state.stepInEpoch = Math.ceil((index + 1) / (training.options.accumulate ?? 1));
        state.loss = weightedLoss / state.rows;
        state.learningRate = training.rate;
        const stop = this.#callStep();
        if (stop === true || (stop !== false && (await stop))) return true;
      }
      if (--this.#stepsToLook <= 0 && this.#isPauseDue()) await this.#pause();
    }
    return this.#endEpoch(epoch, weightedLoss / state.rows, penalty / state.stepsPerEpoch);
  }

  async #endEpoch(epoch: number, loss: number, penalty: number): Promise<boolean> {
    const history = this.#history;
    const state = this.#state;
    const metrics = this.#options.metrics ?? {};
    const measured: Record<string, number> = this.#outputs ? this.#outputs.measure(metrics) : {};
    state.step = this.#training.step;
    state.stepInEpoch = state.stepsPerEpoch;
    state.loss = loss;
    state.learningRate = this.#training.rate;
    let stop: boolean;
    try {
      this.#average?.afterEpoch(epoch);
      this.#validate(measured);
      state.metrics = measured;
      history.loss.push(loss);
      history.learningRate.push(this.#training.rate);
      if (this.#training.hasPenalty) history.penalty.push(penalty);
      for (const [name, value] of Object.entries(measured)) (history[name] as number[]).push(value);
      history.epochs = epoch + 1;
      try {
        stop = await this.#call("onEpoch");
      } finally {
        this.#keepBest(epoch); // also where a callback throws or aborts: the epoch may be the best one
      }
    } finally {
      this.#average?.takeDown();
    }
    if (this.#isPauseDue()) await this.#pause();
    return stop;
  }

  #validate(measured: Record<string, number>): void {
    if (this.#evaluator) {
      const { loss: valLoss, ...values } = this.#evaluator.run(this.#options.metrics ?? {});
      this.#state.valLoss = valLoss;
      this.#history.valLoss.push(valLoss);
      for (const [name, value] of Object.entries(values)) measured[valName(name)] = value;
    }
  }

  #keepBest(epoch: number): void {
    const history = this.#history;
    const watcher = this.#callbacks.find(({ monitor }) => monitor !== undefined);
    if (watcher) {
      if (watcher.bestEpoch === epoch) this.#best!.take();
      history.bestEpoch = watcher.bestEpoch ?? -1;
    } else {
      const watched = this.#evaluator ? history.valLoss : history.loss;
      if (history.bestEpoch < 0 || watched[epoch]! < watched[history.bestEpoch]!) history.bestEpoch = epoch;
    }
  }

  /** On every exit: the best weights where somebody watched and an epoch was measured, else the averages where there are any. */
  #finish(): void {
    this.#training.accumulation?.discard();
    if (!this.#best?.putBack()) this.#average?.putUp();
    this.#state.seconds = (performance.now() - this.#start) / 1000;
  }

  async #call(hook: "onStart" | "onEpoch" | "onEnd"): Promise<boolean> {
    let stop = false;
    this.#state.seconds = (performance.now() - this.#start) / 1000;
    for (const callback of this.#callbacks) {
      const result = callback[hook]?.(this.#state, this.#access);
      if (this.#heed(result instanceof Promise ? await result : result)) stop = true;
    }
    if (hook !== "onEnd") this.#options.signal?.throwIfAborted();
    return stop;
  }

  /** After a failure the first error counts: what is thrown then is not allowed to hide it. */
  async #tryAfterError(name: string, attempt: () => unknown): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      this.#history.notes.push(`${name} failed too: ${String(error)}`);
    }
  }

  /** Not async: a promise per step would cost more than a small step. */
  #callStep(): boolean | Promise<boolean> {
    let stop = false;
    let pending: Promise<CallbackResult | void>[] | undefined;
    for (const callback of this.#callbacks) {
      const result = callback.onStep?.(this.#state, this.#access);
      if (result instanceof Promise) pending = [...(pending ?? []), result];
      else if (this.#heed(result)) stop = true;
    }
    if (pending === undefined) return this.#afterStep(stop);
    return Promise.all(pending).then((results) => {
      for (const result of results) if (this.#heed(result)) stop = true;
      return this.#afterStep(stop);
    });
  }

  /** Does what a callback wants; true if that is to stop. */
  #heed(result: CallbackResult | void): boolean {
    if (result === "stop") return true;
    if (typeof result === "object" && result !== null) {
      checkNotNegative("fit: a callback's learningRateFactor", result.learningRateFactor);
      this.#training.rateFactor *= result.learningRateFactor;
    }
    return false;
  }

  #afterStep(stop: boolean): boolean {
    this.#options.signal?.throwIfAborted();
    return stop;
  }

  /** Looks at the clock seldom enough to cost nothing, often enough to pause in time. */
  #isPauseDue(): boolean {
    const now = performance.now();
    const sinceLook = now - this.#lastLook;
    if (sinceLook < PAUSE_EVERY / 16) this.#stepsPerLook = Math.min(this.#stepsPerLook * 2, 65536);
    else if (sinceLook > PAUSE_EVERY / 4) this.#stepsPerLook = Math.max(1, this.#stepsPerLook >>> 2);
    this.#stepsToLook = this.#stepsPerLook;
    this.#lastLook = now;
    return now - this.#lastPause >= PAUSE_EVERY;
  }

  async #pause(): Promise<void> {
    await pause();
    this.#options.signal?.throwIfAborted();
    this.#lastPause = performance.now();
    this.#lastLook = this.#lastPause;
  }
}

function save({ state }: Training): Uint8Array {
  const tensors = state.parameters.map((parameter) => [parameter.name, { data: state.view(parameter), shape: parameter.shape }] as const);
  return saveModel(state, Object.fromEntries(tensors));
}

/** The thrown error tells what had been reached. A reason that can't carry a property goes without. */
function attachHistory(error: unknown, history: History): void {
  if (typeof error === "object" && error !== null && Object.isExtensible(error))
    Object.defineProperty(error, "history", { value: history, configurable: true });
}
