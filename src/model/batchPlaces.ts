/** Where a batch lies while its step runs: checked and written there from what users give, or gathered from data of a fit. */
import { ShapeError } from "../errors.ts";
import type { Loss, TargetKind } from "../losses/loss.ts";
import type { Region, Views } from "../runtime/memory.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { targetShapeOf } from "./callLoss.ts";
import type { TakenData } from "./evaluate.ts";
import { checkBatch, copyInputs, copyTargets, copyWeights } from "./intake.ts";
import type { ModelState } from "./state.ts";

export interface Batch {
  readonly x: unknown;
  readonly y: unknown;
  readonly weights?: unknown;
}

/** What a batch in place is: how many rows, and which program suits its targets. */
export interface PlacedBatch {
  rows: number;
  targetKind: TargetKind;
  isWeighted: boolean;
}

/** The places of a batch, as views of all its rows. */
interface BatchViews {
  readonly of: Views;
  readonly x: Float32Array;
  readonly labels: Int32Array;
  readonly values: Float32Array;
  readonly weights: Float32Array;
}

export class BatchPlaces {
  /** Addresses, each with room for `capacity` rows. */
  readonly x: number;
  readonly targets: number;
  readonly weights: number;
  /** The batch that was placed last; 0 rows before the first. */
  readonly placed: PlacedBatch = { rows: 0, targetKind: "rows", isWeighted: false };
  readonly #state: ModelState;
  readonly #loss: Loss;
  readonly #capacity: number;
  readonly #needsTwoRows: string | undefined;
  readonly #inputWords: number;
  /** Of a loss that takes a label for each row; else 0. */
  readonly #classes: number;
  readonly #leastRows: number;
  readonly #targetShape: Shape;
  readonly #areFinite: (words: number) => boolean;
  #views: BatchViews | undefined;

  constructor(state: ModelState, loss: Loss, capacity: number, region: Region) {
    this.#state = state;
    this.#loss = loss;
    this.#capacity = capacity;
    this.#needsTwoRows = state.layout.allLayers.find(({ rule }) => rule.needsTwoRows)?.where;
    this.#inputWords = sizeOf(state.layout.inputShape);
    this.#targetShape = loss.targetShape ?? state.layout.outputShape;
    const [classes] = this.#targetShape;
    this.#classes = loss.takesLabels && this.#targetShape.length === 1 && classes! > 1 ? classes! : 0;
    this.#leastRows = this.#needsTwoRows ? 2 : 1;
    const batchBytes = (words: number) => region.allocate(capacity * words * 4, "a batch");
    this.x = batchBytes(this.#inputWords);
    this.targets = batchBytes(sizeOf(this.#targetShape));
    this.weights = batchBytes(1);
    const { kernels } = state.runtime;
    this.#areFinite = (words) => kernels.areFinite!(this.x, words) !== 0;
  }

  /** Checks a batch and writes it where the program reads it. The result is reused by the next call. */
  place(batch: Batch, where: string): PlacedBatch {
    checkBatch(where, batch);
    const { x, y, weights } = batch;
    const { inputShape } = this.#state.layout;
    const views = this.#batchViews();
    const { placed } = this;
    if (weights === undefined && x instanceof Float32Array && y instanceof Int32Array && this.#placeLabels(x, y, views)) return placed;
    const rows = copyInputs(`${where}: x`, x, inputShape, views.x, this.#capacity, this.#areFinite);
    this.checkRows(rows, where);
    const kind = this.#loss.takesLabels ? "labels-or-rows" : "rows";
    placed.targetKind = copyTargets(`${where}: y`, y, rows, this.#targetShape, kind, views.labels, views.values);
    placed.isWeighted = weights !== undefined;
    if (placed.isWeighted) copyWeights(`${where}: weights`, weights, rows, views.weights);
    placed.rows = rows;
    return placed;
  }

  /**
   * The batch that steps are given most: flat numbers and a label per row. False if it is another one, or a bad one, which the long
   * way names: 0.25 µs for an iris step, of 1.5 (Node 26, Zen 4).
   */
  #placeLabels(x: Float32Array, y: Int32Array, { x: inputs, labels }: BatchViews): boolean {
    const rows = y.length;
    if (rows < this.#leastRows || rows > this.#capacity || x.length !== rows * this.#inputWords || this.#classes === 0) return false;
    inputs.set(x);
    if (!this.#areFinite(x.length) || !this.#copyLabels(y, labels)) {
      inputs.fill(0, 0, x.length);
      labels.fill(0, 0, rows);
      return false;
    }
    const { placed } = this;
    placed.rows = rows;
    placed.targetKind = "labels";
    placed.isWeighted = false;
    return true;
  }

  /** False if one is not a class; some may be written then. */
  #copyLabels(from: Int32Array, to: Int32Array): boolean {
    const classes = this.#classes;
    for (let row = 0; row < from.length; row++) {
      const label = from[row]!;
      if (label < 0 || label >= classes) return false;
      to[row] = label;
    }
    return true;
  }

  /** Made anew only when the memory has grown: new views each step cost 0.1 µs, a twentieth of an iris step (Node 26, Zen 5). */
  #batchViews(): BatchViews {
    const { views } = this.#state.runtime.arena;
    if (this.#views?.of === views) return this.#views;
    const at = (address: number, words: number): [number, number] => [address >>> 2, (address >>> 2) + this.#capacity * words];
    const targets = at(this.targets, sizeOf(this.#targetShape));
    this.#views = {
      of: views,
      x: views.f32.subarray(...at(this.x, this.#inputWords)),
      labels: views.i32.subarray(...targets),
      values: views.f32.subarray(...targets),
      weights: views.f32.subarray(...at(this.weights, 1)),
    };
    return this.#views;
  }

  checkRows(rows: number, where: string): void {
    if (rows === 1 && this.needsTwoRows) {
      throw new ShapeError(
        `${where}: a training batch needs at least 2 rows, got 1: ${this.#needsTwoRows} normalizes by the statistics of the batch`,
      );
    }
  }

  get needsTwoRows(): boolean {
    return this.#needsTwoRows !== undefined;
  }

  /** Gathers rows of data that lies outside linear memory. */
  placeRows({ x, y, weights }: TakenData, indices: Uint32Array): void {
    const { f32, i32 } = this.#state.runtime.arena.views;
    const gather = <T extends Float32Array | Int32Array>(from: T, to: T, address: number, words: number) => {
      for (let i = 0; i < indices.length; i++) {
        const row = indices[i]!;
        to.set(from.subarray(row * words, (row + 1) * words), (address >>> 2) + i * words);
      }
    };
    gather(x, f32, this.x, this.#inputWords);
    const words = this.#targetWords(y.kind);
    if (y.kind === "labels") gather(y.data, i32, this.targets, words);
    else gather(y.data, f32, this.targets, words);
    if (weights) gather(weights, f32, this.weights, 1);
  }

  #targetWords(kind: TargetKind): number {
    return sizeOf(targetShapeOf(this.#loss, this.#state.layout.outputShape, kind));
  }

  /** A copy of the targets of the last step. */
  targetsOf(targetKind: TargetKind, rows: number): Int32Array | Float32Array {
    const { f32, i32 } = this.#state.runtime.arena.views;
    const at = this.targets >>> 2;
    return (targetKind === "labels" ? i32 : f32).slice(at, at + rows * this.#targetWords(targetKind));
  }
}
