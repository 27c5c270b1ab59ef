/**
 * RMSProp: gradients divided by a running root mean square.
 */
import * as abi from "../../assembly/abi.ts";
import { checkBoolean, checkInRange, checkNotNegative, checkOptions } from "../check.ts";
import { checkEps, checkLearningRate, describeRate, type LearningRate, type Optimizer } from "./optimizer.ts";

export interface RmspropOptions {
  /** Default 0.01. */
  learningRate?: LearningRate;
  /** Factor on the running means, in [0, 1). Default 0.99. */
  alpha?: number;
  /** Added to the root. Default 1e-8. */
  eps?: number;
  /** Add eps to the mean square under the root instead. Default false. */
  epsInside?: boolean;
  /** Factor on the velocity, in [0, 1). Default 0: no velocity is kept. */
  momentum?: number;
  /** Divide by the root of the running variance instead of the mean square. Default false. */
  centered?: boolean;
  /** λ of the term λw in the gradient of weights, after the clip. Default 0. */
  weightDecay?: number;
}

/**
 * RMSProp (Hinton's lecture 6.5, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf; centered:
 * https://arxiv.org/abs/1308.0850): u = momentum u + g / (√q + eps), with epsInside g / √(q + eps),  w -= learningRate u; q is
 * the running mean of g², or with centered the running variance. Keeps one f32 per parameter, one more each for momentum and centered; all start at 0.
 * Defaults are PyTorch's.
 * @throws OptionError if an option is unknown or outside its range.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkOptions("rmsprop", options, ["learningRate", "alpha", "eps", "epsInside", "momentum", "centered", "weightDecay"]);
  const { learningRate = 0.01, alpha = 0.99, eps = 1e-8, epsInside = false, momentum = 0, centered = false, weightDecay = 0 } = options;
  checkLearningRate("rmsprop: learningRate", learningRate);
  checkInRange("rmsprop: alpha", alpha, 0, 1);
  checkEps("rmsprop: eps", eps);
  checkBoolean("rmsprop: epsInside", epsInside);
  checkInRange("rmsprop: momentum", momentum, 0, 1);
  checkBoolean("rmsprop: centered", centered);
  checkNotNegative("rmsprop: weightDecay", weightDecay);
  const inside = epsInside ? eps : 0;
  const outside = epsInside ? 0 : eps;
  const slotCount = 1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0);
  return {
    kind: "rmsprop",
    op: `rmsprop${centered ? "Centered" : ""}${momentum > 0 ? "Momentum" : ""}`,
    slots: Array<number>(slotCount).fill(0),
    learningRate,
    options: { learningRate: describeRate(learningRate), alpha, eps, epsInside, momentum, centered, weightDecay },
    withWeightDecay: (other) => rmsprop({ ...options, weightDecay: other }),
    isSteady: true,
    writeScalars(_step, rate, decayed, write) {
      write(abi.UPDATE_KEEP, 1);
      write(abi.UPDATE_DECAY, decayed ? weightDecay : 0);
      write(abi.UPDATE_RATE, rate);
      write(abi.RMSPROP_ALPHA, alpha);
      write(abi.RMSPROP_ALPHA_REST, 1 - alpha);
      write(abi.RMSPROP_EPS, outside);
      write(abi.RMSPROP_EPS_INSIDE, inside);
      write(abi.RMSPROP_MOMENTUM, momentum);
    },
    update64(x, gradient, slots, _step, rate) {
      const mean = centered ? slots[0] : undefined;
      const square = slots[centered ? 1 : 0];
      const velocity = momentum > 0 ? slots[slotCount - 1] : undefined;
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i] + weightDecay * x[i];
        if (mean) {
          // the variance itself, not mean square minus squared mean: see assembly/optimizers/rmsprop.ts
          const off = g - mean[i];
          square[i] = alpha * (square[i] + (1 - alpha) * off * off);
          mean[i] += (1 - alpha) * off;
        } else {
          square[i] = alpha * square[i] + (1 - alpha) * g * g;
        }
        let u = g / (Math.sqrt(square[i] + inside) + outside);
        if (velocity) {
          u += momentum * velocity[i];
          velocity[i] = u;
        }
        x[i] -= rate * u;
      }
    },
  };
}
