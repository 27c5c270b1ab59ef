/** The learned rectifier at work: shapes, parameters, ops. */
import { constant } from "../../initializers.ts";
import type { Value } from "../../program/builder.ts";
import { perRow, piecesOf } from "../../program/count.ts";
import { sizeOf } from "../../shape.ts";
import { checkPrelu, PRELU_SLOPE, type PreluLayer } from "../prelu.ts";
import type { LayerRule, ParameterBuffers } from "../rule.ts";

export const preluRule: LayerRule<PreluLayer> = {
  check: checkPrelu,
  outputShape: (_, input) => input,
  parameters: () => [{ name: "weight", shape: [1], role: "parameter", init: constant(PRELU_SLOPE) }],
  forward(_, { builder, x, parameters }) {
    const { weight } = parameters as { weight: ParameterBuffers };
    const words = sizeOf(x.shape);
    const count = perRow(words);
    const needsGradient = x.needsGradient || weight.gradient !== undefined;
    const y: Value = { buffer: builder.buffer("y", count), shape: x.shape, needsGradient };
    builder.emit("prelu", { x: x.buffer, weight: weight.value, y: y.buffer }, { count });
    return builder.differentiate(y, (dy) => {
      if (weight.gradient) {
        const sums = builder.buffer("sums", piecesOf(builder.capacity * words) * 2);
        builder.emit("preluSums", { dy, x: x.buffer, sums }, { count });
        builder.emit("pieceTotal", { sums, y: weight.gradient }, { count });
      }
      if (!x.needsGradient) return;
      const dx = builder.buffer("dx", count);
      builder.emit("preluGrad", { dy, x: x.buffer, weight: weight.value, dx }, { count });
      builder.contribute(x, dx);
    });
  },
};
