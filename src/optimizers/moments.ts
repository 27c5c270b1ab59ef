/**
 * The rule that Adam and AdamW share, on two running moments of the gradient. They differ in where the decay acts.
 */
import * as abi from "../../assembly/abi.ts";
import { checkBoolean, checkInRange, checkNotNegative } from "../check.ts";
import { powInteger } from "../scalar.ts";
import { checkEps, checkLearningRate, describeRate, type LearningRate, type Optimizer } from "./optimizer.ts";

export interface MomentOptions {
  learningRate: LearningRate;
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
  amsgrad: boolean;
  /** Absent where the rule has no such option. */
  biasCorrection?: boolean;
}

/** `decayActs`: in the gradient, as λw, or on the weights, as the factor 1 - rate λ. */
export function moments(kind: string, decayActs: "gradient" | "weights", options: MomentOptions): Optimizer {
  const { learningRate, beta1, beta2, eps, weightDecay, amsgrad, biasCorrection: isCorrected = true } = options;
  checkLearningRate(`${kind}: learningRate`, learningRate);
  checkInRange(`${kind}: beta1`, beta1, 0, 1);
  checkInRange(`${kind}: beta2`, beta2, 0, 1);
  checkEps(`${kind}: eps`, eps);
  checkNotNegative(`${kind}: weightDecay`, weightDecay);
  checkBoolean(`${kind}: amsgrad`, amsgrad);
  checkBoolean(`${kind}: biasCorrection`, isCorrected);
  const l2 = decayActs === "gradient" ? weightDecay : 0;
  const decoupled = decayActs === "weights" ? weightDecay : 0;
  const stepSize = (step: number, rate: number) => (isCorrected ? rate / (1 - powInteger(beta1, step + 1)) : rate);
  const vScaleAt = (step: number) => (isCorrected ? 1 / Math.sqrt(1 - powInteger(beta2, step + 1)) : 1);
  return {
    kind,
    op: amsgrad ? "adamAmsgrad" : "adam",
    slots: amsgrad ? [0, 0, 0] : [0, 0],
    learningRate,
    options: { ...options, learningRate: describeRate(learningRate) },
    withWeightDecay: (other) => moments(kind, decayActs, { ...options, weightDecay: other }),
    writeScalars(step, rate, decayed, write) {
      write(abi.UPDATE_KEEP, decayed ? 1 - rate * decoupled : 1);
      write(abi.UPDATE_DECAY, decayed ? l2 : 0);
      write(abi.UPDATE_RATE, stepSize(step, rate));
      write(abi.ADAM_BETA1, beta1);
      write(abi.ADAM_BETA1_REST, 1 - beta1);
      write(abi.ADAM_BETA2, beta2);
      write(abi.ADAM_BETA2_REST, 1 - beta2);
      write(abi.ADAM_V_SCALE, vScaleAt(step));
      write(abi.ADAM_EPS, eps);
    },
    update64(x, gradient, [m, v, largest], step, rate) {
      const keep = 1 - rate * decoupled;
      const size = stepSize(step, rate);
      const vScale = vScaleAt(step);
      for (let i = 0; i < x.length; i++) {
        const g = gradient[i] + l2 * x[i];
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        if (largest) largest[i] = Math.max(largest[i], v[i]);
        x[i] = keep * x[i] - (size * m[i]) / (Math.sqrt((largest ?? v)[i]) * vScale + eps);
      }
    },
  };
}
