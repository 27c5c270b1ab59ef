/** Layers that only rename the axes of a row: no op is written, the values stay where they are. */
import { checkCount, checkOptions } from "../check.ts";
import { ShapeError } from "../errors.ts";
import type { Shape } from "../shape.ts";
import type { Layer } from "./layer.ts";

export interface FlattenLayer extends Layer<{ readonly type: "flatten" }> {
  readonly kind: "flatten";
}

export interface ReshapeLayer<S extends Shape = Shape> extends Layer<{ readonly type: "reshape"; readonly shape: S }> {
  readonly kind: "reshape";
  readonly shape: S;
}

/** A row of any shape becomes one axis; the batch axis stays. */
export const flatten = (): FlattenLayer => ({ kind: "flatten" });

/**
 * A row takes another shape with as many values, in row-major order: `reshape(8, 8)`; the batch axis is not named.
 * @throws OptionError if an extent is not a positive integer; build throws a ShapeError if the numbers of values differ.
 */
export function reshape<const S extends Shape>(...shape: S): ReshapeLayer<S> {
  const layer: ReshapeLayer<S> = { kind: "reshape", shape };
  checkReshape(layer, "reshape");
  return layer;
}

export function checkFlatten({ kind: _, ...rest }: FlattenLayer, where: string): void {
  checkOptions(where, rest, []);
}

export function checkReshape({ kind: _, shape, ...rest }: ReshapeLayer, where: string): void {
  checkOptions(where, rest, ["shape"]);
  if (!Array.isArray(shape) || shape.length === 0) throw new ShapeError(`${where}: shape must name at least one extent: reshape(8, 8)`);
  for (const extent of shape) checkCount(`${where}: extent`, extent);
}
