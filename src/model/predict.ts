/** Outputs for rows of inputs, in inference mode or as a mean over dropout masks. */
import { checkCount, checkOneOf, checkOptions } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { Link } from "../losses/loss.ts";
import { checkSeed } from "../random.ts";
import type { Tensor } from "../tensor.ts";
import { classesOf } from "./classesOf.ts";
import { Inference } from "./inference.ts";
import { takeInputs } from "./intake.ts";
import type { ModelState } from "./state.ts";

export interface PredictOptions {
  /** "raw" (default): the net's own output. "probabilities": through the link. "classes": the class of each row, from 0. */
  as?: "raw" | "probabilities" | "classes";
  /** The mean over this many dropout masks instead of one pass without dropout (Gal & Ghahramani 2016). */
  samples?: number;
  /** Of the masks. Default 0. */
  seed?: number;
}

export function predict(state: ModelState, x: unknown, options: PredictOptions): Tensor {
  checkOptions("predict", options, ["as", "samples", "seed"]);
  const { as = "raw", samples, seed = 0 } = options;
  checkOneOf("predict: as", as, ["raw", "probabilities", "classes"]);
  if (samples !== undefined) checkCount("predict: samples", samples);
  checkSeed("predict: seed", seed);
  state.checkUsable("predict");
  const { data, rows } = takeInputs("predict: x", x, state.layout.inputShape);
  const link = as === "raw" ? "identity" : linkOf(state, as);
  const output = samples === undefined ? forward(state, data, rows, link) : average(state, data, rows, link, samples, seed);
  if (as === "classes") return classesOf(output, rows, link);
  return { data: output, shape: [rows, ...state.layout.outputShape] };
}

function linkOf(state: ModelState, as: string): Link {
  const { link, loss } = state;
  if (link === "softmax" || link === "sigmoid") return link;
  const why =
    link === undefined
      ? "the model has not been trained, so no loss has given it a link"
      : `the loss that trained the model has no link${loss ? ` (${loss})` : ""}`;
  throw new OptionError(
    `predict: as "${as}" needs a classifier: ${why}. Ask for "raw", or train with softmaxCrossEntropy() or binaryCrossEntropy()`,
  );
}

/** One inference program per model and mode, made when first needed. */
const programs = new WeakMap<ModelState, { infer?: Inference; sample?: Inference }>();

export function inferenceOf(state: ModelState, mode: "infer" | "sample" = "infer"): Inference {
  let found = programs.get(state);
  if (found === undefined) {
    found = {};
    programs.set(state, found);
  }
  found[mode] ??= makeInference(state, mode);
  return found[mode];
}

/** In a region of its own: where the memory is full, what it had got goes back. */
function makeInference(state: ModelState, mode: "infer" | "sample"): Inference {
  const region = state.runtime.region(state);
  try {
    const inference = new Inference(state, mode, region);
    state.programRegions.push(region);
    return inference;
  } catch (error) {
    region.free();
    throw error;
  }
}

export function forward(state: ModelState, data: Float32Array, rows: number, link: Link): Float32Array {
  const inference = inferenceOf(state);
  const output = new Float32Array(rows * inference.outputWords);
  for (let from = 0; from < rows; from += inference.capacity) {
    const count = Math.min(inference.capacity, rows - from);
    inference.run(data, from, count);
    inference.read(output, from, count, link);
  }
  return output;
}

/** Mean over masks, summed in float64. The masks of a chunk of rows: step = sample · chunks + chunk. */
function average(state: ModelState, data: Float32Array, rows: number, link: Link, samples: number, seed: number): Float32Array {
  const inference = inferenceOf(state, "sample");
  const sums = new Float64Array(rows * inference.outputWords);
  const one = new Float32Array(rows * inference.outputWords);
  const chunks = Math.ceil(rows / inference.capacity);
  for (let sample = 0; sample < samples; sample++) {
    for (let chunk = 0; chunk < chunks; chunk++) {
      const from = chunk * inference.capacity;
      const count = Math.min(inference.capacity, rows - from);
      inference.run(data, from, count, { seed, step: sample * chunks + chunk });
      inference.read(one, from, count, link);
    }
    for (let i = 0; i < one.length; i++) sums[i]! += one[i]!;
  }
  return Float32Array.from(sums, (sum) => sum / samples);
}
