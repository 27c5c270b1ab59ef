/**
 * Stochastic gradient descent.
 */
import * as abi from "../../assembly/abi.ts";
import { checkBetween, checkBoolean, checkInRange, checkNotNegative, checkOptions, fail } from "../check.ts";
import { checkLearningRate, describeRate, type LearningRate, type Optimizer } from "./optimizer.ts";

export interface SgdOptions {
  /** Default 0.01: Keras's, and PyTorch's before it had 0.001. */
  learningRate?: LearningRate;
  /** Factor on the velocity, in [0, 1). Default 0: no velocity is kept. */
  momentum?: number;
  /** The gradient joins the velocity times 1 - dampening, except at the first step. In [0, 1], default 0. */
  dampening?: number;
  /** Take the gradient as if the velocity had acted already. Default false. */
  nesterov?: boolean;
  /** λ of the term λw in the gradient of weights, after the clip. Default 0. */
  weightDecay?: number;
}

/**
 * Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's (https://proceedings.mlr.press/v28/sutskever13.html):
 *   b = momentum b + (1 - dampening) g, at the first step b = g;  w -= learningRate b, with nesterov (g + momentum b).
 * Keeps one f32 per parameter if momentum > 0, else none. Defaults are PyTorch's; the learning rate's is Keras's.
 * @throws OptionError if an option is unknown or outside its range, or if nesterov comes without momentum or with dampening.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions("sgd", options, ["learningRate", "momentum", "dampening", "nesterov", "weightDecay"]);
  const { learningRate = 0.01, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  checkLearningRate("sgd: learningRate", learningRate);
  checkInRange("sgd: momentum", momentum, 0, 1);
  checkBetween("sgd: dampening", dampening, 0, 1);
  checkBoolean("sgd: nesterov", nesterov);
  checkNotNegative("sgd: weightDecay", weightDecay);
  if (nesterov && momentum === 0)
    fail("sgd: momentum", "above 0 with nesterov", momentum, "Nesterov's form looks ahead along the velocity.");
  if (nesterov && dampening !== 0) fail("sgd: dampening", "0 with nesterov", dampening);
  const gainAt = (step: number) => (step === 0 ? 1 : 1 - dampening);
  const follow = nesterov ? momentum : 1;
  const ahead = nesterov ? 1 : 0;
  return {
    kind: "sgd",
    op: momentum > 0 ? "sgdMomentum" : "sgd",
    slots: momentum > 0 ? [0] : [],
    learningRate,
    options: { learningRate: describeRate(learningRate), momentum, dampening, nesterov, weightDecay },
    writeScalars(step, rate, decayed, write) {
      write(abi.UPDATE_KEEP, 1);
      write(abi.UPDATE_DECAY, decayed ? weightDecay : 0);
      write(abi.UPDATE_RATE, rate);
      if (momentum === 0) return;
      write(abi.SGD_MOMENTUM, momentum);
      write(abi.SGD_GAIN, gainAt(step));
      write(abi.SGD_FOLLOW, follow);
      write(abi.SGD_AHEAD, ahead);
    },
    update64(x, gradient, [velocity], step, rate) {
      const gain = gainAt(step);
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i] + weightDecay * x[i];
        if (velocity === undefined) {
          x[i] -= rate * g;
          continue;
        }
        velocity[i] = momentum * velocity[i] + gain * g;
        x[i] -= rate * (follow * velocity[i] + ahead * g);
      }
    },
  };
}
