/** The product that dense layers are made of: y = x · weightᵀ + bias on the last axis, with its gradients. */
import type { Buffer, Builder, Value } from "../../program/builder.ts";
import { perRow } from "../../program/count.ts";
import { product, rowMajor, transposed } from "../../program/product.ts";
import { sizeOf } from "../../shape.ts";
import type { ParameterBuffers } from "../rule.ts";

export interface AffineParts {
  /** [units, in] */
  readonly weight: ParameterBuffers;
  /** [units] */
  readonly bias?: ParameterBuffers;
  /** What stands in for the weight in one step: the weight times a mask, through which its gradient goes too. */
  readonly masked?: { readonly weight: Buffer; readonly mask: Buffer };
  /** What stands in for weight and bias in inference: the same values with something folded in. */
  readonly folded?: { readonly weight: Buffer; readonly bias: Buffer };
}

/** [..., in] becomes [..., units]. In inference the panels of the weight are packed once per version of the weights. */
export function affine(builder: Builder, x: Value, units: number, { weight, bias, masked, folded }: AffineParts): Value {
  const inner = x.shape.at(-1)!;
  const lead = sizeOf(x.shape.slice(0, -1));
  const rows = perRow(lead);
  const needsGradient = x.needsGradient || weight.gradient !== undefined || bias?.gradient !== undefined;
  const y: Value = { buffer: builder.buffer("y", perRow(lead * units)), shape: [...x.shape.slice(0, -1), units], needsGradient };
  const xs = rowMajor(x.buffer, inner);
  const ws = rowMajor(folded?.weight ?? masked?.weight ?? weight.value, inner);
  const packIn = builder.mode === "train" || masked ? undefined : "prepare";
  product(builder, y.buffer, xs, transposed(ws), { rows, cols: units, inner }, { bias: folded?.bias ?? bias?.value, packIn });
  return builder.differentiate(y, (dy) => {
    const dys = rowMajor(dy, units);
    if (bias?.gradient) builder.emit("columnSum", { x: dy, y: bias.gradient }, { rows, cols: units });
    if (weight.gradient) {
      const whole = masked ? builder.buffer("dweight", units * inner) : weight.gradient;
      product(builder, whole, transposed(dys), xs, { rows: units, cols: inner, inner: rows });
      if (masked) builder.emit("multiply", { x: whole, y: masked.mask, z: weight.gradient }, { count: units * inner });
    }
    if (!x.needsGradient) return;
    const dx = builder.buffer("dx", perRow(lead * inner));
    product(builder, dx, dys, ws, { rows, cols: inner, inner: units });
    builder.contribute(x, dx);
  });
}
