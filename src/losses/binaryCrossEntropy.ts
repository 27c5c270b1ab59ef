/** Binary cross-entropy on logits: independent yes-or-no outputs. */
import { checkOptions } from "../check.ts";
import { OptionError } from "../errors.ts";
import { perRow } from "../program/count.ts";
import { sizeOf } from "../shape.ts";
import type { Loss } from "./loss.ts";
import { checkWeights } from "./softmaxCrossEntropy.ts";

export interface BinaryCrossEntropyOptions {
  /** Factor on the loss of positive targets: one number, or one per output. Default 1, as PyTorch's pos_weight. */
  positiveWeight?: number | readonly number[];
}

/**
 * Mean over rows and outputs of p·y·softplus(-z) + (1 - y)·softplus(z), z the logit and y in [0, 1]. No sigmoid layer before it.
 * @throws OptionError for unknown options and weights that are not finite or negative.
 */
export function binaryCrossEntropy(options: BinaryCrossEntropyOptions = {}): Loss {
  checkOptions("binaryCrossEntropy", options, ["positiveWeight"]);
  const { positiveWeight } = options;
  if (positiveWeight !== undefined) {
    checkWeights("binaryCrossEntropy: positiveWeight", typeof positiveWeight === "number" ? [positiveWeight] : positiveWeight);
  }
  return {
    kind: "binaryCrossEntropy",
    link: "sigmoid",
    takesLabels: false,
    weighsLabels: false,
    check: () => {},
    columnWeights(output, _, where) {
      if (positiveWeight === undefined) return undefined;
      const cols = sizeOf(output);
      if (typeof positiveWeight === "number") return new Float32Array(cols).fill(positiveWeight);
      if (positiveWeight.length !== cols) {
        throw new OptionError(
          `${where}: binaryCrossEntropy: positiveWeight must be one number or one for each of ${cols} outputs, got ${positiveWeight.length}`,
        );
      }
      return Float32Array.from(positiveWeight);
    },
    emit(builder, { x, targets, weights, columnWeights, losses, dx, control }) {
      const operands = { x: x.buffer, targets, positiveWeights: columnWeights, weights, losses, dx, control };
      builder.emit("binaryCrossEntropy", operands, { rows: perRow(1), cols: sizeOf(x.shape) });
    },
  };
}
