/** The first layer at work: it hands rows on. */
import { checkInput } from "../input.ts";
import type { InputLayer } from "../layer.ts";
import type { LayerRule } from "../rule.ts";

export const inputRule: LayerRule<InputLayer> = {
  check: checkInput,
  outputShape: (layer) => layer.shape,
  parameters: () => [],
  forward: (_, { x }) => x,
};
