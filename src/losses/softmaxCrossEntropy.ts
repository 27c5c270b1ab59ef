/** Cross-entropy of softmax of the logits, in one pass with its gradient. */
import { checkInRange, checkOptions, fail } from "../check.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { perRow } from "../program/count.ts";
import { showShape } from "../shape.ts";
import type { Loss } from "./loss.ts";

export interface SoftmaxCrossEntropyOptions {
  /** ε: targets become (1 - ε)·target + ε/classes. Default 0. Szegedy et al. 2016. */
  labelSmoothing?: number;
  /** One weight per class, or "balanced": rows / (classes · rows of the class) of the training set, as scikit-learn. Default none. */
  classWeights?: readonly number[] | "balanced";
}

/**
 * Mean over rows of -Σ target·ln softmax(logits). Takes logits [classes]: no softmax layer before it. Targets: labels from 0,
 * or one-hot or soft rows. With class weights and labels the mean is weighted by the class of the label, as in PyTorch.
 * @throws OptionError for unknown options, smoothing outside [0, 1), weights that are not finite or negative.
 */
export function softmaxCrossEntropy(options: SoftmaxCrossEntropyOptions = {}): Loss {
  checkOptions("softmaxCrossEntropy", options, ["labelSmoothing", "classWeights"]);
  const { labelSmoothing = 0, classWeights } = options;
  checkInRange("softmaxCrossEntropy: labelSmoothing", labelSmoothing, 0, 1);
  if (classWeights !== undefined && classWeights !== "balanced") checkWeights("softmaxCrossEntropy: classWeights", classWeights);
  return {
    kind: "softmaxCrossEntropy",
    link: "softmax",
    takesLabels: true,
    weighsLabels: classWeights !== undefined,
    check(output, where) {
      if (output.length !== 1)
        throw new ShapeError(`${where}: softmaxCrossEntropy needs an output of shape [classes], got ${showShape(output)}`);
    },
    columnWeights(output, labels, where) {
      if (classWeights === undefined) return undefined;
      if (classWeights === "balanced") return balancedWeights(output[0]!, labels, where);
      if (classWeights.length !== output[0]) {
        throw new OptionError(
          `${where}: softmaxCrossEntropy: classWeights must hold one weight for each of ${output[0]} classes, got ${classWeights.length}`,
        );
      }
      return Float32Array.from(classWeights);
    },
    emit(builder, { x, targets, targetKind, weights, columnWeights, losses, dx, control }) {
      const shared = { x: x.buffer, classWeights: columnWeights, weights, losses, dx, control };
      const sizes = { rows: perRow(1), cols: x.shape[0]! };
      const constants = { smoothing: labelSmoothing };
      if (targetKind === "labels") builder.emit("softmaxCrossEntropyLabels", { ...shared, labels: targets }, sizes, constants);
      else builder.emit("softmaxCrossEntropyTargets", { ...shared, targets }, sizes, constants);
    },
  };
}

export function checkWeights(where: string, weights: ArrayLike<number>): void {
  const list = Array.from(weights);
  if (list.length === 0 || !list.every((weight) => typeof weight === "number" && weight >= 0 && weight < Infinity)) {
    fail(where, "finite numbers, 0 or above", weights);
  }
}

function balancedWeights(classes: number, labels: Int32Array | undefined, where: string): Float32Array {
  if (labels === undefined) {
    throw new OptionError(
      `${where}: softmaxCrossEntropy: classWeights "balanced" needs the labels of a training set: use fit with labels, or give the weights`,
    );
  }
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]!++;
  // A class without rows gets weight 0: no row of it will ever ask.
  return Float32Array.from(counts, (count) => (count === 0 ? 0 : labels.length / (classes * count)));
}
