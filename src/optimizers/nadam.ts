/**
 * NAdam: Adam with Nesterov's momentum.
 */
import * as abi from "../../assembly/abi.ts";
import { checkInRange, checkNotNegative, checkOptions } from "../check.ts";
import { pow, powInteger } from "../scalar.ts";
import { checkEps, checkLearningRate, describeRate, type LearningRate, type Optimizer } from "./optimizer.ts";

export interface NadamOptions {
  /** Default 2e-3. */
  learningRate?: LearningRate;
  /** The largest factor on the running mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Factor on the running mean of its square, in [0, 1). Default 0.999. */
  beta2?: number;
  /** Added to the root of the corrected mean square. Default 1e-8. */
  eps?: number;
  /** ψ of the momentum beta1 (1 - 0.96^(tψ) / 2), which grows from step to step. Default 0.004. */
  momentumDecay?: number;
  /** λ of the term λw in the gradient of weights, after the clip. Default 0. */
  weightDecay?: number;
}

/**
 * NAdam (Dozat 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ): m, v as adam, μₜ = beta1 (1 - 0.96^(tψ) / 2),
 *   Πₜ = μ₁···μₜ,  w -= learningRate [(1 - μₜ) / (1 - Πₜ) g + μₜ₊₁ / (1 - Πₜ₊₁) m] / (√(v / (1 - beta2ᵗ)) + eps), t from 1.
 * Keeps two f32 per parameter, which start at 0. Defaults are PyTorch's.
 * @throws OptionError if an option is unknown or outside its range.
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  checkOptions("nadam", options, ["learningRate", "beta1", "beta2", "eps", "momentumDecay", "weightDecay"]);
  const { learningRate = 2e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, momentumDecay = 4e-3, weightDecay = 0 } = options;
  checkLearningRate("nadam: learningRate", learningRate);
  checkInRange("nadam: beta1", beta1, 0, 1);
  checkInRange("nadam: beta2", beta2, 0, 1);
  checkEps("nadam: eps", eps);
  checkNotNegative("nadam: momentumDecay", momentumDecay);
  checkNotNegative("nadam: weightDecay", weightDecay);
  const momentumAt = (t: number) => beta1 * (1 - pow(0.96, t * momentumDecay) / 2);
  const productAt = momentumProducts(momentumAt);
  const vScaleAt = (step: number) => 1 / Math.sqrt(1 - powInteger(beta2, step + 1));
  /** Factors on m and on g. */
  const sizesAt = (step: number, rate: number): { ofMean: number; ofGradient: number } => {
    const next = momentumAt(step + 2);
    const product = productAt(step + 1);
    return { ofMean: (rate * next) / (1 - product * next), ofGradient: (rate * (1 - momentumAt(step + 1))) / (1 - product) };
  };
  return {
    kind: "nadam",
    op: "nadam",
    slots: [0, 0],
    learningRate,
    options: { learningRate: describeRate(learningRate), beta1, beta2, eps, momentumDecay, weightDecay },
    withWeightDecay: (other) => nadam({ ...options, weightDecay: other }),
    writeScalars(step, rate, decayed, write) {
      const { ofMean, ofGradient } = sizesAt(step, rate);
      write(abi.UPDATE_KEEP, 1);
      write(abi.UPDATE_DECAY, decayed ? weightDecay : 0);
      write(abi.UPDATE_RATE, ofMean);
      write(abi.NADAM_AHEAD, ofGradient);
      write(abi.ADAM_BETA1, beta1);
      write(abi.ADAM_BETA1_REST, 1 - beta1);
      write(abi.ADAM_BETA2, beta2);
      write(abi.ADAM_BETA2_REST, 1 - beta2);
      write(abi.ADAM_V_SCALE, vScaleAt(step));
      write(abi.ADAM_EPS, eps);
    },
    update64(x, gradient, [m, v], step, rate) {
      const { ofMean, ofGradient } = sizesAt(step, rate);
      const vScale = vScaleAt(step);
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i] + weightDecay * x[i];
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        x[i] -= (ofGradient * g + ofMean * m[i]) / (Math.sqrt(v[i]) * vScale + eps);
      }
    },
  };
}

/** Below this a product is as good as 0: 1 - product is 1. It bounds the work of starting anywhere. */
const NEGLIGIBLE = 8.673617379884035e-19; // 2^-60

/**
 * Πₜ = μ₁···μₜ, multiplied in this order from 1 at any t, so that its bits depend on t alone; the step after the last one asked
 * for costs one product. 0 once it is negligible.
 */
function momentumProducts(momentumAt: (t: number) => number): (t: number) => number {
  let last = 0;
  let product = 1;
  return (t) => {
    if (t < last) {
      last = 0;
      product = 1;
    }
    for (; last < t && product !== 0; last++) {
      product *= momentumAt(last + 1);
      if (product < NEGLIGIBLE) product = 0;
    }
    return product;
  };
}
