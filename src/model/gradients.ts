/** Loss and gradients of one batch, changing nothing of the model. */
import * as abi from "../../assembly/abi.ts";
import { ShapeError } from "../errors.ts";
import type { Loss } from "../losses/loss.ts";
import type { Region } from "../runtime/memory.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { callLoss } from "./callLoss.ts";
import { checkIsLoss, checkLoss } from "./checkLoss.ts";
import { checkBatch, takeInputs, takeTargets, takeWeights } from "./intake.ts";
import { isTrainable } from "./isTrainable.ts";
import { allocateControl, loadProgram, runAgainIfLost } from "./loadProgram.ts";
import { controlWord, type ModelState } from "./state.ts";
import { type TrainingSpec, writeTrainingProgram } from "./trainingProgram.ts";

export interface Gradients {
  /** Mean over the rows, without penalties. */
  readonly loss: number;
  /** By name, for every parameter that is not frozen. */
  readonly parameters: Record<string, Tensor>;
  /** By the input, [rows, ...input]. */
  readonly input: Tensor;
}

export interface GradientBatch {
  readonly x: unknown;
  readonly y: unknown;
  readonly weights?: unknown;
}

export function gradients(state: ModelState, batch: GradientBatch, loss: Loss): Gradients {
  state.checkUsable("gradients");
  const region = state.runtime.region();
  try {
    const { run, gradientOf, inputs, inputGradient } = prepareGradients(state, batch, loss, "gradients", region);
    const mean = run("backward");
    const { f32 } = state.runtime.arena.views;
    const read = (address: number, shape: readonly number[]): Tensor => ({
      data: f32.slice(address >>> 2, (address >>> 2) + sizeOf(shape)),
      shape,
    });
    return {
      loss: mean,
      parameters: Object.fromEntries(
        state.parameters.filter(isTrainable).map(({ name, shape }) => [name, read(gradientOf.get(name)!, shape)]),
      ),
      input: read(inputGradient, [inputs.rows, ...state.layout.inputShape]),
    };
  } finally {
    region.free();
  }
}

export interface PreparedGradients {
  /** Runs forward, or backward too, on the parameters and inputs as they are; returns the loss that the program computes. */
  run(last: "forward" | "backward"): number;
  /** Addresses: of the gradient of each trainable parameter, of the inputs and of their gradient. */
  readonly gradientOf: ReadonlyMap<string, number>;
  readonly inputs: { readonly address: number; readonly rows: number };
  readonly inputGradient: number;
  /** The same loss in float64, from that of each row in the last run. */
  preciseLoss(): number;
}

/** Loss and gradients of one batch, to be computed again and again. Memory is the region's; of the model nothing changes. */
export function prepareGradients(state: ModelState, batch: GradientBatch, loss: Loss, where: string, region: Region): PreparedGradients {
  checkIsLoss(where, loss);
  checkBatch(where, batch);
  checkLoss(state, loss, where);
  const { inputShape, outputShape } = state.layout;
  const x = takeInputs(`${where}: x`, batch.x, inputShape);
  const y = takeTargets(`${where}: y`, batch.y, x.rows, loss.targetShape ?? outputShape, loss.takesLabels ? "labels-or-rows" : "rows");
  const weights = takeWeights(`${where}: weights`, batch.weights, x.rows);
  const needy = state.layout.allLayers.find(({ rule }) => rule.needsTwoRows);
  if (x.rows === 1 && needy) throw new ShapeError(`${where}: a training batch needs at least 2 rows for ${needy.where}, got 1`);

  const { runtime } = state;
  const put = (data: Float32Array | Int32Array): number => {
    const address = region.allocate(data.byteLength, "a batch");
    runtime.arena.views.u8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address);
    return address;
  };
  const gradientOf = new Map(
    state.parameters.filter(isTrainable).map(({ name, bytes }) => [name, region.allocate(bytes, "the gradients")]),
  );
  const columns = loss.columnWeights(outputShape, y.kind === "labels" ? y.data : undefined, where);
  const control = allocateControl(runtime, region);
  const places = { x: put(x.data), targets: put(y.data), weights: weights ? put(weights) : 0 };
  const spec: TrainingSpec = {
    state,
    capacity: x.rows,
    loss,
    targetKind: y.kind,
    isWeighted: weights !== undefined,
    columnWeights: columns && put(columns),
    source: undefined,
    batch: places,
    control,
    gradients: gradientOf,
    lossGradient: loss.callbacks && region.allocate(x.rows * sizeOf(outputShape) * 4, "the gradient of the loss"),
    wantsInputGradient: true,
    update: undefined,
  };
  const { builder, output, losses, inputGradient } = writeTrainingProgram(spec);
  losses.keep = true;
  const program = loadProgram(runtime, region, builder, control);
  const { views } = runtime.arena;
  views.u32[controlWord(control, abi.CONTROL_ROWS)] = x.rows;
  views.f32[controlWord(control, abi.CONTROL_INVERSE_WEIGHT)] = 1 / x.rows;
  const classOf = loss.weighsLabels && y.kind === "labels" ? y.data : undefined;
  let own: number | undefined;
  return {
    run(last) {
      runAgainIfLost(program, "forward", "forward");
      own = callLoss(spec, program.addressOf(output.buffer), x.rows);
      if (last === "backward") runAgainIfLost(program, "backward", "backward");
      return runtime.arena.views.f32[controlWord(control, abi.CONTROL_LOSS)]!;
    },
    gradientOf,
    inputs: { address: places.x, rows: x.rows },
    inputGradient: program.addressOf(inputGradient!),
    preciseLoss() {
      if (own !== undefined) return own;
      const at = program.addressOf(losses) >>> 2;
      let [sum, total] = [0, 0];
      for (let row = 0; row < x.rows; row++) {
        const weight = weights?.[row] ?? 1;
        sum += weight * runtime.arena.views.f32[at + row]!;
        total += weight * ((classOf && columns?.[classOf[row]!]) ?? 1);
      }
      return sum / total;
    },
  };
}
