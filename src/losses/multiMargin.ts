/** The margin loss of several classes (Weston & Watkins 1999, in PyTorch's form). */
import { checkFinite, checkOptions } from "../check.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { perRow } from "../program/count.ts";
import { showShape } from "../shape.ts";
import type { Loss } from "./loss.ts";

export interface MultiMarginOptions {
  /** By how much the label's score must exceed every other. Default 1, as PyTorch. */
  margin?: number;
}

/**
 * Mean over rows of Σ over the other classes of max(0, margin - output[label] + output[j]) / classes. Targets are labels.
 * @throws OptionError for unknown options, a margin that is not finite, targets that are not labels.
 */
export function multiMargin(options: MultiMarginOptions = {}): Loss {
  checkOptions("multiMargin", options, ["margin"]);
  const { margin = 1 } = options;
  checkFinite("multiMargin: margin", margin);
  return {
    kind: "multiMargin",
    link: "identity",
    takesLabels: true,
    weighsLabels: false,
    check(output, where) {
      if (output.length !== 1) throw new ShapeError(`${where}: multiMargin needs an output of shape [classes], got ${showShape(output)}`);
    },
    columnWeights: () => undefined,
    emit(builder, { x, targets, targetKind, weights, losses, dx, control }) {
      if (targetKind !== "labels") throw new OptionError("multiMargin: targets must be labels, one integer per row, got rows of numbers");
      const operands = { x: x.buffer, labels: targets, weights, losses, dx, control };
      builder.emit("multiMargin", operands, { rows: perRow(1), cols: x.shape[0]! }, { margin });
    },
  };
}
