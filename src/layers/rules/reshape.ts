/** flatten and reshape at work: shapes, and no op. */
import { ShapeError } from "../../errors.ts";
import { showShape, sizeOf } from "../../shape.ts";
import { checkFlatten, checkReshape, type FlattenLayer, type ReshapeLayer } from "../reshape.ts";
import type { LayerRule } from "../rule.ts";

export const flattenRule: LayerRule<FlattenLayer> = {
  check: checkFlatten,
  outputShape: (_, input) => [sizeOf(input)],
  parameters: () => [],
  forward: (_, { x }) => ({ ...x, shape: [sizeOf(x.shape)] }),
};

export const reshapeRule: LayerRule<ReshapeLayer> = {
  check: checkReshape,
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
