/** Several models that answer as one: the mean of their outputs, or a vote on the class. */
import { checkOneOf, checkOptions, fail, show } from "../check.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { input } from "../layers/input.ts";
import type { Loss } from "../losses/loss.ts";
import { exp, log } from "../scalar.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor, TensorInput } from "../tensor.ts";
import { checkIsLoss } from "./checkLoss.ts";
import { classesOf } from "./classesOf.ts";
import type { EvaluateOptions, Evaluation } from "./evaluate.ts";
import type { Data } from "./fit.ts";
import { isModel } from "./isModel.ts";
import { checkMetrics, type Metric } from "./metric.ts";
import type { Model } from "./model.ts";
import type { PredictOptions } from "./predict.ts";
import type { ModelState } from "./state.ts";

export interface EnsembleOptions {
  /** "mean" (default): of outputs or probabilities. "vote": each model has one vote, for its class. */
  combine?: "mean" | "vote";
}

export interface Ensemble<In extends Shape = Shape, Out extends Shape = Shape> {
  readonly models: readonly Model<In, Out>[];
  /**
   * As model.predict. Mean, in float64 and in the order of the models: "raw" (default) of the outputs, "probabilities" of the
   * probabilities, "classes" their largest. Vote: "classes" (default), of a tie the lowest; "probabilities" are shares of votes.
   */
  predict(x: TensorInput<In>, options?: PredictOptions): Tensor;
  /**
   * As model.evaluate. The loss is that of the mean (of the probabilities, for a loss with a link), also where classes are
   * voted on; metrics see what predict gives.
   */
  evaluate(data: Data<In, Out>, options: EvaluateOptions): Evaluation;
}

/**
 * An ensemble of trained models with the same input and output; they stay the caller's.
 * @throws OptionError if there is no model, or for unknown options; ShapeError if shapes differ. predict and evaluate throw
 * what the models' own do, and an OptionError for the "raw" outputs of a vote.
 */
export function ensemble<In extends Shape, Out extends Shape>(
  models: readonly Model<In, Out>[],
  options: EnsembleOptions = {},
): Ensemble<In, Out> {
  if (!Array.isArray(models) || models.length === 0) fail("ensemble: models", "a list of models, one at least", models);
  checkOptions("ensemble", options, ["combine"]);
  const { combine = "mean" } = options;
  checkOneOf("ensemble: combine", combine, ["mean", "vote"]);
  models.forEach((model: unknown, i) => {
    if (!isModel(model)) throw new OptionError(`ensemble: models[${i}] must be what build or load returns, got ${show(model)}`);
    const [own, first] = [model, models[0]!].map(({ state }) => [state.layout.inputShape, state.layout.outputShape] as const);
    if (!sameShape(own![0], first![0]) || !sameShape(own![1], first![1])) {
      const [a, b] = [own!, first!].map((shapes) => shapes.map(showShape).join(" to "));
      throw new ShapeError(`ensemble: models[${i}] must map as the first one does, ${b}, got ${a}`);
    }
  });
  const all: readonly Model<In, Out>[] = [...models];

  const predict = (x: TensorInput<In>, given: PredictOptions = {}): Tensor => {
    const { as = combine === "vote" ? "classes" : "raw", ...rest } = given;
    checkOneOf("predict: as", as, ["raw", "probabilities", "classes"]);
    const ask = (form: typeof as) => all.map((model) => model.predict(x, { ...rest, as: form }));
    if (as === "raw") {
      if (combine === "mean") return meanOf(ask(as));
      throw new OptionError('ensemble: a vote has no raw outputs. Ask for "classes" or "probabilities", or combine by "mean"');
    }
    checkLinks(all);
    const shares = combine === "mean" ? meanOf(ask("probabilities")) : votesOf(ask("classes"), all[0]!.state);
    return as === "probabilities" ? shares : classesOf(shares.data, shares.shape[0]!, all[0]!.state.link!);
  };

  const evaluate = (data: Data<In, Out>, given: EvaluateOptions): Evaluation => {
    if (typeof given !== "object" || given === null) fail("evaluate: options", "an object with at least loss", given);
    const { metrics = {}, loss } = given;
    checkIsLoss("evaluate", loss);
    checkMetrics("evaluate", metrics);
    const x = outputsFor(all, data?.x, loss);
    // A net of its input alone takes outputs for what they are.
    const identity = all[0]!.tools.modelOf({ layers: [input(...all[0]!.state.layout.outputShape)] });
    try {
      if (combine === "mean") return identity.evaluate({ ...data, x }, given);
      const votes = predict(data.x, { as: "probabilities" });
      const onVotes = Object.entries(metrics).map(([name, metric]): [string, Metric] => [name, (yTrue, _) => metric(yTrue, votes)]);
      return identity.evaluate({ ...data, x }, { ...given, metrics: Object.fromEntries(onVotes) });
    } finally {
      identity.dispose();
    }
  };
  return { models: all, predict, evaluate };
}

/** In float64, in the order given. */
function meanOf(outputs: readonly Tensor[]): Tensor {
  return { data: Float32Array.from(means(outputs)), shape: outputs[0]!.shape };
}

function means(outputs: readonly Tensor[]): Float64Array {
  const sums = new Float64Array(outputs[0]!.data.length);
  for (const { data } of outputs) for (let i = 0; i < sums.length; i++) sums[i]! += data[i]!;
  return sums.map((sum) => sum / outputs.length);
}

/** Shares of votes, in the shape of the probabilities: of each class, or for a sigmoid of 1 at each output. */
function votesOf(classes: readonly Tensor[], { layout: { outputShape }, link }: ModelState): Tensor {
  const rows = classes[0]!.shape[0]!;
  const shape = [rows, ...outputShape];
  if (link !== "softmax") return { data: meanOf(classes).data, shape };
  const cols = outputShape.at(-1)!;
  const data = new Float32Array(sizeOf(shape));
  for (const votes of classes) votes.data.forEach((label, at) => void data[at * cols + label]!++);
  return { data: data.map((count) => count / classes.length), shape };
}

function checkLinks(models: readonly Model[]): void {
  const links = [...new Set(models.map(({ state }) => state.link ?? "none"))];
  if (links.length > 1) throw new OptionError(`ensemble: models must have been trained by losses with one link, got ${links.join(", ")}`);
}

/** Below all that matters, and above 0, which has no logarithm. */
const TINY = 1e-300;

/** Outputs whose loss is that of the mean: of probabilities, where the loss has a link, which it undoes. In float64. */
function outputsFor(models: readonly Model[], x: unknown, { link }: Loss): Float32Array {
  const raw = models.map((model) => model.predict(x as TensorInput));
  if (link === "identity") return meanOf(raw).data;
  const { data, shape } = raw[0]!;
  const cols = link === "softmax" ? shape.at(-1)! : 1;
  const ones = new Float64Array(data.length).fill(TINY);
  const zeros = new Float64Array(data.length).fill(TINY);
  for (const { data: z } of raw) {
    for (let from = 0; from < z.length; from += cols) {
      const top = cols === 1 ? Math.max(z[from]!, 0) : Math.max(...z.subarray(from, from + cols));
      const powers = Array.from({ length: cols }, (_, col) => exp(z[from + col]! - top));
      const rest = link === "softmax" ? 0 : exp(-top); // of a sigmoid: what belongs to 0
      const total = powers.reduce((sum, power) => sum + power, rest);
      for (let col = 0; col < cols; col++) ones[from + col]! += powers[col]! / total;
      zeros[from]! += rest / total;
    }
  }
  return Float32Array.from(ones, (p, i) => log(p / models.length) - (link === "softmax" ? 0 : log(zeros[i]! / models.length)));
}
