/**
 * Where the batches of an epoch come from: rows in linear memory gathered by the program itself, rows too large for that
 * gathered here, or batches that the user's iterable gives.
 */
import { type NonFiniteError, ShapeError } from "../errors.ts";
import { RandomStream, STREAM_SHUFFLE, seedWords, shuffleInto } from "../random.ts";
import type { Region } from "../runtime/memory.ts";
import type { Batch, PlacedBatch } from "./batchPlaces.ts";
import { MOST_COPIED_BYTES } from "./beginFit.ts";
import type { TakenData } from "./evaluate.ts";
import { Pauses } from "./pauses.ts";
import type { Training } from "./training.ts";

export interface BatchSource {
  /** Batches of an epoch. */
  readonly stepsPerEpoch: number;
  begin(epoch: number): void;
  /** Takes one step and returns its loss; `rows` of the last step are in `placed`. */
  step(index: number): number | Promise<number>;
  readonly placed: Readonly<PlacedBatch>;
  /** No step will follow. */
  end?(): Promise<void>;
  /** What it has learned on its way, for a run that is resumed. */
  save?(): Float64Array;
  load?(saved: Float64Array): void;
  /** Passes over so many batches, which a run has behind it. */
  skip?(batches: number): Promise<void>;
}

export interface RowsOptions {
  readonly shuffle: boolean;
  readonly seed: number;
  readonly run: number;
  readonly maxBytes?: number;
}

/** Rows of data that fit took at its start. A remainder of one row, where batches need two, is left out of its epoch. */
export class RowBatches implements BatchSource {
  readonly stepsPerEpoch: number;
  readonly skipsRemainder: boolean;
  readonly placed: PlacedBatch;
  readonly #training: Training;
  readonly #data: TakenData;
  readonly #options: RowsOptions;
  /** Where rows are gathered here. */
  readonly #order: Uint32Array | undefined;
  readonly program: ReturnType<Training["programFor"]>;
  /** Address of the row numbers in memory; 0 if rows are gathered here. */
  readonly #indices: number;

  constructor(training: Training, data: TakenData, options: RowsOptions, region: Region) {
    const { batchSize } = training.options;
    this.#training = training;
    this.#data = data;
    this.#options = options;
    this.skipsRemainder = training.batch.needsTwoRows && data.rows % batchSize === 1 && data.rows > 1 && batchSize > 1;
    this.stepsPerEpoch = Math.ceil(data.rows / batchSize) - (this.skipsRemainder ? 1 : 0);
    training.batch.checkRows(Math.min(batchSize, data.rows), "fit");
    const bytes = data.x.byteLength + data.y.data.byteLength;
    this.#indices = bytes <= (options.maxBytes ?? MOST_COPIED_BYTES) ? this.#moveIn(region) : 0;
    if (this.#indices === 0) this.#order = new Uint32Array(data.rows);
    this.placed = { rows: 0, targetKind: data.y.kind, isWeighted: data.weights !== undefined };
    this.program = training.programFor(data.y.kind, data.weights !== undefined);
  }

  #moveIn(region: Region): number {
    const { x, y, weights, rows } = this.#data;
    const put = (data: Float32Array | Int32Array): number => {
      const address = region.allocate(data.byteLength, "the training data");
      const { views } = this.#training.state.runtime.arena;
      views.u8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address);
      return address;
    };
    this.#training.source = { x: put(x), y: put(y.data), weights: weights && put(weights), rows };
    return region.allocate(rows * 4, "row numbers");
  }

  begin(epoch: number): void {
    const { shuffle, seed, run } = this.#options;
    const order = this.#order;
    if (order === undefined) {
      const { kernels, scratch } = this.#training.state.runtime;
      const [low, high] = seedWords(seed);
      kernels.shuffle!(this.#indices, this.#data.rows, shuffle ? scratch : 0, low, high, STREAM_SHUFFLE, run, epoch);
      return;
    }
    for (let i = 0; i < order.length; i++) order[i] = i;
    if (shuffle) shuffleInto(order, new RandomStream(seed, STREAM_SHUFFLE, run, epoch));
  }

  step(index: number): number {
    return this.#training.run(this.program, this.placed, this.#place(index), index === this.stepsPerEpoch - 1);
  }

  /** Loss, penalties and gradients of the first batch, without a step. */
  evaluate(): number {
    return this.#training.evaluate(this.program, this.placed, this.#place(0));
  }

  /** Makes a step of what evaluate has computed. */
  finish(): void {
    this.#training.finish(this.program, this.placed);
  }

  /** The batches of the last epoch again, with the masks that they had, through another program; `visit` after each. */
  replay(program: ReturnType<Training["programFor"]>, visit: (rows: number) => void): void {
    const training = this.#training;
    const { step, rate, accumulation } = training;
    const each = training.options.accumulate ?? 1;
    const before = step - Math.ceil(this.stepsPerEpoch / each);
    for (let index = 0; index < this.stepsPerEpoch; index++) {
      training.step = before + Math.floor(index / each);
      if (accumulation) accumulation.batches = index % each;
      training.evaluate(program, this.placed, this.#place(index));
      visit(this.placed.rows);
    }
    if (accumulation) accumulation.batches = 0;
    training.step = step;
    training.rate = rate;
  }

  /** Why evaluate's loss or gradients are not finite. */
  diagnose(): NonFiniteError {
    return this.#training.diagnose(this.placed.targetKind, this.placed.isWeighted, this.#indices === 0 ? "forward" : "gather");
  }

  /** Gathers the rows of a batch here, or returns where their numbers are. */
  #place(index: number): number {
    const { batchSize } = this.#training.options;
    const from = index * batchSize;
    this.placed.rows = Math.min(batchSize, this.#data.rows - from);
    if (this.#indices !== 0) return this.#indices + from * 4;
    this.#training.batch.placeRows(this.#data, this.#order!.subarray(from, from + this.placed.rows));
    return 0;
  }
}

/** Batches that an iterable gives; it is started anew when it ends, and must not be empty. */
export class StreamBatches implements BatchSource {
  readonly stepsPerEpoch: number;
  placed: PlacedBatch = { rows: 0, targetKind: "rows", isWeighted: false };
  readonly #training: Training;
  readonly #source: Iterable<Batch> | AsyncIterable<Batch>;
  readonly #signal: AbortSignal | undefined;
  #iterator: Iterator<Batch> | AsyncIterator<Batch> | undefined;

  constructor(training: Training, source: Iterable<Batch> | AsyncIterable<Batch>, stepsPerEpoch: number, signal?: AbortSignal) {
    this.#training = training;
    this.#source = source;
    this.#signal = signal;
    this.stepsPerEpoch = stepsPerEpoch;
  }

  begin(): void {}

  /** An iterable knows no other way to go to a place. */
  async skip(batches: number): Promise<void> {
    const pauses = new Pauses(this.#signal);
    for (let taken = 0; taken < batches; taken++) {
      await this.#next();
      if (pauses.isDueAfterStep()) await pauses.take();
    }
  }

  async step(index: number): Promise<number> {
    this.placed = { ...this.#training.batch.place(await this.#next(), "fit") };
    const program = this.#training.programFor(this.placed.targetKind, this.placed.isWeighted);
    return this.#training.run(program, this.placed, 0, index === this.stepsPerEpoch - 1);
  }

  async #next(): Promise<Batch> {
    const batch = (await this.#take()) ?? (await this.#take());
    if (batch === undefined)
      throw new ShapeError(
        "fit: the iterable of batches ended, and gave none when it was started again. Give one that can be iterated again, or fewer epochs",
      );
    return batch;
  }

  /** The next batch; undefined at the end, after which the iterable starts again. */
  async #take(): Promise<Batch | undefined> {
    this.#signal?.throwIfAborted();
    const source = this.#source;
    const iterator = this.#iterator ?? (Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]());
    this.#iterator = undefined; // one that throws has ended, as in for await
    const { done, value } = await this.#orAbort(iterator, iterator.next());
    if (done) return undefined;
    this.#iterator = iterator;
    return value;
  }

  /** A source that stalls must not keep a run that was aborted: its return is called, and not waited for. */
  #orAbort(iterator: Iterator<Batch> | AsyncIterator<Batch>, next: IteratorResult<Batch> | Promise<IteratorResult<Batch>>) {
    const signal = this.#signal;
    if (signal === undefined || !(next instanceof Promise)) return next;
    return new Promise<IteratorResult<Batch>>((resolve, reject) => {
      const abort = () => {
        reject(signal.reason);
        new Promise((done) => done(iterator.return?.())).catch(() => {});
      };
      signal.addEventListener("abort", abort);
      void next.then(resolve, reject).then(() => signal.removeEventListener("abort", abort));
    });
  }

  /** Lets an iterator go that has not ended, as leaving a loop does: it may hold a file or a connection. */
  async end(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    await iterator?.return?.();
  }
}

export function isIterable(data: unknown): data is Iterable<Batch> | AsyncIterable<Batch> {
  return typeof data === "object" && data !== null && (Symbol.iterator in data || Symbol.asyncIterator in data);
}
