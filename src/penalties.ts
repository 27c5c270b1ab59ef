/** Penalties on weights: terms added to the loss, with their gradient. Never on biases and normalization parameters. */
import { checkBoolean, checkFinite, checkInRange, checkNotNegative, checkOptions, fail } from "./check.ts";

/** Plain data: layers hold it too, and their files. */
export interface Penalty {
  readonly kind: string;
  /** λ₁ of λ₁·Σ|w|. */
  readonly l1: number;
  /** λ₂ of λ₂/2·Σw². */
  readonly l2: number;
  /** λ of λ/q·Σ|w|^q. */
  readonly lq?: number;
  /** Above 1, and not 2. */
  readonly q?: number;
  /** λ₁ acts after each update, and not in the gradient. */
  readonly proximal?: true;
}

export interface ProximalOptions {
  /**
   * After each update w ← sign(w)·max(|w| − η·λ₁, 0), in the place of λ₁·sign(w) in the gradient: weights become exactly 0 and stay
   * there while their gradient is weak. η is the learning rate of the step and group, as schedule and callbacks make it. An
   * adaptive rule (adam) steps by η over its own scale of each weight, the threshold does not: compare its λ₁ with adamw's
   * weightDecay, not with that of l1 in the gradient. Not for lbfgs. Default false.
   */
  proximal?: boolean;
}

/** λ·Σ|w| over all weights; derivative λ·sign(w), 0 at 0. Makes weights small and many of them nearly 0, or exactly: `proximal`. */
export function l1(lambda: number, options: ProximalOptions = {}): Penalty {
  checkNotNegative("l1: λ", lambda);
  return { kind: "l1", l1: lambda, l2: 0, ...proximalOf("l1", options) };
}

/** λ/2·Σw² over all weights; derivative λ·w. */
export function l2(lambda: number): Penalty {
  checkNotNegative("l2: λ", lambda);
  return { kind: "l2", l1: 0, l2: lambda };
}

/** λ₁·Σ|w| + λ₂/2·Σw². Zou & Hastie 2005. `proximal` is for the first term. */
export function elasticNet(lambda1: number, lambda2: number, options: ProximalOptions = {}): Penalty {
  checkNotNegative("elasticNet: λ1", lambda1);
  checkNotNegative("elasticNet: λ2", lambda2);
  return { kind: "elasticNet", l1: lambda1, l2: lambda2, ...proximalOf("elasticNet", options) };
}

/**
 * λ/q·Σ|w|^q over all weights; derivative λ·sign(w)·|w|^(q−1), 0 at 0. lq(1, λ) is l1(λ), lq(2, λ) is l2(λ). The larger q, the more
 * large weights pay and the less small ones. Powers are within 0.5 + q ulp of float32.
 * @throws OptionError if q is below 1 (such a penalty has no finite derivative at 0) or not finite, λ below 0.
 */
export function lq(q: number, lambda: number): Penalty {
  checkFinite("lq: q", q);
  if (q < 1) fail("lq: q", "1 or above", q, "Below 1 the derivative at 0 is infinite.");
  checkNotNegative("lq: λ", lambda);
  if (q === 1 || q === 2) return { ...(q === 1 ? l1(lambda) : l2(lambda)), kind: "lq" };
  return { kind: "lq", l1: 0, l2: 0, lq: lambda, q };
}

function proximalOf(where: string, options: ProximalOptions): { proximal?: true } {
  checkOptions(where, options, ["proximal"]);
  const { proximal = false } = options;
  checkBoolean(`${where}: proximal`, proximal);
  return proximal ? { proximal } : {};
}

/** Whether a value is what the factories above make: layers come from files too. */
export function isPenalty(value: unknown): value is Penalty {
  if (typeof value !== "object" || value === null) return false;
  const { l1, l2, lq = 0, q = 3, proximal = true } = value as Partial<Penalty>;
  return [l1, l2, lq].every((x) => typeof x === "number" && x >= 0 && x < Infinity) && q > 1 && q < Infinity && proximal === true;
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
