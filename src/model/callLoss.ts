/** The part of a custom loss in a step, between the forward and the backward span: on copies, in JavaScript. */
import * as abi from "../../assembly/abi.ts";
import type { Loss, TargetKind } from "../losses/loss.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { controlWord } from "./state.ts";
import type { TrainingSpec } from "./trainingProgram.ts";

/** Shape of a row of targets: labels have no last axis. */
export function targetShapeOf({ targetShape }: Loss, output: Shape, kind: TargetKind): Shape {
  return kind === "labels" ? output.slice(0, -1) : (targetShape ?? output);
}

/** Targets as metrics and custom losses get them. */
export function showTargets(loss: Loss, output: Shape, rows: number, data: Int32Array | Float32Array): Int32Array | Tensor {
  return data instanceof Int32Array ? data : { data, shape: [rows, ...targetShapeOf(loss, output, "rows")] };
}

/**
 * Value and gradient of the batch in place, whose outputs [rows, output] are at `output`: written where the program reads them.
 * Before anything of the model is: what a callback throws leaves it as it was. Returns the value; undefined for other losses.
 */
export function callLoss(spec: TrainingSpec, output: number, rows: number): number | undefined {
  const { state, loss, targetKind, isWeighted, batch, control, lossGradient } = spec;
  if (loss.callbacks === undefined || lossGradient === undefined) return undefined;
  const { runtime, layout } = state;
  const { f32, i32 } = runtime.arena.views;
  const read = <T extends Float32Array | Int32Array>(from: T, address: number, shape: Shape) =>
    from.slice(address >>> 2, (address >>> 2) + rows * sizeOf(shape)) as T;
  const targets = read(targetKind === "labels" ? i32 : f32, batch.targets, targetShapeOf(loss, layout.outputShape, targetKind));
  const yTrue = showTargets(loss, layout.outputShape, rows, targets);
  const yPred = { data: read(f32, output, layout.outputShape), shape: [rows, ...layout.outputShape] };
  const weights = isWeighted ? read(f32, batch.weights, []) : undefined;
  const { value, gradient } = loss.callbacks;
  const [loss_, dy] = runtime.outside(() => [value(yTrue, yPred, weights), gradient(yTrue, yPred, weights)] as const);
  f32[controlWord(control, abi.CONTROL_LOSS)] = loss_;
  f32.set(dy, lossGradient >>> 2);
  return loss_;
}
