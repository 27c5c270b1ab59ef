/**
 * Lion: steps of equal size in every parameter.
 */
import * as abi from "../../assembly/abi.ts";
import { checkInRange, checkNotNegative, checkOptions } from "../check.ts";
import { checkLearningRate, describeRate, type LearningRate, type Optimizer } from "./optimizer.ts";

export interface LionOptions {
  /** Size of every step; a third to a tenth of adamw's. Default 1e-4. */
  learningRate?: LearningRate;
  /** Part of the running mean in the direction of a step, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Factor on the running mean, in [0, 1). Default 0.99. */
  beta2?: number;
  /** λ of the factor 1 - learningRate λ on weights; three to ten times adamw's. Default 0. */
  weightDecay?: number;
}

/**
 * Lion, https://arxiv.org/abs/2302.06675: w *= 1 - learningRate weightDecay,
 *   w -= learningRate sign(beta1 m + (1 - beta1) g),  m = beta2 m + (1 - beta2) g; sign(0) = 0.
 * Keeps one f32 per parameter, which starts at 0. Defaults are the paper's.
 * @throws OptionError if an option is unknown or outside its range.
 */
export function lion(options: LionOptions = {}): Optimizer {
  checkOptions("lion", options, ["learningRate", "beta1", "beta2", "weightDecay"]);
  const { learningRate = 1e-4, beta1 = 0.9, beta2 = 0.99, weightDecay = 0 } = options;
  checkLearningRate("lion: learningRate", learningRate);
  checkInRange("lion: beta1", beta1, 0, 1);
  checkInRange("lion: beta2", beta2, 0, 1);
  checkNotNegative("lion: weightDecay", weightDecay);
  return {
    kind: "lion",
    op: "lion",
    slots: [0],
    learningRate,
    options: { learningRate: describeRate(learningRate), beta1, beta2, weightDecay },
    withWeightDecay: (other) => lion({ ...options, weightDecay: other }),
    isSteady: true,
    writeScalars(_step, rate, decayed, write) {
      write(abi.UPDATE_KEEP, decayed ? 1 - rate * weightDecay : 1);
      write(abi.UPDATE_DECAY, 0);
      write(abi.UPDATE_RATE, rate);
      write(abi.LION_BETA1, beta1);
      write(abi.LION_BETA1_REST, 1 - beta1);
      write(abi.LION_BETA2, beta2);
      write(abi.LION_BETA2_REST, 1 - beta2);
    },
    update64(x, gradient, [m], _step, rate) {
      const keep = 1 - rate * weightDecay;
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i];
        x[i] = keep * x[i] - rate * Math.sign(beta1 * m[i] + (1 - beta1) * g);
        m[i] = beta2 * m[i] + (1 - beta2) * g;
      }
    },
  };
}
