/**
 * RAdam: Adam that waits with its denominator until that can be trusted.
 */
import * as abi from "../../assembly/abi.ts";
import { checkInRange, checkNotNegative, checkOptions } from "../check.ts";
import { powInteger } from "../scalar.ts";
import { checkEps, checkLearningRate, describeRate, type LearningRate, type Optimizer } from "./optimizer.ts";

export interface RadamOptions {
  /** Default 1e-3. */
  learningRate?: LearningRate;
  /** Factor on the running mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Factor on the running mean of its square, in [0, 1). Default 0.999. */
  beta2?: number;
  /** Added to the root of the mean square. Default 1e-8. */
  eps?: number;
  /** λ of the term λw in the gradient of weights, after the clip. Default 0. */
  weightDecay?: number;
}

/** What divides m in a step, and what multiplies it. */
interface Terms {
  readonly size: number;
  /** The mean square has been seen long enough: divide by √v + eps, else by 1. */
  readonly isRectified: boolean;
}

/**
 * RAdam, https://arxiv.org/abs/1908.03265: m, v as adam, ρ∞ = 2 / (1 - beta2) - 1,  ρₜ = ρ∞ - 2t beta2ᵗ / (1 - beta2ᵗ), t from 1.
 *   While ρₜ <= 5: w -= learningRate m / (1 - beta1ᵗ). Then w -= learningRate r m / (1 - beta1ᵗ) √(1 - beta2ᵗ) / (√v + eps),
 *   r² = (ρₜ - 4)(ρₜ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρₜ).
 * Its kernel is Adam's: the first steps scale √v by 0 and have 1 for eps. Keeps two f32 per parameter, which start at 0.
 * Defaults are PyTorch's.
 * @throws OptionError if an option is unknown or outside its range.
 */
export function radam(options: RadamOptions = {}): Optimizer {
  checkOptions("radam", options, ["learningRate", "beta1", "beta2", "eps", "weightDecay"]);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 } = options;
  checkLearningRate("radam: learningRate", learningRate);
  checkInRange("radam: beta1", beta1, 0, 1);
  checkInRange("radam: beta2", beta2, 0, 1);
  checkEps("radam: eps", eps);
  checkNotNegative("radam: weightDecay", weightDecay);
  const last = 2 / (1 - beta2) - 1;
  const termsAt = (step: number, rate: number): Terms => {
    const t = step + 1;
    const power = powInteger(beta2, t);
    const size = rate / (1 - powInteger(beta1, t));
    const length = last - (2 * t * power) / (1 - power);
    if (!(length > 5)) return { size, isRectified: false };
    const rectification = Math.sqrt(((length - 4) * (length - 2) * last) / ((last - 4) * (last - 2) * length));
    return { size: size * rectification * Math.sqrt(1 - power), isRectified: true };
  };
  return {
    kind: "radam",
    op: "adam",
    slots: [0, 0],
    learningRate,
    options: { learningRate: describeRate(learningRate), beta1, beta2, eps, weightDecay },
    withWeightDecay: (other) => radam({ ...options, weightDecay: other }),
    writeScalars(step, rate, decayed, write) {
      const { size, isRectified } = termsAt(step, rate);
      write(abi.UPDATE_KEEP, 1);
      write(abi.UPDATE_DECAY, decayed ? weightDecay : 0);
      write(abi.UPDATE_RATE, size);
      write(abi.ADAM_BETA1, beta1);
      write(abi.ADAM_BETA1_REST, 1 - beta1);
      write(abi.ADAM_BETA2, beta2);
      write(abi.ADAM_BETA2_REST, 1 - beta2);
      write(abi.ADAM_V_SCALE, isRectified ? 1 : 0);
      write(abi.ADAM_EPS, isRectified ? eps : 1);
    },
    update64(x, gradient, [m, v], step, rate) {
      const { size, isRectified } = termsAt(step, rate);
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i] + weightDecay * x[i];
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        x[i] -= (size * m[i]) / (isRectified ? Math.sqrt(v[i]) + eps : 1);
      }
    },
  };
}
