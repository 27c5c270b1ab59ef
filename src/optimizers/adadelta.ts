/**
 * Adadelta: steps in the units of the parameters.
 */
import * as abi from "../../assembly/abi.ts";
import { checkInRange, checkNotNegative, checkOptions } from "../check.ts";
import { checkEps, checkLearningRate, describeRate, type LearningRate, type Optimizer } from "./optimizer.ts";

export interface AdadeltaOptions {
  /** Factor on the rule's own step. Default 1, the paper's. */
  learningRate?: LearningRate;
  /** Factor on the running means, in [0, 1). Default 0.9. */
  rho?: number;
  /** Added to both means under their roots. Default 1e-6. */
  eps?: number;
  /** λ of the term λw in the gradient of weights, after the clip. Default 0. */
  weightDecay?: number;
}

/**
 * Adadelta, https://arxiv.org/abs/1212.5701:
 *   v = rho v + (1 - rho) g²,  d = √(u + eps) / √(v + eps) g,  u = rho u + (1 - rho) d²,  w -= learningRate d.
 * Keeps two f32 per parameter, v and u, which start at 0. Defaults are PyTorch's.
 * @throws OptionError if an option is unknown or outside its range.
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  checkOptions("adadelta", options, ["learningRate", "rho", "eps", "weightDecay"]);
  const { learningRate = 1, rho = 0.9, eps = 1e-6, weightDecay = 0 } = options;
  checkLearningRate("adadelta: learningRate", learningRate);
  checkInRange("adadelta: rho", rho, 0, 1);
  checkEps("adadelta: eps", eps);
  checkNotNegative("adadelta: weightDecay", weightDecay);
  return {
    kind: "adadelta",
    op: "adadelta",
    slots: [0, 0],
    learningRate,
    options: { learningRate: describeRate(learningRate), rho, eps, weightDecay },
    withWeightDecay: (other) => adadelta({ ...options, weightDecay: other }),
    isSteady: true,
    writeScalars(_step, rate, decayed, write) {
      write(abi.UPDATE_KEEP, 1);
      write(abi.UPDATE_DECAY, decayed ? weightDecay : 0);
      write(abi.UPDATE_RATE, rate);
      write(abi.ADADELTA_RHO, rho);
      write(abi.ADADELTA_RHO_REST, 1 - rho);
      write(abi.ADADELTA_EPS, eps);
      // The quotient under the root is raised as it would fall below 2^-126 after a gradient of 3e18.
      write(abi.ADADELTA_RAISE, 4294967296); // 2^32
      write(abi.ADADELTA_LOWER, 1.52587890625e-5); // 2^-16
    },
    update64(x, gradient, [meanSquare, meanSquareStep], _step, rate) {
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i] + weightDecay * x[i];
        meanSquare[i] = rho * meanSquare[i] + (1 - rho) * g * g;
        const d = (Math.sqrt(meanSquareStep[i] + eps) / Math.sqrt(meanSquare[i] + eps)) * g;
        meanSquareStep[i] = rho * meanSquareStep[i] + (1 - rho) * d * d;
        x[i] -= rate * d;
      }
    },
  };
}
