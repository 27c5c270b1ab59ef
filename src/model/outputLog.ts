/** The outputs and targets of an epoch's steps, in the order in which they were seen: for metrics of training. */
import type { TargetKind } from "../losses/loss.ts";
import type { BatchSource } from "./batches.ts";
import { showTargets } from "./callLoss.ts";
import type { FitOptions } from "./fitOptions.ts";
import { measure } from "./metric.ts";
import { inferenceOf } from "./predict.ts";
import type { Training } from "./training.ts";

export class OutputLog {
  readonly #training: Training;
  #outputs: Float32Array[] = [];
  #targets: (Float32Array | Int32Array)[] = [];
  #kind: TargetKind = "rows";
  #rows = 0;

  constructor(training: Training) {
    this.#training = training;
  }

  clear(): void {
    this.#outputs = [];
    this.#targets = [];
    this.#rows = 0;
  }

  add({ rows, targetKind, isWeighted }: BatchSource["placed"]): void {
    this.#kind = targetKind;
    this.#rows += rows;
    this.#outputs.push(this.#training.outputs(targetKind, isWeighted, rows));
    this.#targets.push(this.#training.batch.targetsOf(targetKind, rows));
  }

  /** For a run that is resumed. Labels are below 2^24, so that float32 holds them. */
  save(): { kind: TargetKind; outputs: Float32Array; targets: Float32Array } {
    return { kind: this.#kind, outputs: join(this.#outputs), targets: join(this.#targets) };
  }

  load(rows: number, kind: TargetKind, outputs: Float32Array, targets: Float32Array): void {
    this.#rows = rows;
    this.#kind = kind;
    this.#outputs = [outputs];
    this.#targets = [targets];
  }

  /** Keeps the first rows. */
  forget(rows: number): void {
    if (rows === this.#rows) return;
    const { kind, outputs, targets } = this.save();
    const part = (all: Float32Array) => all.subarray(0, (all.length / this.#rows) * rows);
    this.load(rows, kind, part(outputs), part(targets));
  }

  measure(metrics: NonNullable<FitOptions["metrics"]>): Record<string, number> {
    const { state, options } = this.#training;
    const { outputShape } = state.layout;
    const predictions = inferenceOf(state).link(join(this.#outputs), this.#rows, options.loss.link);
    const all = join(this.#targets);
    const yTrue = showTargets(options.loss, outputShape, this.#rows, this.#kind === "labels" ? Int32Array.from(all) : all);
    return measure(metrics, yTrue, { data: predictions, shape: [this.#rows, ...outputShape] });
  }
}

function join(parts: readonly (Float32Array | Int32Array)[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
