/** Groups of parameters with a learning rate or a weight decay of their own. */
import { checkNotNegative, checkOptions, fail, show } from "../check.ts";
import { OptionError } from "../errors.ts";
import { checkLearningRate, type LearningRate, type Optimizer } from "../optimizers/optimizer.ts";
import { isTrainable } from "./isTrainable.ts";
import { matchNames } from "./matchNames.ts";
import type { ModelState, StoredParameter } from "./state.ts";

export interface ParameterGroup {
  /** Names of parameters, or patterns with * for any characters: "0.*". */
  match: string | readonly string[];
  /** In the place of the optimizer's: a number or a schedule. */
  learningRate?: LearningRate;
  /** In the place of the optimizer's, and acting as it does: on weights only. */
  weightDecay?: number;
}

export function checkGroups(where: string, groups: readonly ParameterGroup[]): void {
  if (!Array.isArray(groups)) fail(`${where}: groups`, "an array such as [{ match: '0.*', learningRate: 1e-4 }]", groups);
  groups.forEach((group: ParameterGroup, k) => {
    const place = `${where}: groups[${k}]`;
    checkOptions(place, group, ["match", "learningRate", "weightDecay"]);
    const { match, learningRate, weightDecay } = group;
    if (typeof match !== "string" && !Array.isArray(match)) fail(`${place}: match`, 'a pattern such as "0.*", or an array of them', match);
    if (learningRate === undefined && weightDecay === undefined)
      throw new OptionError(`${place}: give learningRate, weightDecay or both: a group without changes nothing`);
    if (learningRate !== undefined) checkLearningRate(`${place}: learningRate`, learningRate);
    if (weightDecay !== undefined) checkNotNegative(`${place}: weightDecay`, weightDecay);
  });
}

/** The optimizer of each group; the first is that of all parameters that no group has. They differ in rate and decay alone. */
export function optimizersOf(optimizer: Optimizer, groups: readonly ParameterGroup[]): readonly Optimizer[] {
  return [
    optimizer,
    ...groups.map(({ learningRate = optimizer.learningRate, weightDecay }) => {
      const decayed = weightDecay === undefined ? optimizer : optimizer.withWeightDecay(weightDecay);
      return { ...decayed, learningRate };
    }),
  ];
}

/**
 * Number of the group of each parameter: 0 for those that no group has.
 * @throws OptionError if a group matches no parameter that is trained, or two match the same one, or one decays biases alone.
 */
export function numberGroups(where: string, state: ModelState, groups: readonly ParameterGroup[]): ReadonlyMap<StoredParameter, number> {
  const numbers = new Map<StoredParameter, number>();
  const all = state.parameters.filter(({ spec }) => spec.role === "parameter");
  groups.forEach(({ match, weightDecay = 0 }, k) => {
    const place = `${where}: groups[${k}]`;
    const matched = matchNames(place, all, typeof match === "string" ? [match] : match);
    const trained = matched.filter(isTrainable);
    if (trained.length === 0) throw new OptionError(`${place}: all parameters that match ${show(match)} are frozen`);
    for (const parameter of matched) {
      const other = numbers.get(parameter);
      if (other !== undefined) throw new OptionError(`${place}: ${parameter.name} is in groups[${other - 1}] already`);
      numbers.set(parameter, k + 1);
    }
    if (weightDecay > 0 && !trained.some(({ isWeight }) => isWeight))
      throw new OptionError(`${place}: weightDecay acts on weights alone, and none is trained that matches ${show(match)}. Remove it`);
  });
  return numbers;
}
