/**
 * AdaMax: Adam with the largest gradient in place of the mean square.
 */
import * as abi from "../../assembly/abi.ts";
import { checkInRange, checkNotNegative, checkOptions } from "../check.ts";
import { powInteger } from "../scalar.ts";
import { checkEps, checkLearningRate, describeRate, type LearningRate, type Optimizer } from "./optimizer.ts";

export interface AdamaxOptions {
  /** Default 2e-3. */
  learningRate?: LearningRate;
  /** Factor on the running mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Factor on the largest gradient so far, in [0, 1). Default 0.999. */
  beta2?: number;
  /** Added to the size of each gradient. Default 1e-8. */
  eps?: number;
  /** λ of the term λw in the gradient of weights, after the clip. Default 0. */
  weightDecay?: number;
}

/**
 * AdaMax, https://arxiv.org/abs/1412.6980: m = beta1 m + (1 - beta1) g,  u = max(beta2 u, |g| + eps),
 *   w -= learningRate / (1 - beta1ᵗ) m / u, t from 1.
 * Keeps two f32 per parameter, m from 0 and u from eps. Defaults are PyTorch's.
 * @throws OptionError if an option is unknown or outside its range.
 */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  checkOptions("adamax", options, ["learningRate", "beta1", "beta2", "eps", "weightDecay"]);
  const { learningRate = 2e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 } = options;
  checkLearningRate("adamax: learningRate", learningRate);
  checkInRange("adamax: beta1", beta1, 0, 1);
  checkInRange("adamax: beta2", beta2, 0, 1);
  checkEps("adamax: eps", eps);
  checkNotNegative("adamax: weightDecay", weightDecay);
  const stepSize = (step: number, rate: number) => rate / (1 - powInteger(beta1, step + 1));
  return {
    kind: "adamax",
    op: "adamax",
    slots: [0, eps],
    learningRate,
    options: { learningRate: describeRate(learningRate), beta1, beta2, eps, weightDecay },
    withWeightDecay: (other) => adamax({ ...options, weightDecay: other }),
    writeScalars(step, rate, decayed, write) {
      write(abi.UPDATE_KEEP, 1);
      write(abi.UPDATE_DECAY, decayed ? weightDecay : 0);
      write(abi.UPDATE_RATE, stepSize(step, rate));
      write(abi.ADAM_BETA1, beta1);
      write(abi.ADAM_BETA1_REST, 1 - beta1);
      write(abi.ADAM_BETA2, beta2);
      write(abi.ADAM_EPS, eps);
    },
    update64(x, gradient, [m, largest], step, rate) {
      const size = stepSize(step, rate);
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i] + weightDecay * x[i];
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        largest[i] = Math.max(beta2 * largest[i], Math.abs(g) + eps);
        x[i] -= (size * m[i]) / largest[i];
      }
    },
  };
}
