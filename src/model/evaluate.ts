/** Loss and metrics of a model on data, in inference mode: for evaluate and for fit's validation. */

import * as abi from "../../assembly/abi.ts";
import { checkOptions, fail, show } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { Loss, TargetKind } from "../losses/loss.ts";
import { type Buffer, Builder } from "../program/builder.ts";
import { perRow } from "../program/count.ts";
import type { Region } from "../runtime/memory.ts";
import { sizeOf } from "../shape.ts";
import { showTargets } from "./callLoss.ts";
import { checkIsLoss, checkLoss } from "./checkLoss.ts";
import type { Inference } from "./inference.ts";
import { type Targets, takeInputs, takeTargets, takeWeights } from "./intake.ts";
import { allocateControl, type LoadedProgram, loadProgram, runAgainIfLost } from "./loadProgram.ts";
import { checkMetrics, type Metric, measure } from "./metric.ts";
import { inferenceOf } from "./predict.ts";
import { controlWord, type ModelState } from "./state.ts";

export interface EvaluateOptions {
  loss: Loss;
  /** By the name under which the value is returned. */
  metrics?: Readonly<Record<string, Metric>>;
}

/** { loss, [metric]: value } */
export type Evaluation = { loss: number } & Record<string, number>;

/** Checked data in flat arrays. */
export interface TakenData {
  readonly x: Float32Array;
  readonly y: Targets;
  readonly weights: Float32Array | undefined;
  readonly rows: number;
}

export function takeData(state: ModelState, data: unknown, loss: Loss, where: string): TakenData {
  if (typeof data !== "object" || data === null || !("x" in data) || !("y" in data)) {
    throw new OptionError(`${where}: data must be { x, y } or { x, y, weights }, got ${show(data)}`);
  }
  checkOptions(`${where}: data`, data, ["x", "y", "weights"]);
  const { inputShape, outputShape } = state.layout;
  const { x, y, weights } = data as { x: unknown; y: unknown; weights?: unknown };
  const inputs = takeInputs(`${where}: x`, x, inputShape);
  const targets = takeTargets(`${where}: y`, y, inputs.rows, loss.targetShape ?? outputShape, loss.takesLabels ? "labels-or-rows" : "rows");
  return { x: inputs.data, y: targets, weights: takeWeights(`${where}: weights`, weights, inputs.rows), rows: inputs.rows };
}

export function evaluate(state: ModelState, data: unknown, options: EvaluateOptions): Evaluation {
  if (typeof options !== "object" || options === null) fail("evaluate: options", "an object with at least loss", options);
  checkOptions("evaluate", options, ["loss", "metrics"]);
  const { loss, metrics = {} } = options;
  checkIsLoss("evaluate", loss);
  checkMetrics("evaluate", metrics);
  if (Object.hasOwn(metrics, "loss"))
    throw new OptionError("evaluate: metrics.loss must have another name: the loss is returned under this one");
  state.checkUsable("evaluate");
  checkLoss(state, loss, "evaluate");
  const taken = takeData(state, data, loss, "evaluate");
  const region = state.runtime.region();
  try {
    return new Evaluator(state, loss, taken, region, "evaluate").run(metrics);
  } finally {
    region.free();
  }
}

/** Evaluates the same data again and again, as validation does. */
export class Evaluator {
  readonly #state: ModelState;
  readonly #loss: Loss;
  readonly #data: TakenData;
  readonly #inference: Inference;
  readonly #ops: { readonly program: LoadedProgram; readonly targets: Buffer; readonly losses: Buffer } | undefined;
  readonly #columns: Float32Array | undefined;

  constructor(state: ModelState, loss: Loss, data: TakenData, region: Region, where: string, trainingLabels?: Int32Array) {
    this.#state = state;
    this.#loss = loss;
    this.#data = data;
    this.#inference = inferenceOf(state);
    const labels = trainingLabels ?? (data.y.kind === "labels" ? data.y.data : undefined);
    this.#columns = loss.columnWeights(state.layout.outputShape, labels, where);
    if (loss.callbacks === undefined) this.#ops = this.#write(region);
  }

  /** The loss op alone, on the outputs of the inference program. */
  #write(region: Region) {
    const { runtime, layout } = this.#state;
    const { capacity, outputAddress } = this.#inference;
    const cols = sizeOf(layout.outputShape);
    const kind: TargetKind = this.#data.y.kind;
    const builder = new Builder("infer", capacity);
    const controlAddress = allocateControl(runtime, region);
    const control = builder.fixed("control", controlAddress, abi.CONTROL_BYTES / 4);
    const columns = this.#columns;
    let columnWeights: Buffer | undefined;
    if (columns) {
      const address = region.allocate(columns.byteLength, "weights of the loss");
      runtime.arena.views.f32.set(columns, address >>> 2);
      columnWeights = builder.fixed("columnWeights", address, cols);
    }
    const x = { buffer: builder.fixed("output", outputAddress, perRow(cols)), shape: layout.outputShape, needsGradient: false };
    const targets = builder.buffer("targets", perRow(kind === "labels" ? 1 : cols));
    const losses = builder.buffer("losses", perRow(1));
    targets.keep = true;
    losses.keep = true;
    this.#loss.emit(builder, { x, targets, targetKind: kind, weights: undefined, columnWeights, losses, dx: undefined, control });
    return { program: loadProgram(runtime, region, builder, controlAddress), targets, losses };
  }

  run(metrics: Readonly<Record<string, Metric>>): Evaluation {
    const { rows, x, y } = this.#data;
    const inference = this.#inference;
    const { link, callbacks } = this.#loss;
    const { outputShape } = this.#state.layout;
    const yTrue = showTargets(this.#loss, outputShape, rows, y.data);
    const shape = [rows, ...outputShape];
    const outputs = new Float32Array(callbacks ? rows * inference.outputWords : 0);
    const wantsMetrics = Object.keys(metrics).length > 0;
    const predictions = new Float32Array(wantsMetrics ? rows * inference.outputWords : 0);
    let sum = 0;
    let total = 0;
    for (let from = 0; from < rows; from += inference.capacity) {
      const count = Math.min(inference.capacity, rows - from);
      inference.run(x, from, count);
      if (callbacks) inference.read(outputs, from, count);
      const losses = this.#lossesOf(from, count);
      for (let i = 0; i < losses.length; i++) {
        const weight = this.#data.weights?.[from + i] ?? 1;
        sum += weight * losses[i]!;
        total += weight * this.#labelWeight(from + i);
      }
      if (wantsMetrics) inference.read(predictions, from, count, link);
    }
    const { runtime } = this.#state;
    const loss = callbacks
      ? runtime.outside(() => callbacks.value(yTrue, { data: outputs, shape }, this.#data.weights)) // of all rows at once
      : sum / total;
    return { loss, ...measure(metrics, yTrue, { data: predictions, shape }) };
  }

  /** Of each row; none with callbacks. */
  #lossesOf(from: number, count: number): Float32Array {
    const { views } = this.#state.runtime.arena;
    if (this.#ops === undefined) return new Float32Array();
    const { program, targets, losses } = this.#ops;
    const { y } = this.#data;
    const words = y.kind === "labels" ? y.data.length / this.#data.rows : this.#inference.outputWords;
    const part = y.data.subarray(from * words, (from + count) * words);
    if (y.kind === "labels") views.i32.set(part, program.addressOf(targets) >>> 2);
    else views.f32.set(part, program.addressOf(targets) >>> 2);
    views.u32[controlWord(program.control, abi.CONTROL_ROWS)] = count;
    views.f32[controlWord(program.control, abi.CONTROL_INVERSE_WEIGHT)] = 1;
    runAgainIfLost(program, "forward", "forward");
    const at = program.addressOf(losses) >>> 2;
    return views.f32.subarray(at, at + count);
  }

  #labelWeight(row: number): number {
    const { y } = this.#data;
    return this.#loss.weighsLabels && y.kind === "labels" && this.#columns ? this.#columns[y.data[row]!]! : 1;
  }
}
