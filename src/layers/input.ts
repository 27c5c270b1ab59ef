/** The first layer of every net: the shape of one row. */
import { checkCount, checkOptions } from "../check.ts";
import { ShapeError } from "../errors.ts";
import type { Shape } from "../shape.ts";
import type { InputLayer } from "./layer.ts";

/** Rows of this shape, without the batch axis: `input(64)` for 64 numbers a row. A net of `input` alone is the identity. */
export function input<const S extends Shape>(...shape: S): InputLayer<S> {
  const layer: InputLayer<S> = { kind: "input", shape };
  checkInput(layer, "input");
  return layer;
}

export function checkInput({ kind: _, shape, ...rest }: InputLayer, where: string): void {
  checkOptions(where, rest, ["shape"]);
  if (!Array.isArray(shape) || shape.length === 0) throw new ShapeError(`${where}: shape must name at least one extent: input(64)`);
  for (const extent of shape) checkCount(`${where}: extent`, extent);
}
