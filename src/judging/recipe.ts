/**
 * What is judged: a way to a trained model, made anew for every training run. One recipe serves cross-validation, curves and
 * the decomposition of errors.
 */
import { fail, show } from "../check.ts";
import { flatten, isTypedArray, type NumericData } from "../data/arrays.ts";
import { checkTransform } from "../data/pipeline.ts";
import { type Rows, readData, type SplitData } from "../data/split.ts";
import type { Transform } from "../data/transform.ts";
import { OptionError } from "../errors.ts";
import type { Metric } from "../model/evaluate.ts";
import type { FitOptions } from "../model/fitOptions.ts";
import type { History } from "../model/history.ts";
import type { Model } from "../model/model.ts";
import type { Tensor } from "../tensor.ts";

/** Of one training run. */
export interface Run {
  /** Give it to build: every fold has its own, and all settings the same ones. fit takes it unless told another. */
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

/** A net: `({ units }, { seed }) => ({ model: build(net(units), { seed }), fit: { loss, optimizer: adam(), epochs: 50 } })`. */
export interface ModelRecipe {
  /** Untrained, or pretrained; each run needs its own, and disposes of it. */
  readonly model: Model | Promise<Model>;
  /** A share as `validation` is cut from the run's training rows. Rows of its own go through `inputs` and `targets` too. */
  readonly fit: FitOptions;
  /** Fitted on the training rows of each run alone, applied to all others. */
  readonly inputs?: Transform;
  /** The same for targets: the loss is that of transformed ones, metrics see them in their own unit. */
  readonly targets?: Transform;
}

/** Anything else, such as ridge(): rows of x in, predictions for the metrics out. It has no loss. */
export interface OwnRecipe {
  readonly train: (data: SplitData, run: Run) => Predict | Promise<Predict>;
}

/** Predictions for rows of x, in a form that metrics take. */
export type Predict = (x: Rows) => NumericData;

/** @template S what differs between the settings that are compared */
export type Recipe<S> = (setting: S, run: Run) => ModelRecipe | OwnRecipe | Promise<ModelRecipe | OwnRecipe>;

/** By name: "loss" (of models) and the metrics. */
export type Scores = Readonly<Record<string, number>>;

export type Metrics = Readonly<Record<string, Metric>>;

/** A trained model among its transforms: raw rows in. */
export interface Trained {
  readonly model: Model | undefined;
  readonly history: History | undefined;
  readonly inputs: Transform | undefined;
  readonly targets: Transform | undefined;
  score(data: SplitData, rows: number, metrics: Metrics): Scores;
  /** Raw outputs, in the targets' own unit. */
  readonly predict: Predict;
  dispose(): void;
}

/** Models that have been trained here: one that comes a second time has seen the rows it would be tested on. */
const trained = new WeakSet<Model>();

/** Makes what the recipe describes and trains it on `rows` rows. What was made is disposed of where that fails. */
export async function trainRecipe<S>(recipe: Recipe<S>, setting: S, data: SplitData, rows: number, run: Run): Promise<Trained> {
  run.signal?.throwIfAborted();
  const made = await recipe(setting, run);
  if (typeof made === "object" && made !== null) {
    if ("train" in made && typeof made.train === "function") return ownTrained(await made.train(data, run));
    if ("model" in made && "fit" in made) return trainModel(made, data, rows, run);
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

async function trainModel(recipe: ModelRecipe, data: SplitData, rows: number, run: Run): Promise<Trained> {
  const { fit, inputs, targets } = recipe;
  const model = await recipe.model;
  if (typeof model?.fit !== "function") fail("recipe: model", "what build() returns", model);
  if (trained.has(model)) {
    throw new OptionError("recipe must make a new model for each run, got one that an earlier run has trained. Call build in it");
  }
  trained.add(model);
  try {
    if (typeof fit !== "object" || fit === null) fail("recipe: fit", "the options of model.fit", fit);
    if (inputs) checkTransform("recipe: inputs", inputs);
    if (targets) checkTransform("recipe: targets", targets);
    inputs?.fit(asRows(data.x, rows));
    targets?.fit(asRows(data.y, rows));
    const through = (part: SplitData, n: number): SplitData => ({ ...part, x: applied(inputs, part.x, n), y: applied(targets, part.y, n) });
    const held = fit.validation;
    const validation = typeof held === "object" ? through(held as SplitData, readData("recipe: validation", held as SplitData)) : held;
    const signal = run.signal ?? fit.signal;
    const history = await model.fit(through(data, rows) as never, { seed: run.seed, ...fit, validation, signal });
    return {
      model,
      history,
      inputs,
      targets,
      score: (part, n, metrics) =>
        model.evaluate(through(part, n) as never, { loss: fit.loss, metrics: targets ? inOwnUnit(metrics, part.y, targets) : metrics }),
      predict(x) {
        const rows = inputs && isTypedArray(x) ? x.length / inputs.rule.inputs : 0; // other forms say it themselves
        const raw = model.predict(applied(inputs, x, rows) as never);
        return targets ? (targets.inverse(raw) as Tensor) : raw;
      },
      dispose: () => model.dispose(),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function ownTrained(predict: Predict): Trained {
  return {
    model: undefined,
    history: undefined,
    inputs: undefined,
    targets: undefined,
    score: ({ x, y }, _, metrics) => {
      const predicted = predict(x);
      // The metrics of whetstone/metrics take labels and rows in any form
      return Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, metric(y as never, predicted as never)]));
    },
    predict,
    dispose: () => {},
  };
}

/** The metrics of untransformed predictions against the targets as they were given. */
function inOwnUnit(metrics: Metrics, y: Rows, targets: Transform): Metrics {
  const data = Float32Array.from(flatten("metrics", y as NumericData).data);
  const own =
    (metric: Metric): Metric =>
    (_, yPred) =>
      metric({ data, shape: yPred.shape }, targets.inverse(yPred) as Tensor);
  return Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, own(metric)]));
}

const applied = (transform: Transform | undefined, x: Rows, n: number): Rows =>
  transform ? (transform.transform(asRows(x, n)) as Rows) : x;

/** Flat numbers have no width of their own. */
export function asRows(x: Rows, n: number): NumericData {
  return isTypedArray(x) && x.length !== n ? { data: x, shape: [n, x.length / n] } : (x as NumericData);
}
