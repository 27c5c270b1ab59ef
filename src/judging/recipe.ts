/**
 * What is judged: a way to a trained model, made anew for every training run. One recipe serves cross-validation, curves and
 * the decomposition of errors.
 */
import { fail, show } from "../check.ts";
import type { NumericData } from "../data/arrays.ts";
import type { Table } from "../data/readCsv.ts";
import type { Rows, SplitData } from "../data/split.ts";
import { OptionError } from "../errors.ts";
import type { EvaluateOptions, Evaluation } from "../model/evaluate.ts";
import type { FitOptions } from "../model/fitOptions.ts";
import type { History } from "../model/history.ts";
import type { Metric } from "../model/metric.ts";

/** Raw rows: { x, y, weights? } as `split` takes them, or a table, for a modelPipeline with a target. */
export type JudgedData = SplitData | Table;

/** Of one training run. */
export interface Run {
  /** Give it to build: every fold has its own, and all settings the same ones. fit takes it unless told another. */
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

/** A Model, or a ModelPipeline, whose transforms learn from the training rows of each run alone. */
export interface Trainable {
  fit(data: never, options: never): Promise<History>;
  evaluate(data: never, options: EvaluateOptions): Evaluation;
  predict(x: never): NumericData;
  dispose(): void;
}

/** A net: `({ units }, { seed }) => ({ model: build(net(units), { seed }), fit: { loss, optimizer: adam(), epochs: 50 } })`. */
export interface ModelRecipe<M extends Trainable = Trainable> {
  /** Untrained, or pretrained; each run needs its own, and disposes of it. */
  readonly model: M | Promise<M>;
  /** Options of the model's fit. A share as `validation` is cut from the run's training rows. */
  readonly fit: Omit<FitOptions, "validation"> & { readonly validation?: number | object };
}

/** Anything else, such as ridge(): rows of x in, predictions for the metrics out. It has no loss, and takes { x, y }. */
export interface OwnRecipe {
  readonly train: (data: SplitData, run: Run) => Predict | Promise<Predict>;
}

/** Predictions for rows of x, in a form that metrics take. */
export type Predict = (x: Rows) => NumericData;

type Made<M extends Trainable> = ModelRecipe<M> | OwnRecipe;

/** S: what differs between the settings that are compared; M: what kind of model it makes. */
export type Recipe<S, M extends Trainable = Trainable> = (setting: S, run: Run) => Made<M> | Promise<Made<M>>;

/** By name: "loss" (of models) and the metrics. */
export type Scores = Readonly<Record<string, number>>;

export type Metrics = Readonly<Record<string, Metric>>;

export interface Trained<M extends Trainable> {
  readonly model: M | undefined;
  readonly history: History | undefined;
  score(data: JudgedData, metrics: Metrics): Scores;
  readonly predict: Predict;
  dispose(): void;
}

/** Models that have been trained here: one that comes a second time has seen the rows it would be tested on. */
const trained = new WeakSet<Trainable>();

/** Makes what the recipe describes and trains it. What was made is disposed of where that fails. */
export async function trainRecipe<S, M extends Trainable>(
  recipe: Recipe<S, M>,
  setting: S,
  data: JudgedData,
  run: Run,
): Promise<Trained<M>> {
  run.signal?.throwIfAborted();
  const made = await recipe(setting, run);
  if (typeof made === "object" && made !== null) {
    if ("train" in made && typeof made.train === "function") return trainOwn(made, data, run);
    if ("model" in made && "fit" in made) return trainModel(made, data, run);
  }
  throw new OptionError(`recipe must return { model, fit } or { train }, got ${show(made)}`);
}

export function checkRecipe(where: string, recipe: unknown): void {
  if (typeof recipe === "function") return;
  fail(
    `${where}: recipe`,
    "a function that returns { model, fit }",
    recipe,
    "Models, transforms and callbacks are made anew for each run.",
  );
}

async function trainModel<M extends Trainable>(recipe: ModelRecipe<M>, data: JudgedData, run: Run): Promise<Trained<M>> {
  const { fit } = recipe;
  const model = await recipe.model;
  if (typeof model?.fit !== "function") fail("recipe: model", "what build() or modelPipeline() returns", model);
  if (trained.has(model)) {
    throw new OptionError("recipe must make a new model for each run, got one that an earlier run has trained. Call build in it");
  }
  trained.add(model);
  try {
    if (typeof fit !== "object" || fit === null) fail("recipe: fit", "the options of model.fit", fit);
    const options = { ...fit, seed: fit.seed ?? run.seed, signal: run.signal ?? fit.signal };
    const history = await model.fit(data as never, options as never);
    return {
      model,
      history,
      score: (part, metrics) => model.evaluate(part as never, { loss: fit.loss, metrics }),
      predict: (x) => model.predict(x as never),
      dispose: () => model.dispose(),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function trainOwn({ train }: OwnRecipe, data: JudgedData, run: Run): Promise<Trained<never>> {
  if (!("y" in data))
    throw new OptionError("recipe must return { model: modelPipeline(...), fit } for a table, got { train }, which takes { x, y }");
  const predict = await train(data, run);
  if (typeof predict !== "function") fail("recipe: what train returns", "a function from rows to predictions", predict);
  return {
    model: undefined,
    history: undefined,
    score(part, metrics) {
      const { x, y } = part as SplitData;
      const predicted = predict(x);
      // The metrics of whetstone/metrics take labels and rows in any form
      return Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric(y as never, predicted as never)]));
    },
    predict,
    dispose() {},
  };
}
