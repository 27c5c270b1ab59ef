/**
 * Finds where a step went wrong: runs the batch again in a program that keeps every value, and looks for the first one that
 * is not finite. Nothing of the model is written: the run ends before the guard.
 */

import * as abi from "../../assembly/abi.ts";
import { MemoryError, NonFiniteError } from "../errors.ts";
import type { Buffer, Op, Span } from "../program/builder.ts";
import { countAt } from "../program/count.ts";
import { type OpRow, ops as table } from "../program/ops.ts";
import { sizeOf } from "../shape.ts";
import { type LoadedProgram, loadProgram, runAgainIfLost } from "./loadProgram.ts";
import { controlWord } from "./state.ts";
import { type TrainingSpec, writeTrainingProgram } from "./trainingProgram.ts";

const CURES =
  "The weights are those before this step. Usual cures: a lower learning rate, clip: clipNorm(1), standardized inputs, smaller initial weights";

export function diagnose(spec: TrainingSpec, step: number, first: Span): NonFiniteError {
  const { runtime } = spec.state;
  const region = runtime.region();
  try {
    const { builder } = writeTrainingProgram(spec);
    const program = loadProgram(runtime, region, builder, spec.control, { reuse: false });
    const rows = runtime.arena.views.u32[controlWord(spec.control, abi.CONTROL_ROWS)]!;
    runAgainIfLost(program, first, "backward");
    const culprit = findCulprit(program, spec, rows);
    const { layer, value } = culprit ?? { layer: "gradients", value: Infinity };
    return new NonFiniteError(`step ${step}: ${layer} is ${value}. ${CURES}`, { step, layer, value });
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    const where = { step, layer: "loss or gradients", value: Number.NaN };
    return new NonFiniteError(
      `step ${step}: loss or gradients are not finite, and no memory is left to look for the layer. ${CURES}`,
      where,
    );
  } finally {
    region.free();
  }
}

function findCulprit(program: LoadedProgram, spec: TrainingSpec, rows: number): { layer: string; value: number } | undefined {
  const { f32 } = spec.state.runtime.arena.views;
  let isLossSeen = spec.lossGradient === undefined;
  for (const op of program.ops) {
    if (op.span !== "forward" && op.span !== "backward") continue;
    if (op.span === "backward" && !isLossSeen) {
      isLossSeen = true;
      const culprit = findInLoss(spec, rows);
      if (culprit) return culprit;
    }
    for (const buffer of written(op)) {
      const at = program.addressOf(buffer) >>> 2;
      const value = f32.subarray(at, at + countAt(buffer.words, rows)).find((entry) => !Number.isFinite(entry));
      if (value !== undefined) return { layer: nameOf(op), value };
    }
    if (op.name === "lossMean") {
      const value = f32[controlWord(spec.control, abi.CONTROL_LOSS)]!;
      if (!Number.isFinite(value)) return { layer: "loss", value };
    }
  }
  return undefined;
}

/** What a custom loss has left: value and gradient of the run before. */
function findInLoss({ state, loss, control, lossGradient }: TrainingSpec, rows: number): { layer: string; value: number } | undefined {
  const { f32 } = state.runtime.arena.views;
  const layer = `loss (${loss.kind})`;
  const at = lossGradient! >>> 2;
  const value = f32[controlWord(control, abi.CONTROL_LOSS)]!;
  if (!Number.isFinite(value)) return { layer, value };
  const slope = f32.subarray(at, at + rows * sizeOf(state.layout.outputShape)).find((entry) => !Number.isFinite(entry));
  return slope === undefined ? undefined : { layer: `gradient of ${layer}`, value: slope };
}

/** What holds values: not control blocks, sums of squares, or panels whose padding may hold anything. */
function written(op: Op): Buffer[] {
  const row: OpRow = table[op.name];
  if (op.name === "packB" || row.share === "none" || row.share === "pieces") return [];
  return Object.entries(op.operands).flatMap(([name, buffer]) => (buffer && row.operands[name]!.access === "write" ? [buffer] : []));
}

function nameOf(op: Op): string {
  return op.span === "backward" ? `gradient of ${op.label}` : op.label;
}
