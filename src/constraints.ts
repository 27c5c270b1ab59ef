/** Constraints on weights: after each update. Never on biases and normalization parameters. */
import { checkPositive } from "./check.ts";

export interface Constraint {
  readonly kind: "maxNorm";
  readonly max: number;
}

/**
 * The incoming weights of each unit, a row of the weight [out, ...], are scaled down to the norm `max` where theirs is larger.
 * Srivastava et al. 2014, who use 3 or 4 with dropout.
 */
export function maxNorm(max: number): Constraint {
  checkPositive("maxNorm: max", max);
  return { kind: "maxNorm", max };
}
