/** The table of layers: the rule of each kind. */
import { nearest, show } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { Layer } from "./layer.ts";
import type { LayerRule } from "./rule.ts";
import { activationRules } from "./rules/activation.ts";
import { batchNormRule } from "./rules/batchNorm.ts";
import { denseRule } from "./rules/dense.ts";
import { dropoutRule } from "./rules/dropout.ts";
import { inputRule } from "./rules/input.ts";
import { layerNormRule } from "./rules/layerNorm.ts";
import { maxoutRule } from "./rules/maxout.ts";
import { alphaDropoutRule, gaussianNoiseRule } from "./rules/noise.ts";
import { parallelRule } from "./rules/parallel.ts";
import { preluRule } from "./rules/prelu.ts";
import { flattenRule, reshapeRule } from "./rules/reshape.ts";
import { residualRule } from "./rules/residual.ts";

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
