/** How well a way to train does on rows it has not seen; the best of a list of settings, trained on all rows at the end. */
import { isLowerBetter, type Mode } from "../callbacks/monitor.ts";
import { checkBoolean, fail } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { History } from "../model/history.ts";
import { checkMonitor, type Judgement, type JudgeOptions, judge, prepareJob } from "./judge.ts";
import { type JudgedData, type Predict, type Recipe, type Trainable, trainRecipe } from "./recipe.ts";

export interface CrossValidateOptions<S> extends JudgeOptions {
  /** Default 10 folds, as in the notes. */
  folds?: JudgeOptions["folds"];
  /** What the recipe is given, one after the other. Default: once, with undefined. */
  settings?: readonly S[];
  /** The score by which the best setting is chosen, the mean over folds. Default "loss", or the first metric where there is no loss. */
  monitor?: string;
  /** "auto" (default): lower is better for names that end in loss, mse, mae, rmse or error. */
  mode?: Mode;
  /** Train the best setting on all rows, under the seed itself. Default: if settings are given. */
  retrain?: boolean;
}

export interface SettingResult<S> extends Judgement {
  readonly setting: S;
}

/** Of the best setting, and with it those of all. */
export interface CrossValidation<S, M extends Trainable = Trainable> extends SettingResult<S> {
  /** Number of the best setting. */
  readonly best: number;
  /** In the order of the settings. */
  readonly results: readonly SettingResult<S>[];
  /** The best setting trained on all rows; undefined without `retrain`, and where the recipe makes no model. */
  readonly model: M | undefined;
  readonly history: History | undefined;
  /** What the recipe's `train` gave for all rows, or the model's predict. */
  readonly predict: Predict | undefined;
}

/**
 * Trains the recipe on all folds but one and scores it on that one, for each fold: k models, each judged by rows it has not
 * seen (notes 002). Preprocessing that learns belongs into a modelPipeline, which sees the training rows of its fold only; scaled
 * beforehand, the test rows would have had a say. Of several settings the one with the best mean is trained once more, on all rows; a setting whose loss stops being finite is never the best.
 * The winner's mean is slightly too good, since it was chosen by it: keep a test set aside (`split`) for the last word.
 * @param data { x, y, weights? } as `split` takes it, or a table
 * @param recipe makes and describes a model anew for each run, see Recipe
 * @throws OptionError for unknown options, a monitor that nothing measures or that is NaN for all settings, models used twice; ShapeError and DataError as
 * model.fit, with setting and fold; NonFiniteError if no setting stays finite; the signal's reason if it aborts.
 */
export async function crossValidate<S = undefined, M extends Trainable = Trainable>(
  data: JudgedData,
  recipe: Recipe<S, M>,
  options: CrossValidateOptions<S> = {},
): Promise<CrossValidation<S, M>> {
  const where = "crossValidate";
  const { settings = [undefined as S], metrics = {}, mode = "auto", retrain = options?.settings !== undefined } = options ?? {};
  if (!Array.isArray(settings) || settings.length === 0) fail(`${where}: settings`, "a list of one setting or more", settings);
  const job = prepareJob(where, data, recipe, options, ["settings", "monitor", "mode", "retrain"], 10, settings.length);
  if (options.monitor !== undefined) checkMonitor(where, options.monitor, metrics);
  isLowerBetter(where, options.monitor ?? "loss", mode);
  checkBoolean(`${where}: retrain`, retrain);

  const results: SettingResult<S>[] = [];
  for (const [i, setting] of settings.entries()) results.push({ setting, ...(await judge(job, setting, i)) });
  const best = bestOf(where, results, options.monitor, mode);
  const { seed, signal } = job;
  const final = retrain ? await trainRecipe(recipe, settings[best] as S, data, { seed, signal }) : undefined;
  return { ...results[best]!, best, results, model: final?.model, history: final?.history, predict: final?.predict };
}

/** The first of the best ones. */
function bestOf(where: string, results: readonly SettingResult<unknown>[], given: string | undefined, mode: Mode): number {
  const judged = results.find(({ error }) => error === undefined);
  if (judged === undefined) throw results[0]!.error;
  const monitor = given ?? Object.keys(judged.mean)[0];
  if (results.length === 1) return 0;
  if (monitor === undefined || !(monitor in judged.mean)) {
    throw new OptionError(`${where}: settings are compared by a loss or a metric, and there is none of them. Give metrics: { r2 }`);
  }
  const sign = isLowerBetter(where, monitor, mode) ? 1 : -1;
  let best = -1;
  let least = Number.NaN;
  results.forEach(({ mean }, i) => {
    const value = sign * mean[monitor]!;
    if (!(Number.isNaN(value) || value >= least)) [best, least] = [i, value];
  });
  if (best >= 0) return best;
  const fix = "Larger folds may give it a value (r2 wants two rows in each), or monitor another score.";
  throw new OptionError(`${where}: monitor must be a number for at least one setting, got NaN for "${monitor}" of each. ${fix}`);
}
