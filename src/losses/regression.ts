/** Losses of regression: the mean over all outputs of a function of the error. */
import { perRow } from "../program/count.ts";
import { sizeOf } from "../shape.ts";
import type { Loss } from "./loss.ts";

function ofError(kind: string, op: "squaredError" | "absoluteError"): Loss {
  return {
    kind,
    link: "identity",
    takesLabels: false,
    weighsLabels: false,
    check: () => {},
    columnWeights: () => undefined,
    emit(builder, { x, targets, weights, losses, dx, control }) {
      builder.emit(op, { x: x.buffer, targets, weights, losses, dx, control }, { rows: perRow(1), cols: sizeOf(x.shape) });
    },
  };
}

/** Mean squared error over rows and outputs. */
export const mse = (): Loss => ofError("mse", "squaredError");

/** Mean absolute error over rows and outputs; its gradient is 0 at a hit, as PyTorch. */
export const mae = (): Loss => ofError("mae", "absoluteError");
