/** Scores against a setting: where a model is too simple, and where too free. */
import { fail } from "../check.ts";
import { type Judgement, type JudgeOptions, judge, prepareJob } from "./judge.ts";
import type { JudgedData, Recipe } from "./recipe.ts";

export interface ValidationCurveOptions<S> extends JudgeOptions {
  /** What the recipe is given, one after the other: numbers of units, penalties, learning rates. */
  values: readonly S[];
  /** Default 5 folds, as in scikit-learn. */
  folds?: JudgeOptions["folds"];
}

export interface ValidationPoint<S> extends Judgement {
  readonly value: S;
}

export interface ValidationCurve<S> {
  /** One per value, in their order: point.mean.loss against point.trainMean.loss. */
  readonly points: readonly ValidationPoint<S>[];
}

/**
 * Cross-validates the recipe at each value, on the same folds under the same seeds. Both scores bad: bias. A good training
 * score and a bad one on unseen rows: variance. The scores of a value at which the loss stops being finite are NaN.
 * @throws as crossValidate, but for NonFiniteError, which a point holds.
 */
export async function validationCurve<S>(
  data: JudgedData,
  recipe: Recipe<S>,
  options: ValidationCurveOptions<S>,
): Promise<ValidationCurve<S>> {
  const { values } = options ?? {};
  if (!Array.isArray(values) || values.length === 0) fail("validationCurve: values", "a list of one value or more", values);
  const job = prepareJob("validationCurve", data, recipe, options, ["values"], 5, values.length);
  const points: ValidationPoint<S>[] = [];
  for (const [i, value] of values.entries()) points.push({ value, ...(await judge(job, value, i)) });
  return { points };
}
