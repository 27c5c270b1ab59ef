/**
 * AdamW, Adam with decoupled decay.
 */
import { checkOptions } from "../check.ts";
import { moments } from "./moments.ts";
import type { LearningRate, Optimizer } from "./optimizer.ts";

export interface AdamWOptions {
  /** Default 1e-3. */
  learningRate?: LearningRate;
  /** Factor on the running mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Factor on the running mean of its square, in [0, 1). Default 0.999. */
  beta2?: number;
  /** Added to the root of the corrected mean square. Default 1e-8. */
  eps?: number;
  /** λ of the factor 1 - learningRate λ on weights, which the moments never see. Default 0.01. */
  weightDecay?: number;
  /** Divide by the root of the largest mean square so far, https://arxiv.org/abs/1904.09237. Default false. */
  amsgrad?: boolean;
}

/**
 * AdamW, https://arxiv.org/abs/1711.05101: w *= 1 - learningRate weightDecay, then Adam's step on the plain gradient.
 * Keeps two f32 per parameter, with amsgrad three; all start at 0. Defaults are PyTorch's.
 * @throws OptionError if an option is unknown or outside its range.
 */
export function adamw(options: AdamWOptions = {}): Optimizer {
  checkOptions("adamw", options, ["learningRate", "beta1", "beta2", "eps", "weightDecay", "amsgrad"]);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01, amsgrad = false } = options;
  return moments("adamw", "weights", { learningRate, beta1, beta2, eps, weightDecay, amsgrad });
}
