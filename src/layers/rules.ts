/** The table of layers: the rule of each kind. */
import { nearest, show } from "../check.ts";
import { OptionError } from "../errors.ts";
import { activationRules } from "./activation.ts";
import { batchNormRule } from "./batchNorm.ts";
import { denseRule } from "./dense.ts";
import { dropoutRule } from "./dropout.ts";
import { inputRule } from "./input.ts";
import type { Layer } from "./layer.ts";
import { layerNormRule } from "./layerNorm.ts";
import { maxoutRule } from "./maxout.ts";
import { alphaDropoutRule, gaussianNoiseRule } from "./noise.ts";
import { parallelRule } from "./parallel.ts";
import { preluRule } from "./prelu.ts";
import { flattenRule, reshapeRule } from "./reshape.ts";
import { residualRule } from "./residual.ts";
import type { LayerRule } from "./rule.ts";

const table = (): Readonly<Record<string, LayerRule>> => {
  const rules = {
    input: inputRule,
    dense: denseRule,
    maxout: maxoutRule,
    batchNorm: batchNormRule,
    layerNorm: layerNormRule,
    dropout: dropoutRule,
    alphaDropout: alphaDropoutRule,
    gaussianNoise: gaussianNoiseRule,
    prelu: preluRule,
    flatten: flattenRule,
    reshape: reshapeRule,
    residual: residualRule,
    parallel: parallelRule,
    ...activationRules,
  };
  return rules as unknown as Record<string, LayerRule>;
};

/** @throws OptionError if no such kind exists. */
export function ruleOf(layer: Layer, where: string): LayerRule {
  const rules = table();
  if (Object.hasOwn(rules, layer.kind)) return rules[layer.kind]!;
  const near = nearest(layer.kind, Object.keys(rules));
  throw new OptionError(`${where}: unknown layer ${show(layer.kind)}${near ? `. Did you mean "${near}"?` : ""}`);
}
