/**
 * Stochastic gradient descent.
 */
import * as abi from "../../assembly/abi.ts";
import { checkBetween, checkBoolean, checkInRange, checkNotNegative, checkOneOf, checkOptions, fail } from "../check.ts";
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
  /**
   * "velocity": b gathers gradients, w -= learningRate b, as PyTorch. "displacement": v gathers steps, w += v, as Sutskever et al.;
   * a rate that changes does not change the steps that v holds already. The same for a constant rate. Default "velocity".
   */
  form?: "velocity" | "displacement";
  /** λ of the term λw in the gradient of weights, after the clip. Default 0. */
  weightDecay?: number;
}

/**
 * Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's (https://proceedings.mlr.press/v28/sutskever13.html):
 *   b = momentum b + (1 - dampening) g, at the first step b = g;  w -= learningRate b, with nesterov (g + momentum b).
 * With form "displacement": v = momentum v - (1 - dampening) learningRate g;  w += v, with nesterov momentum v - learningRate g.
 * Keeps one f32 per parameter if momentum > 0, else none. Defaults are PyTorch's; the learning rate's is Keras's.
 * @throws OptionError if an option is unknown or outside its range, if nesterov comes without momentum or with dampening, or
 * "displacement" without momentum.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions("sgd", options, ["learningRate", "momentum", "dampening", "nesterov", "form", "weightDecay"]);
  const { learningRate = 0.01, momentum = 0, dampening = 0, nesterov = false, form = "velocity", weightDecay = 0 } = options;
  checkLearningRate("sgd: learningRate", learningRate);
  checkInRange("sgd: momentum", momentum, 0, 1);
  checkBetween("sgd: dampening", dampening, 0, 1);
  checkBoolean("sgd: nesterov", nesterov);
  checkOneOf("sgd: form", form, ["velocity", "displacement"]);
  checkNotNegative("sgd: weightDecay", weightDecay);
  if (nesterov && momentum === 0)
    fail("sgd: momentum", "above 0 with nesterov", momentum, "Nesterov's form looks ahead along the velocity.");
  if (nesterov && dampening !== 0) fail("sgd: dampening", "0 with nesterov", dampening);
  const isDisplacement = form === "displacement";
  if (isDisplacement && momentum === 0)
    fail("sgd: momentum", 'above 0 with form "displacement"', momentum, "Without momentum both forms are the same.");
  const gainAt = (step: number) => (step === 0 ? 1 : 1 - dampening);
  /** m = momentum m + gain g,  w -= size (follow m + ahead g): in a displacement m is -rate b. */
  const termsAt = (step: number, rate: number) => ({
    gain: isDisplacement ? -rate * gainAt(step) : gainAt(step),
    size: isDisplacement ? 1 : rate,
    follow: (nesterov ? momentum : 1) * (isDisplacement ? -1 : 1),
    ahead: nesterov ? (isDisplacement ? rate : 1) : 0,
  });
  return {
    kind: "sgd",
    op: momentum > 0 ? "sgdMomentum" : "sgd",
    slots: momentum > 0 ? [0] : [],
    learningRate,
    options: { learningRate: describeRate(learningRate), momentum, dampening, nesterov, form, weightDecay },
    withWeightDecay: (other) => sgd({ ...options, weightDecay: other }),
    isSteady: dampening === 0,
    writeScalars(step, rate, decayed, write) {
      write(abi.UPDATE_KEEP, 1);
      write(abi.UPDATE_DECAY, decayed ? weightDecay : 0);
      const { gain, size, follow, ahead } = termsAt(step, rate);
      write(abi.UPDATE_RATE, size);
      if (momentum === 0) return;
      write(abi.SGD_MOMENTUM, momentum);
      write(abi.SGD_GAIN, gain);
      write(abi.SGD_FOLLOW, follow);
      write(abi.SGD_AHEAD, ahead);
    },
    update64(x, gradient, [velocity], step, rate) {
      const { gain, size, follow, ahead } = termsAt(step, rate);
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i] + weightDecay * x[i];
        if (velocity === undefined) {
          x[i] -= rate * g;
          continue;
        }
        velocity[i] = momentum * velocity[i] + gain * g;
        x[i] -= size * (follow * velocity[i] + ahead * g);
      }
    },
  };
}
