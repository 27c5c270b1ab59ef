/** Penalties on weights: terms added to the loss, with their gradient. Never on biases and normalization parameters. */
import { checkInRange, checkNotNegative } from "./check.ts";

export interface Penalty {
  readonly kind: string;
  /** λ₁ of λ₁·Σ|w|. */
  readonly l1: number;
  /** λ₂ of λ₂/2·Σw². */
  readonly l2: number;
}

/** λ·Σ|w| over all weights; derivative λ·sign(w), 0 at 0. Makes weights small and many of them nearly 0. */
export function l1(lambda: number): Penalty {
  checkNotNegative("l1: λ", lambda);
  return { kind: "l1", l1: lambda, l2: 0 };
}

/** λ/2·Σw² over all weights; derivative λ·w. */
export function l2(lambda: number): Penalty {
  checkNotNegative("l2: λ", lambda);
  return { kind: "l2", l1: 0, l2: lambda };
}

/** λ₁·Σ|w| + λ₂/2·Σw². Zou & Hastie 2005. */
export function elasticNet(lambda1: number, lambda2: number): Penalty {
  checkNotNegative("elasticNet: λ1", lambda1);
  checkNotNegative("elasticNet: λ2", lambda2);
  return { kind: "elasticNet", l1: lambda1, l2: lambda2 };
}

/** θ ← (1 - β)θ before each update, of weights only. Not scaled by the learning rate (adamw's is). */
export interface Decay {
  readonly kind: "decoupledDecay";
  readonly beta: number;
}

export function decoupledDecay(beta: number): Decay {
  checkInRange("decoupledDecay: β", beta, 0, 1);
  return { kind: "decoupledDecay", beta };
}
