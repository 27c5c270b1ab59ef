/** Residual blocks at work: the shortcut that suits the shapes, and the sum. */
import { ShapeError } from "../../errors.ts";
import type { Value } from "../../program/builder.ts";
import { perRow } from "../../program/count.ts";
import { drawOf, optional } from "../../program/optional.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../../shape.ts";
import { dense } from "../dense.ts";
import { checkResidual, type ResidualLayer } from "../residual.ts";
import type { LayerRule } from "../rule.ts";

export const residualRule: LayerRule<ResidualLayer> = {
  check: checkResidual,
  outputShape: (_, input) => input,
  nest({ layers }, input, where, place): Shape {
    const output = place(layers.map((layer, i) => [String(i), layer]));
    if (sameShape(input, output)) return output;
    if (!sameShape(input.slice(0, -1), output.slice(0, -1))) {
      throw new ShapeError(
        `${where}: the layers of residual must keep all axes but the last, got ${showShape(output)} from ${showShape(input)}`,
      );
    }
    return place([["shortcut", dense(output.at(-1)!, { bias: false })]]);
  },
  parameters: () => [],
  forward({ dropRate = 0 }, { builder, x, branches, stream, control }) {
    const [body, project] = branches as [(x: Value) => Value, ((x: Value) => Value)?];
    const shortcut = project?.(x) ?? x;
    const isDrawn = dropRate > 0 && builder.mode !== "infer";
    const branch = isDrawn ? optional(builder, drawOf(stream, dropRate, control), x, () => body(x)) : body(x);
    const count = perRow(sizeOf(shortcut.shape));
    const y: Value = { ...shortcut, buffer: builder.buffer("sum", count), needsGradient: shortcut.needsGradient || branch.needsGradient };
    const operands = { x: shortcut.buffer, y: branch.buffer, z: y.buffer };
    if (dropRate > 0 && !isDrawn) builder.emit("combine", operands, { count }, { p: 1, q: 1 - dropRate });
    else builder.emit("add", operands, { count });
    return builder.differentiate(y, (dy) => {
      if (branch.needsGradient) builder.contribute(branch, dy);
      if (shortcut.needsGradient) builder.contribute(shortcut, dy);
    });
  },
};
