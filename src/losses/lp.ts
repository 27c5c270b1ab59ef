/** The p-norm of each row's error. */
import { checkOptions, fail } from "../check.ts";
import { perRow } from "../program/count.ts";
import { sizeOf } from "../shape.ts";
import type { Loss } from "./loss.ts";

export interface LpOptions {
  /** 1 or above; Infinity for the largest error. */
  p: number;
}

/**
 * Mean over rows of ‖output - target‖_p. The gradient is 0 at an error of 0; for p = Infinity the first largest entry takes it.
 * @throws OptionError for unknown options, p below 1.
 */
export function lp(options: LpOptions): Loss {
  checkOptions("lp", options, ["p"]);
  const p = options?.p;
  if (!(typeof p === "number" && p >= 1)) fail("lp: p", "a number of at least 1, or Infinity", p);
  return {
    kind: "lp",
    link: "identity",
    takesLabels: false,
    weighsLabels: false,
    check: () => {},
    columnWeights: () => undefined,
    emit(builder, { x, targets, weights, losses, dx, control }) {
      const operands = { x: x.buffer, targets, weights, losses, dx, control };
      builder.emit("normError", operands, { rows: perRow(1), cols: sizeOf(x.shape) }, { p });
    },
  };
}
