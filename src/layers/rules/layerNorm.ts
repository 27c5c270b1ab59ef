/** Layer normalization at work: shapes, parameters, ops. */
import { ShapeError } from "../../errors.ts";
import { constant, zeros } from "../../initializers.ts";
import type { Value } from "../../program/builder.ts";
import { perRow } from "../../program/count.ts";
import { showShape, sizeOf } from "../../shape.ts";
import { checkLayerNorm, LAYER_NORM_EPS, type LayerNormLayer } from "../layerNorm.ts";
import type { LayerRule, ParameterBuffers } from "../rule.ts";

export const layerNormRule: LayerRule<LayerNormLayer> = {
  check: checkLayerNorm,
  outputShape({ axes = 1 }, input, where) {
    if (axes > input.length) {
      throw new ShapeError(`${where}: layerNorm over ${axes} axes needs rows of at least ${axes} axes, got ${showShape(input)}`);
    }
    return input;
  },
  parameters: ({ axes = 1 }, input) => [
    { name: "weight", shape: input.slice(-axes), role: "parameter", init: constant(1), isPlain: true },
    { name: "bias", shape: input.slice(-axes), role: "parameter", init: zeros(), isPlain: true },
  ],
  forward({ axes = 1, eps = LAYER_NORM_EPS }, { builder, x, parameters }) {
    const { weight, bias } = parameters as Record<"weight" | "bias", ParameterBuffers>;
    const cols = sizeOf(x.shape.slice(-axes));
    const rows = perRow(sizeOf(x.shape) / cols);
    const words = perRow(sizeOf(x.shape));
    const mean = builder.buffer("mean", rows);
    const inverse = builder.buffer("inverse", rows);
    const needsGradient = x.needsGradient || weight.gradient !== undefined || bias.gradient !== undefined;
    const y: Value = { buffer: builder.buffer("y", words), shape: x.shape, needsGradient };
    const sizes = { rows, cols };
    builder.emit("normalizeRows", { x: x.buffer, weight: weight.value, bias: bias.value, y: y.buffer, mean, inverse }, sizes, { eps });
    return builder.differentiate(y, (dy) => {
      if (weight.gradient || bias.gradient) {
        const dweight = weight.gradient ?? builder.buffer("dweight", cols);
        const dbias = bias.gradient ?? builder.buffer("dbias", cols);
        builder.emit("normalizeRowsSums", { dy, x: x.buffer, mean, inverse, dweight, dbias }, sizes);
      }
      if (!x.needsGradient) return;
      const dx = builder.buffer("dx", words);
      builder.emit("normalizeRowsGrad", { dy, x: x.buffer, mean, inverse, weight: weight.value, dx }, sizes);
      builder.contribute(x, dx);
    });
  },
};
