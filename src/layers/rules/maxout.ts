/** Maxout at work: a product, then the largest of each unit's pieces. */
import { normal, zeros } from "../../initializers.ts";
import type { Value } from "../../program/builder.ts";
import { perRow } from "../../program/count.ts";
import { sizeOf } from "../../shape.ts";
import { checkMaxout, type MaxoutLayer } from "../maxout.ts";
import type { LayerRule, ParameterBuffers } from "../rule.ts";
import { affine } from "./affine.ts";

export const maxoutRule: LayerRule<MaxoutLayer> = {
  check: checkMaxout,
  outputShape: ({ units }, input) => [...input.slice(0, -1), units],
  parameters({ units, pieces = 2, init, biasInit = zeros() }, input) {
    const inner = input.at(-1)!;
    return [
      { name: "weight", shape: [units * pieces, inner], role: "parameter", init: init ?? normal({ std: 1 / Math.sqrt(inner) }) },
      { name: "bias", shape: [units * pieces], role: "parameter", init: biasInit },
    ];
  },
  forward({ units, pieces = 2 }, { builder, x, parameters }) {
    const { weight, bias } = parameters as Record<"weight" | "bias", ParameterBuffers>;
    const z = affine(builder, x, units * pieces, { weight, bias });
    const lead = sizeOf(x.shape.slice(0, -1));
    const sizes = { rows: perRow(lead), cols: units, pieces };
    const y: Value = { ...z, buffer: builder.buffer("largest", perRow(lead * units)), shape: [...x.shape.slice(0, -1), units] };
    builder.emit("maxPieces", { x: z.buffer, y: y.buffer }, sizes);
    return builder.differentiate(y, (dy) => {
      const dx = builder.buffer("dlargest", perRow(lead * units * pieces));
      builder.emit("maxPiecesGrad", { dy, x: z.buffer, dx }, sizes);
      builder.contribute(z, dx);
    });
  },
};
