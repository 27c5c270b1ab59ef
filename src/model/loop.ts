/** The loop of fit: epochs of steps, what is recorded, when callbacks are called, and which weights remain. */
import type { Callback, CallbackResult, RunAccess, TrainingState } from "../callbacks/callback.ts";
import { checkNotNegative } from "../check.ts";
import type { Averaging } from "./averaging.ts";
import type { BatchSource } from "./batches.ts";
import type { Evaluator } from "./evaluate.ts";
import type { FitOptions } from "./fitOptions.ts";
import { emptyHistory, type History, valName } from "./history.ts";
import { inspectLayers } from "./inspectLayers.ts";
import { OutputLog } from "./outputLog.ts";
import { Pauses } from "./pauses.ts";
import { type Run, restore, snapshot, takers } from "./resume.ts";
import { encodeRun, ownTensors, type Position } from "./runFile.ts";
import { saveModel } from "./saveModel.ts";
import type { Training } from "./training.ts";
import { WeightsCopy } from "./weightsCopy.ts";

export interface LoopParts {
  readonly training: Training;
  readonly source: BatchSource;
  readonly evaluator: Evaluator | undefined;
  readonly options: FitOptions;
  readonly notes: readonly string[];
  readonly average: Averaging | undefined;
  readonly settings: Run["settings"];
}

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
  #start = performance.now();
  readonly #outputs: OutputLog | undefined;
  readonly #best: WeightsCopy | undefined;
  readonly #average: Averaging | undefined;
  /** Where the run is, and all else that it is: for those who want to go on from there. */
  readonly #position: Position = { epoch: 0, index: 0, rows: 0, loss: 0, penalty: 0 };
  readonly #run: Run;
  /** Where it was after the last update, where several batches make one: those that wait for theirs are forgotten at an end. */
  readonly #updated: Position | undefined;
  /** What the run was when its own weights made room for those that remain. */
  #last: ReturnType<typeof snapshot> | undefined;
  #isOver = false;
  readonly #pauses: Pauses;

  constructor({ training, source, evaluator, options, notes, average, settings }: LoopParts) {
    const { epochs = 10, callbacks = [], metrics = {} } = options;
    this.#training = training;
    this.#source = source;
    this.#evaluator = evaluator;
    this.#average = average;
    this.#options = options;
    this.#pauses = new Pauses(options.signal);
    this.#callbacks = callbacks;
    this.#hasStepCallbacks = callbacks.some(({ onStep }) => onStep !== undefined);
    this.#access = {
      save: (how) => this.#save(how),
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
    if (training.accumulation) this.#updated = { ...this.#position };
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
    this.#run = {
      training,
      source,
      settings,
      average,
      best: this.#best,
      outputs: this.#outputs,
      callbacks,
      state: this.#state,
      history: this.#history,
      hasValidation: evaluator !== undefined,
      position: this.#position,
      hook: undefined,
      round: callbacks,
      called: 0,
      waiting: undefined,
    };
  }

  /** Goes on where another run was. @throws before anything is written, if that can't be. */
  resume(saved: Parameters<typeof restore>[1]): void {
    this.#run.waiting = restore(this.#run, saved);
    if (this.#updated) Object.assign(this.#updated, this.#position);
    this.#start -= 1000 * this.#state.seconds;
  }

  /** Resolves when the threads that the run wants are ready, or known not to come. */
  ready(): Promise<void> {
    return this.#training.ready();
  }

  async run(): Promise<History> {
    const history = this.#history;
    try {
      // What was prepared for the run took a page's time already, most of it in a first fit: the steps are a task of their own.
      await this.#pauses.take();
      if (!(await this.#begin())) await this.#runEpochs();
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

  /** True if a callback asked to stop. */
  async #begin(): Promise<boolean> {
    const run = this.#run;
    let stop = await this.#call("onStart");
    const { waiting } = run;
    if (waiting === undefined) return stop;
    const taken = takers(waiting, this.#callbacks);
    for (const { callback, saved } of taken) if (saved !== undefined) callback.load!(saved);
    run.waiting = undefined;
    // What was saved within a hook: the callbacks after that one are still to be called.
    const round = taken.filter(({ isPending }) => isPending).map(({ callback }) => callback);
    if (waiting.hook === "onStep") stop = (await this.#call("onStep", round)) || stop;
    if (waiting.hook === "onEpoch") stop = (await this.#callEpoch(this.#position.epoch - 1, round)) || stop;
    if (!stop) await this.#source.skip?.(this.#position.epoch * this.#source.stepsPerEpoch + this.#position.index);
    return stop;
  }

  async #runEpochs(): Promise<void> {
    while (this.#position.epoch < this.#state.epochs) {
      if (await this.#runEpoch()) {
        this.#history.stopped = "callback";
        return;
      }
    }
  }

  /** From the position on. True if a callback asked to stop. */
  async #runEpoch(): Promise<boolean> {
    const state = this.#state;
    const training = this.#training;
    const position = this.#position;
    state.epoch = position.epoch;
    state.rows = position.rows;
    state.valLoss = undefined;
    this.#source.begin(position.epoch);
    if (position.index === 0) this.#outputs?.clear();
    while (position.index < this.#source.stepsPerEpoch) {
      const result = this.#source.step(position.index);
      const loss = typeof result === "number" ? result : await result;
      const { rows } = this.#source.placed;
      position.index++;
      position.loss += loss * rows;
      position.rows += rows;
      this.#outputs?.add(this.#source.placed);
      const isUpdated = !training.accumulation?.batches;
      if (isUpdated) {
        this.#average?.afterStep();
        if (training.hasPenalty) position.penalty += training.penalty;
        if (this.#updated) Object.assign(this.#updated, position);
      }
      if (isUpdated && this.#hasStepCallbacks) {
        state.step = training.step;
        state.stepInEpoch = Math.ceil(position.index / (training.options.accumulate ?? 1));
        state.rows = position.rows;
        state.loss = position.loss / position.rows;
        state.learningRate = training.rate;
        const stop = this.#callStep();
        if (stop === true || (stop !== false && (await stop))) return true;
      }
      if (this.#pauses.isDueAfterStep()) await this.#pauses.take();
    }
    return this.#endEpoch();
  }

  async #endEpoch(): Promise<boolean> {
    const history = this.#history;
    const state = this.#state;
    const position = this.#position;
    const { epoch, rows } = position;
    const measured: Record<string, number> = this.#outputs ? this.#outputs.measure(this.#options.metrics ?? {}) : {};
    state.step = this.#training.step;
    state.stepInEpoch = state.stepsPerEpoch;
    state.rows = rows;
    state.loss = position.loss / rows;
    state.learningRate = this.#training.rate;
    let stop: boolean;
    try {
      this.#average?.afterEpoch(epoch);
      this.#validate(measured);
      state.metrics = measured;
      history.loss.push(state.loss);
      history.learningRate.push(this.#training.rate);
      if (this.#training.hasPenalty) history.penalty.push(position.penalty / state.stepsPerEpoch);
      for (const [name, value] of Object.entries(measured)) (history[name] as number[]).push(value);
      history.epochs = epoch + 1;
      Object.assign(position, { epoch: epoch + 1, index: 0, rows: 0, loss: 0, penalty: 0 });
      if (this.#updated) Object.assign(this.#updated, position);
      stop = await this.#callEpoch(epoch);
    } finally {
      this.#average?.takeDown();
    }
    if (this.#pauses.isDue()) await this.#pauses.take();
    return stop;
  }

  /** What onEpoch sees is what stands for the epoch: averages of the weights, where there are any. */
  async #callEpoch(epoch: number, round?: readonly Callback[]): Promise<boolean> {
    try {
      this.#average?.putUp();
      try {
        return await this.#call("onEpoch", round);
      } finally {
        this.#keepBest(epoch); // also where a callback throws or aborts: the epoch may be the best one
      }
    } finally {
      this.#average?.takeDown();
    }
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
    const { state, accumulation } = this.#training;
    accumulation?.discard();
    if (this.#updated) {
      Object.assign(this.#position, this.#updated);
      this.#outputs?.forget(this.#position.rows);
    }
    this.#state.seconds = this.#seconds();
    const orNote = (act: () => void) => {
      try {
        act();
      } catch (error) {
        this.#history.notes.push(`history has no state to resume from: ${String(error)}`);
      }
    };
    if (!state.isBroken) orNote(() => (this.#last = snapshot(this.#run, true)));
    this.#isOver = true;
    if (!this.#best?.putBack()) this.#average?.putUp();
    const last = this.#last;
    if (last) orNote(() => Object.defineProperty(this.#history, "state", { value: encodeRun(state, last), configurable: true }));
  }

  #seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  #save({ weightsOnly = false }: { weightsOnly?: boolean } = {}): Uint8Array {
    const { state } = this.#training;
    const run = weightsOnly ? undefined : this.#isOver ? this.#last : snapshot(this.#run);
    return run ? encodeRun(state, run) : saveModel(state, ownTensors(state));
  }

  async #call(hook: "onStart" | "onStep" | "onEpoch" | "onEnd", round = this.#callbacks): Promise<boolean> {
    const run = this.#run;
    let stop = false;
    this.#state.seconds = this.#seconds();
    run.round = round;
    run.hook = hook === "onEnd" ? undefined : hook;
    for (run.called = 0; run.called < round.length; run.called++) {
      const result = round[run.called]![hook]?.(this.#state, this.#access);
      if (this.#heed(result instanceof Promise ? await result : result)) stop = true;
    }
    run.hook = undefined;
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
    const run = this.#run;
    const callbacks = this.#callbacks;
    let stop = false;
    let pending: Promise<CallbackResult | void>[] | undefined;
    run.round = callbacks;
    run.hook = "onStep";
    for (run.called = 0; run.called < callbacks.length; run.called++) {
      const result = callbacks[run.called]!.onStep?.(this.#state, this.#access);
      if (result instanceof Promise) pending = [...(pending ?? []), result];
      else if (this.#heed(result)) stop = true;
    }
    run.hook = undefined;
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
}

/** The thrown error tells what had been reached. A reason that can't carry a property goes without. */
function attachHistory(error: unknown, history: History): void {
  if (typeof error === "object" && error !== null && Object.isExtensible(error))
    Object.defineProperty(error, "history", { value: history, configurable: true });
}
