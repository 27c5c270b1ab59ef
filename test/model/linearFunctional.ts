/**
 * A loss whose gradient is whatever the test wants: dLoss/dy is exactly the targets, whatever the output. The value means nothing.
 */
import type { Loss } from "../../src/index.ts";
import { perRow } from "../../src/program/count.ts";
import { sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import type { Golden } from "../vectors/read.ts";

/** Targets given to it must be halves of dy, as `halved` makes them: dx = target + target is then exact. */
export const linearFunctional = (): Loss => ({
  kind: "linearFunctional",
  link: "identity",
  takesLabels: false,
  weighsLabels: false,
  check: () => {},
  columnWeights: () => undefined,
  emit(builder, { x, targets, weights, losses, dx, control }) {
    const cols = sizeOf(x.shape);
    builder.emit("squaredError", { x: x.buffer, targets, weights, losses, control }, { rows: perRow(1), cols });
    if (dx) builder.emit("add", { x: targets, y: targets, z: dx }, { count: perRow(cols) });
  },
});

export const tensorOf = ({ shape, data }: Golden): Tensor => ({ data: Float32Array.from(data), shape: [...shape] });

export const halved = ({ shape, data }: Golden): Tensor => ({ data: Float32Array.from(data, (value) => value / 2), shape: [...shape] });
