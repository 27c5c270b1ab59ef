/**
 * Adam, with L2 decay in the gradient.
 */
import { checkOptions } from "../check.ts";
import { moments } from "./moments.ts";
import type { LearningRate, Optimizer } from "./optimizer.ts";

export interface AdamOptions {
  /** Default 1e-3. */
  learningRate?: LearningRate;
  /** Factor on the running mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Factor on the running mean of its square, in [0, 1). Default 0.999. */
  beta2?: number;
  /** Added to the root of the corrected mean square. Default 1e-8. */
  eps?: number;
  /** λ of the term λw in the gradient of weights, after the clip. Default 0. */
  weightDecay?: number;
  /** Divide by the root of the largest mean square so far, https://arxiv.org/abs/1904.09237. Default false. */
  amsgrad?: boolean;
  /** Divide the means by 1 - betaᵗ, since they start at 0. Default true; without, the first steps are far too long. */
  biasCorrection?: boolean;
}

/**
 * Adam, https://arxiv.org/abs/1412.6980: m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g²,
 *   w -= learningRate m / (1 - beta1ᵗ) / (√(v / (1 - beta2ᵗ)) + eps), t from 1.
 * Keeps two f32 per parameter, with amsgrad three; all start at 0. Defaults are PyTorch's (and the paper's).
 * @throws OptionError if an option is unknown or outside its range.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  checkOptions("adam", options, ["learningRate", "beta1", "beta2", "eps", "weightDecay", "amsgrad", "biasCorrection"]);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 } = options;
  const { amsgrad = false, biasCorrection = true } = options;
  return moments("adam", "gradient", { learningRate, beta1, beta2, eps, weightDecay, amsgrad, biasCorrection });
}
