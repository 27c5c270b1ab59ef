/**
 * AdaGrad: rates that shrink with the sum of the squared gradients.
 */
import * as abi from "../../assembly/abi.ts";
import { checkBoolean, checkNotNegative, checkOptions } from "../check.ts";
import { checkEps, checkLearningRate, describeRate, type LearningRate, type Optimizer } from "./optimizer.ts";

export interface AdagradOptions {
  /** Default 0.01. */
  learningRate?: LearningRate;
  /** The rate at step t, from 0, is learningRate / (1 + t learningRateDecay). Default 0. */
  learningRateDecay?: number;
  /** Added to the root of the sum. Default 1e-10. */
  eps?: number;
  /** Add eps to the sum under the root instead. Default false. */
  epsInside?: boolean;
  /** What the sums of squares start from. Default 0. */
  initialAccumulator?: number;
  /** λ of the term λw in the gradient of weights, after the clip. Default 0. */
  weightDecay?: number;
}

/**
 * AdaGrad, https://jmlr.org/papers/v12/duchi11a.html: v += g²,  w -= learningRate / (1 + t learningRateDecay) g / (√v + eps),
 * with epsInside √(v + eps).
 * Keeps one f32 per parameter, which starts at initialAccumulator. Defaults are PyTorch's.
 * @throws OptionError if an option is unknown or outside its range.
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  checkOptions("adagrad", options, ["learningRate", "learningRateDecay", "eps", "epsInside", "initialAccumulator", "weightDecay"]);
  const { learningRate = 0.01, learningRateDecay = 0, eps = 1e-10, epsInside = false, initialAccumulator = 0, weightDecay = 0 } = options;
  checkLearningRate("adagrad: learningRate", learningRate);
  checkNotNegative("adagrad: learningRateDecay", learningRateDecay);
  checkEps("adagrad: eps", eps);
  checkBoolean("adagrad: epsInside", epsInside);
  checkNotNegative("adagrad: initialAccumulator", initialAccumulator);
  checkNotNegative("adagrad: weightDecay", weightDecay);
  const inside = epsInside ? eps : 0;
  const outside = epsInside ? 0 : eps;
  const decayedRate = (step: number, rate: number) => rate / (1 + step * learningRateDecay);
  return {
    kind: "adagrad",
    op: "adagrad",
    slots: [initialAccumulator],
    learningRate,
    options: { learningRate: describeRate(learningRate), learningRateDecay, eps, epsInside, initialAccumulator, weightDecay },
    withWeightDecay: (other) => adagrad({ ...options, weightDecay: other }),
    isSteady: learningRateDecay === 0,
    writeScalars(step, rate, decayed, write) {
      write(abi.UPDATE_KEEP, 1);
      write(abi.UPDATE_DECAY, decayed ? weightDecay : 0);
      write(abi.UPDATE_RATE, decayedRate(step, rate));
      write(abi.ADAGRAD_EPS, outside);
      write(abi.ADAGRAD_EPS_INSIDE, inside);
    },
    update64(x, gradient, [sum], step, rate) {
      const stepRate = decayedRate(step, rate);
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i] + weightDecay * x[i];
        sum[i] += g * g;
        x[i] -= (stepRate * g) / (Math.sqrt(sum[i] + inside) + outside);
      }
    },
  };
}
