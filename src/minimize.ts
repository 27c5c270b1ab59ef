/** Optimizers on any function of a vector. What searches is loaded when it is first wanted. */
import { loadTraining } from "./model/loadTraining.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { SecondOrder } from "./optimizers/secondOrder.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** Returns f(x) and writes its gradient. Must not change x. */
export type Objective<V extends Float32Array | Float64Array> = (x: V, gradient: V) => number;

export interface MinimizeOptions<V extends Float32Array | Float64Array> {
  /** The most steps. Default 1000. */
  steps?: number;
  /** Stops when the largest entry of the gradient is at most this. Default 0: never, also not where the gradient is 0. */
  tolerance?: number;
  /** After each step; "step" counts from 0, `value` is f before the step, `x` a copy after it. */
  onStep?: (state: { step: number; x: V; value: number }) => void;
  /** For Float32Array: whose kernels run. Default: the one that all models share. */
  runtime?: Runtime;
}

export interface Minimum<V extends Float32Array | Float64Array> {
  /** Where the search ended, a copy. */
  x: V;
  /** The last value that f returned: first-order methods call f once a step, before it. With lbfgs, bfgs, newton: f at x. */
  value: number;
  steps: number;
  evaluations: number;
  /** Whether the tolerance was reached. */
  converged: boolean;
}

/**
 * Minimizes f from x0 (which stays as it is). All of x counts as weights: an optimizer's weightDecay acts on it.
 * lbfgs, bfgs and newton compute in float64 and call f several times a step, also with values that it can't take: what is not
 * finite counts as too high, except at x0. Once they find nothing lower, their remaining steps change nothing and call nothing.
 * @throws DataError for an x0 that is not finite, NonFiniteError if f or its gradient is not; OptionError for the options.
 */
export async function minimize<V extends Float32Array | Float64Array>(
  f: Objective<V>,
  x0: V,
  optimizer: Optimizer | SecondOrder,
  options: MinimizeOptions<V> = {},
): Promise<Minimum<V>> {
  const { searchMinimum } = await loadTraining();
  return searchMinimum(f, x0, optimizer, options);
}
