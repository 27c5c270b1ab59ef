/** Layers that only rename the axes of a row: no op is written, the values stay where they are. */
import { checkCount, checkOptions } from "../check.ts";
import { ShapeError } from "../errors.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import type { Layer } from "./layer.ts";
import type { LayerRule } from "./rule.ts";

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
  reshapeRule.check(layer, "reshape");
  return layer;
}

export const flattenRule: LayerRule<FlattenLayer> = {
  check({ kind: _, ...rest }, where) {
    checkOptions(where, rest, []);
  },
  outputShape: (_, input) => [sizeOf(input)],
  parameters: () => [],
  forward: (_, { x }) => ({ ...x, shape: [sizeOf(x.shape)] }),
};

export const reshapeRule: LayerRule<ReshapeLayer> = {
  check({ kind: _, shape, ...rest }, where) {
    checkOptions(where, rest, ["shape"]);
    if (!Array.isArray(shape) || shape.length === 0) throw new ShapeError(`${where}: shape must name at least one extent: reshape(8, 8)`);
    for (const extent of shape) checkCount(`${where}: extent`, extent);
  },
  outputShape({ shape }, input, where) {
    if (sizeOf(shape) !== sizeOf(input)) {
      throw new ShapeError(
        `${where}: reshape to ${showShape(shape)} needs rows of ${sizeOf(shape)} values, got ${showShape(input)}, which are ${sizeOf(input)}`,
      );
    }
    return shape;
  },
  parameters: () => [],
  forward: ({ shape }, { x }) => ({ ...x, shape }),
};
