/**
 * What a loss is: how it reads targets, which op computes it, and its link, the function that turns the net's output into
 * what people call a prediction (probabilities for the cross-entropies).
 */
import type { Buffer, Builder, Value } from "../program/builder.ts";
import type { Shape } from "../shape.ts";
import type { Tensor, TypedArray } from "../tensor.ts";

export type Link = "softmax" | "sigmoid" | "identity";

export type TargetKind = "labels" | "rows";

/** The buffers that a loss op reads and writes. */
export interface LossBuffers {
  readonly x: Value;
  readonly targets: Buffer;
  readonly targetKind: TargetKind;
  /** One weight per row, if rows are weighted. */
  readonly weights: Buffer | undefined;
  /** The loss's own constant per column: class weights, positive weights. */
  readonly columnWeights: Buffer | undefined;
  /** One loss per row, not weighted. */
  readonly losses: Buffer;
  /** Gradient by x, scaled to the mean over rows; undefined where only the loss is wanted. */
  readonly dx: Buffer | undefined;
  readonly control: Buffer;
}

type Callback<Result> = (yTrue: Int32Array | Tensor, yPred: Tensor, weights: Float32Array | undefined) => Result;

/** What a loss of the user's own has in the place of an op. */
export interface LossCallbacks {
  readonly value: Callback<number>;
  /** One number for each output. */
  readonly gradient: Callback<TypedArray>;
}

export interface Loss {
  readonly kind: string;
  readonly link: Link;
  /** Whether rank-1 integer targets are class labels. */
  readonly takesLabels: boolean;
  /** Whether the mean over rows is weighted by the class of each row's label. */
  readonly weighsLabels: boolean;
  /** @throws ShapeError if such an output can't be compared. */
  check(output: Shape, where: string): void;
  /** Constants per column, [cols]; labels of the training set for those that depend on it. */
  columnWeights(output: Shape, labels: Int32Array | undefined, where: string): Float32Array | undefined;
  emit(builder: Builder, buffers: LossBuffers): void;
  /** Shape of a row of targets, where that is not the output's. */
  readonly targetShape?: Shape | undefined;
  readonly callbacks?: LossCallbacks;
}
