/**
 * The program of a training step: gather the batch, forward and loss, backward, penalties, guard, statistics and update.
 */
import * as abi from "../../assembly/abi.ts";
import type { Loss, TargetKind } from "../losses/loss.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Penalty } from "../penalties.ts";
import { type Buffer, Builder, type Value } from "../program/builder.ts";
import { perRow, piecesOf } from "../program/count.ts";
import type { OpName } from "../program/ops.ts";
import { sizeOf } from "../shape.ts";
import { targetShapeOf } from "./callLoss.ts";
import { isTrainable } from "./isTrainable.ts";
import { type PlacedLayer, writeForward } from "./layout.ts";
import type { ModelState } from "./state.ts";

/** A run of trainable parameters that lie side by side and are updated alike, and where their gradients and slots lie. */
export interface Segment {
  readonly name: string;
  readonly address: number;
  readonly words: number;
  readonly gradient: number;
  readonly slots: readonly number[];
  readonly penalty: Penalty | undefined;
  /** Address of the scalars of its update. */
  readonly scalars: number;
  /** Address of the partial sums of its penalty, one f64 per piece. */
  readonly penaltySums: number;
}

/** Data of a fit, in memory: rows are gathered from it by number. */
export interface Source {
  readonly x: number;
  readonly y: number;
  readonly weights: number | undefined;
  readonly rows: number;
}

export interface TrainingSpec {
  readonly state: Pick<ModelState, "layout" | "parameters" | "runtime">;
  readonly capacity: number;
  readonly loss: Loss;
  readonly targetKind: TargetKind;
  readonly isWeighted: boolean;
  readonly columnWeights: number | undefined;
  readonly source: Source | undefined;
  /** Where a batch lies: addresses of x, targets and row weights, each with room for `capacity` rows. */
  readonly batch: { readonly x: number; readonly targets: number; readonly weights: number };
  readonly control: number;
  /** Where each trainable parameter's gradient goes, by name. */
  readonly gradients: ReadonlyMap<string, number>;
  /** Of a custom loss: address of its gradient by the outputs, with room for `capacity` rows. */
  readonly lossGradient: number | undefined;
  /** Also compute the gradient of the input. */
  readonly wantsInputGradient: boolean;
  readonly update: UpdateSpec | undefined;
  /** Told the output of each layer. */
  readonly visit?: (placed: PlacedLayer, output: Value) => void;
}

/** A weight whose rows have a largest norm. */
export interface LimitedWeight {
  readonly name: string;
  readonly address: number;
  readonly rows: number;
  readonly cols: number;
  readonly max: number;
}

/** The gradients of a layer, and the partial sums of their squares, one after the other. */
export interface ClippedLayer {
  readonly max: number;
  readonly sums: number;
  readonly gradients: readonly { readonly name: string; readonly address: number; readonly words: number }[];
}

export interface UpdateSpec {
  readonly segments: readonly Segment[];
  readonly optimizer: Optimizer;
  /** Whether gradients are clipped by their norm. */
  readonly wantsNorm: boolean;
  readonly limited: readonly LimitedWeight[];
  /** Gradients that are clipped by a norm of their own. */
  readonly clipped: readonly ClippedLayer[];
  /** All gradients in one run: address, words, and their partial sums of squares. */
  readonly gradient: { readonly address: number; readonly words: number; readonly sums: number };
  readonly penaltySums: { readonly address: number; readonly pieces: number };
  /** Where a batch's own gradients lie, if those of the update are means over batches. */
  readonly accumulated: number | undefined;
  /** Values that an average follows, as `to` ← decay · `to` + (1 - decay) · `from`. */
  readonly average?: { readonly decay: number; readonly parts: readonly AveragedPart[] } | undefined;
}

export interface AveragedPart {
  readonly name: string;
  /** Addresses of the values and of their average. */
  readonly from: number;
  readonly to: number;
  readonly words: number;
}

export interface TrainingBuffers {
  readonly builder: Builder;
  readonly output: Value;
  /** One loss per row, not weighted. */
  readonly losses: Buffer;
  readonly inputGradient: Buffer | undefined;
}

export function writeTrainingProgram(spec: TrainingSpec): TrainingBuffers {
  const { state, capacity, loss, targetKind, isWeighted, source, lossGradient } = spec;
  const { layout } = state;
  const builder = new Builder("train", capacity);
  const control = builder.fixed("control", spec.control, abi.CONTROL_BYTES / 4);
  const inputWords = sizeOf(layout.inputShape);
  const targetWords = sizeOf(targetShapeOf(loss, layout.outputShape, targetKind));
  const x: Value = {
    buffer: builder.fixed("x", spec.batch.x, perRow(inputWords)),
    shape: layout.inputShape,
    needsGradient: spec.wantsInputGradient,
  };
  const targets = builder.fixed(targetKind === "labels" ? "labels" : "targets", spec.batch.targets, perRow(targetWords));
  const weights = isWeighted ? builder.fixed("rowWeights", spec.batch.weights, perRow(1)) : undefined;
  if (source) writeGather(builder, control, source, [x.buffer, inputWords], [targets, targetWords], weights);

  const output = writeForward(layout, builder, x, findTrainable(builder, spec), control, spec.visit);
  output.buffer.keep = true;
  builder.label = "loss";
  const dxWords = perRow(sizeOf(output.shape));
  const dxOf = () => (lossGradient === undefined ? builder.buffer("gradient", dxWords) : builder.fixed("gradient", lossGradient, dxWords));
  const dx = output.needsGradient ? dxOf() : undefined;
  const losses = builder.buffer("losses", perRow(1));
  writeLoss(builder, spec, { output, targets, weights, control, losses, dx });
  if (dx) builder.contribute(output, dx);
  builder.backward();
  const inputGradient = spec.wantsInputGradient ? builder.gradientOf(x) : undefined;
  if (inputGradient) inputGradient.keep = true;
  if (spec.update) writeUpdate(builder, control, spec.update);
  return { builder, output, losses, inputGradient };
}

function findTrainable(builder: Builder, { state, gradients }: TrainingSpec) {
  return (name: string) => {
    const parameter = state.parameters.find((candidate) => candidate.name === name)!;
    const gradient = isTrainable(parameter) ? gradients.get(name) : undefined;
    return {
      value: builder.fixed(name, parameter.address, parameter.words),
      gradient: gradient === undefined ? undefined : builder.fixed(`${name}.gradient`, gradient, parameter.words),
    };
  };
}

type Gathered = readonly [buffer: Buffer, words: number];

function writeGather(builder: Builder, control: Buffer, source: Source, x: Gathered, y: Gathered, weights: Buffer | undefined): void {
  builder.inSpan("gather", () => {
    const gather = (name: string, address: number, [buffer, words]: Gathered) => {
      const data = builder.fixed(name, address, source.rows * words);
      builder.emit("gatherRows", { x: data, control, y: buffer }, { rows: perRow(1), cols: words });
    };
    gather("data.x", source.x, x);
    gather("data.y", source.y, y);
    if (weights) gather("data.weights", source.weights!, [weights, 1]);
  });
}

interface LossParts {
  readonly output: Value;
  readonly targets: Buffer;
  readonly weights: Buffer | undefined;
  readonly control: Buffer;
  readonly losses: Buffer;
  readonly dx: Buffer | undefined;
}

function writeLoss(builder: Builder, { loss, targetKind, columnWeights }: TrainingSpec, parts: LossParts): void {
  const { output, targets, weights, control, losses, dx } = parts;
  const cols = sizeOf(output.shape);
  const columns = columnWeights === undefined ? undefined : builder.fixed(`${loss.kind}.weights`, columnWeights, cols);
  const labels = loss.weighsLabels && targetKind === "labels" ? targets : undefined;
  // Else the façade writes 1 / rows.
  if (weights || labels) {
    const classWeights = labels === undefined ? undefined : columns;
    builder.emit("weightTotal", { weights, labels, classWeights, control }, { rows: perRow(1), cols });
  }
  loss.emit(builder, { x: output, targets, targetKind, weights, columnWeights: columns, losses, dx, control });
  if (loss.callbacks === undefined) builder.emit("lossMean", { losses, weights, control }, { rows: perRow(1) });
}

function writeLayerClip(builder: Builder, { max, sums, gradients }: ClippedLayer): void {
  const pieces = gradients.reduce((sum, { words }) => sum + piecesOf(words), 0);
  let at = sums;
  const parts = gradients.map(({ name, address, words }) => {
    const x = builder.fixed(`${name}.gradient`, address, words);
    builder.emit("squareSums", { x, sums: builder.fixed(`${name}.squares`, at, piecesOf(words) * 2) }, { count: words });
    at += piecesOf(words) * 8;
    return { x, words };
  });
  const all = builder.fixed(`${gradients[0]!.name}.norm`, sums, pieces * 2);
  for (const { x, words } of parts) builder.emit("scaleToNorm", { x, sums: all }, { count: words, pieces }, { max });
}

function writeUpdate(builder: Builder, control: Buffer, update: UpdateSpec): void {
  const { segments, optimizer, gradient, penaltySums, accumulated } = update;
  builder.label = "update";
  if (accumulated !== undefined && gradient.words > 0) {
    const operands = {
      g: builder.fixed("batch.gradients", accumulated, gradient.words),
      mean: builder.fixed("gradients", gradient.address, gradient.words),
    };
    builder.inSpan("accumulate", () => builder.emit("accumulate", { ...operands, control }, { count: gradient.words }));
  }
  const part = (segment: Segment, name: string, address: number) => builder.fixed(`${segment.name}.${name}`, address, segment.words);
  if (penaltySums.pieces > 0) {
    builder.inSpan("penalty", () => {
      for (const segment of segments) {
        if (!segment.penalty) continue;
        const sums = builder.fixed(`${segment.name}.penalties`, segment.penaltySums, piecesOf(segment.words) * 2);
        const operands = { w: part(segment, "values", segment.address), g: part(segment, "gradients", segment.gradient), sums };
        const { l1, l2, lq: factor = 0, q, proximal } = segment.penalty;
        const count = segment.words;
        if (q === undefined) builder.emit("penaltyGrad", operands, { count }, { l1, l2, slope: proximal ? 0 : l1 });
        else builder.emit("powerPenaltyGrad", operands, { count }, { factor, p: q - 1 });
      }
      const sums = builder.fixed("penalties", penaltySums.address, penaltySums.pieces * 2);
      builder.emit("penaltySum", { sums, control }, { pieces: penaltySums.pieces });
    });
  }
  builder.inSpan("penalty", () => {
    for (const layer of update.clipped) writeLayerClip(builder, layer);
  });
  builder.inSpan("guard", () => {
    const pieces = piecesOf(gradient.words);
    const sums = builder.fixed("squares", gradient.sums, pieces * 2);
    // The norm costs three times as much as the question whether all is finite.
    if (pieces > 0)
      builder.emit(
        update.wantsNorm ? "squareSums" : "finiteSums",
        { x: builder.fixed("gradients", gradient.address, gradient.words), sums },
        { count: gradient.words },
      );
    builder.emit("guard", { sums, control }, { pieces });
  });
  builder.inSpan("update", () => {
    for (const segment of segments) {
      const w = part(segment, "values", segment.address);
      const scalars = builder.fixed(`${segment.name}.scalars`, segment.scalars, abi.UPDATE_BYTES / 4);
      const operands: Record<string, Buffer> = { w, g: part(segment, "gradients", segment.gradient), scalars, control };
      segment.slots.forEach((address, k) => {
        operands["mvu"[k]!] = part(segment, `slot${k}`, address);
      });
      builder.emit(optimizer.op as OpName, operands, { count: segment.words });
      if (segment.penalty?.proximal)
        builder.emit("softThreshold", { w, scalars }, { count: segment.words }, { lambda: segment.penalty.l1 });
    }
    for (const { name, address, rows, cols, max } of update.limited) {
      builder.emit("limitRowNorms", { w: builder.fixed(name, address, rows * cols) }, { rows, cols }, { max });
    }
    for (const { name, from, to, words } of update.average?.parts ?? []) {
      const average = builder.fixed(`${name}.average`, to, words);
      const q = Math.fround(update.average!.decay); // p + q is 1 in float32 too
      builder.emit(
        "combine",
        { x: builder.fixed(`${name}.values`, from, words), y: average, z: average },
        { count: words },
        { p: 1 - q, q },
      );
    }
  });
  builder.label = "";
}
