/** The fully connected layer: y = x · weightᵀ + bias on the last axis. */
import { checkBoolean, checkCount, checkInRange, checkOptions, checkPositive, fail } from "../check.ts";
import { checkInitializer, type InitializerSpec } from "../initializers.ts";
import { isPenalty, type Penalty } from "../penalties.ts";
import type { Layer } from "./layer.ts";

export interface DenseOptions {
  /** Whether a bias is added. Default true, as PyTorch. */
  bias?: boolean;
  /** Of the weight. Default by the activation that follows: heNormal before the ReLU family, xavierUniform else. */
  init?: InitializerSpec;
  /** Of the bias. Default zeros. */
  biasInit?: InitializerSpec;
  /** Of the weight, in the place of the penalty that training is given: l2(0) for none. Default that of training. */
  penalty?: Penalty;
  /**
   * The largest norm of the incoming weights of each unit, held after each update, in the place of the constraint that training is
   * given. Default that of training.
   */
  maxNorm?: number;
  /** Probability with which a training step leaves a weight out, one mask for all rows (Wan et al. 2013). Default 0. */
  dropConnect?: number;
}

export interface DenseLayer<U extends number = number> extends Layer<{ readonly type: "units"; readonly units: U }>, DenseOptions {
  readonly kind: "dense";
  readonly units: U;
}

/**
 * `units` outputs from the last axis: [..., in] becomes [..., units]. Parameters: weight [units, in], bias [units].
 * @throws OptionError for unknown options and units that are not a positive integer, dropConnect outside [0, 1), maxNorm not above 0.
 */
export function dense<const U extends number>(units: U, options: DenseOptions = {}): DenseLayer<U> {
  checkOptions("dense", options, OPTIONS);
  const layer: DenseLayer<U> = { kind: "dense", units, ...options };
  checkDense(layer, "dense");
  return layer;
}

const OPTIONS = ["bias", "init", "biasInit", "penalty", "maxNorm", "dropConnect"];

export function checkDense(
  { kind: _, units, bias = true, init, biasInit, penalty, maxNorm, dropConnect = 0, ...rest }: DenseLayer,
  where: string,
): void {
  checkOptions(where, rest, ["units", ...OPTIONS]);
  checkInRange(`${where}: dropConnect`, dropConnect, 0, 1);
  checkCount(`${where}: units`, units);
  checkBoolean(`${where}: bias`, bias);
  if (init !== undefined) checkInitializer(`${where}: init`, init);
  if (biasInit !== undefined) checkInitializer(`${where}: biasInit`, biasInit);
  if (penalty !== undefined && !isPenalty(penalty)) fail(`${where}: penalty`, "made by l2(1e-4) or the like", penalty);
  if (maxNorm !== undefined) checkPositive(`${where}: maxNorm`, maxNorm);
}
