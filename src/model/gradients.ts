/** Loss and gradients of one batch, changing nothing of the model. */
import * as abi from "../../assembly/abi.ts";
import { show } from "../check.ts";
import { OptionError, ShapeError } from "../errors.ts";
import type { Loss } from "../losses/loss.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { callLoss } from "./callLoss.ts";
import { checkBatch, takeInputs, takeTargets, takeWeights } from "./intake.ts";
import { allocateControl, loadProgram, runAgainIfLost } from "./loadProgram.ts";
import { controlWord, isTrainable, type ModelState } from "./state.ts";
import { checkLoss } from "./training.ts";
import { type TrainingSpec, writeTrainingProgram } from "./trainingProgram.ts";

export interface Gradients {
  /** Mean over the rows, without penalties. */
  readonly loss: number;
  /** By name, for every parameter that is not frozen. */
  readonly parameters: Record<string, Tensor>;
  /** By the input, [rows, ...input]. */
  readonly input: Tensor;
}

export function gradients(state: ModelState, batch: { x: unknown; y: unknown; weights?: unknown }, loss: Loss): Gradients {
  const where = "gradients";
  checkIsLoss(where, loss);
  checkBatch(where, batch);
  state.checkUsable(where);
  checkLoss(state, loss, where);
  const { inputShape, outputShape } = state.layout;
  const x = takeInputs(`${where}: x`, batch.x, inputShape);
  const y = takeTargets(`${where}: y`, batch.y, x.rows, loss.targetShape ?? outputShape, loss.takesLabels ? "labels-or-rows" : "rows");
  const weights = takeWeights(`${where}: weights`, batch.weights, x.rows);
  const needy = state.layout.allLayers.find(({ rule }) => rule.needsTwoRows);
  if (x.rows === 1 && needy) throw new ShapeError(`${where}: a training batch needs at least 2 rows for ${needy.where}, got 1`);

  const { runtime } = state;
  const region = runtime.region();
  try {
    const put = (data: Float32Array | Int32Array): number => {
      const address = region.allocate(data.byteLength, "a batch");
      runtime.arena.views.u8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address);
      return address;
    };
    const parameters = state.parameters.filter(isTrainable);
    const addresses = new Map(parameters.map(({ name, bytes }) => [name, region.allocate(bytes, "the gradients")]));
    const columns = loss.columnWeights(outputShape, y.kind === "labels" ? y.data : undefined, where);
    const control = allocateControl(runtime, region);
    const spec: TrainingSpec = {
      state,
      capacity: x.rows,
      loss,
      targetKind: y.kind,
      isWeighted: weights !== undefined,
      columnWeights: columns && put(columns),
      source: undefined,
      batch: { x: put(x.data), targets: put(y.data), weights: weights ? put(weights) : 0 },
      control,
      gradients: addresses,
      lossGradient: loss.callbacks && region.allocate(x.rows * sizeOf(outputShape) * 4, "the gradient of the loss"),
      wantsInputGradient: true,
      update: undefined,
    };
    const { builder, output, inputGradient } = writeTrainingProgram(spec);
    const program = loadProgram(runtime, region, builder, control);
    const { u32, f32 } = runtime.arena.views;
    u32[controlWord(control, abi.CONTROL_ROWS)] = x.rows;
    f32[controlWord(control, abi.CONTROL_INVERSE_WEIGHT)] = 1 / x.rows;
    runAgainIfLost(program, "forward", "forward");
    callLoss(spec, program.addressOf(output.buffer), x.rows);
    runAgainIfLost(program, "backward", "backward");
    const read = (address: number, shape: readonly number[]): Tensor => ({
      data: f32.slice(address >>> 2, (address >>> 2) + sizeOf(shape)),
      shape,
    });
    return {
      loss: f32[controlWord(control, abi.CONTROL_LOSS)]!,
      parameters: Object.fromEntries(parameters.map(({ name, shape }) => [name, read(addresses.get(name)!, shape)])),
      input: read(program.addressOf(inputGradient!), [x.rows, ...inputShape]),
    };
  } finally {
    region.free();
  }
}

/** A loss, and not its factory: `mse` instead of `mse()` is the usual slip. */
export function checkIsLoss(where: string, loss: unknown): asserts loss is Loss {
  if (typeof loss === "object" && loss !== null && typeof (loss as Loss).emit === "function") return;
  const slip = typeof loss === "function" ? `. Call it: loss: ${loss.name}()` : "";
  throw new OptionError(`${where}: loss must be a loss such as softmaxCrossEntropy(), got ${show(loss)}${slip}`);
}
