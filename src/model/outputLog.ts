/** The outputs and targets of an epoch's steps, in the order in which they were seen: for metrics of training. */
import { sizeOf } from "../shape.ts";
import type { BatchSource } from "./batches.ts";
import { showTargets } from "./callLoss.ts";
import { measure } from "./evaluate.ts";
import type { FitOptions } from "./fitOptions.ts";
import { inferenceOf } from "./predict.ts";
import type { Training } from "./training.ts";

export class OutputLog {
  readonly #training: Training;
  #outputs: Float32Array[] = [];
  #targets: (Float32Array | Int32Array)[] = [];
  #kind: "labels" | "rows" = "rows";
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

  measure(metrics: NonNullable<FitOptions["metrics"]>): Record<string, number> {
    const { state, options } = this.#training;
    const { outputShape } = state.layout;
    const words = sizeOf(outputShape);
    const outputs = join(this.#outputs, new Float32Array(this.#rows * words));
    const predictions = inferenceOf(state).link(outputs, this.#rows, options.loss.link);
    const size = this.#targets.reduce((sum, { length }) => sum + length, 0);
    const targets =
      this.#kind === "labels"
        ? join(this.#targets as Int32Array[], new Int32Array(size))
        : join(this.#targets as Float32Array[], new Float32Array(size));
    const yTrue = showTargets(options.loss, outputShape, this.#rows, targets);
    return measure(metrics, yTrue, { data: predictions, shape: [this.#rows, ...outputShape] });
  }
}

function join<T extends Float32Array | Int32Array>(parts: readonly T[], target: T): T {
  let at = 0;
  for (const part of parts) {
    target.set(part, at);
    at += part.length;
  }
  return target;
}
