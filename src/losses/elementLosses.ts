/** Losses that are means over rows and outputs of a function of output and target. */
import { checkOneOf, checkOptions, checkPositive } from "../check.ts";
import { perRow } from "../program/count.ts";
import { sizeOf } from "../shape.ts";
import type { Loss } from "./loss.ts";

type Op = "huberError" | "logCoshError" | "hingeError" | "klDivergence";

/** `factorOf`: on the sum over a row's outputs, of which there are `cols`. */
function elementLoss(kind: string, op: Op, p: number, factorOf: (cols: number) => number = (cols) => 1 / cols): Loss {
  return {
    kind,
    link: "identity",
    takesLabels: false,
    weighsLabels: false,
    check: () => {},
    columnWeights: () => undefined,
    emit(builder, { x, targets, weights, losses, dx, control }) {
      const cols = sizeOf(x.shape);
      builder.emit(op, { x: x.buffer, targets, weights, losses, dx, control }, { rows: perRow(1), cols }, { p, factor: factorOf(cols) });
    },
  };
}

export interface HuberOptions {
  /** Where the square becomes a line. Default 1, as PyTorch. */
  delta?: number;
}

/**
 * Mean of ½e² where |e| ≤ delta, else delta(|e| - ½delta), e = output - target (Huber 1964).
 * @throws OptionError for unknown options, delta not above 0.
 */
export function huber(options: HuberOptions = {}): Loss {
  checkOptions("huber", options, ["delta"]);
  const { delta = 1 } = options;
  checkPositive("huber: delta", Math.fround(delta));
  return elementLoss("huber", "huberError", delta);
}

export interface SmoothL1Options {
  /** Where the square becomes a line. Default 1, as PyTorch. */
  beta?: number;
}

/**
 * Mean of ½e²/beta where |e| < beta, else |e| - ½beta: huber with delta = beta, divided by it.
 * @throws OptionError for unknown options, beta not above 0 (0 would be mae).
 */
export function smoothL1(options: SmoothL1Options = {}): Loss {
  checkOptions("smoothL1", options, ["beta"]);
  const { beta = 1 } = options;
  checkPositive("smoothL1: beta", Math.fround(beta));
  return elementLoss("smoothL1", "huberError", beta, (cols) => 1 / (beta * cols));
}

/** Mean of ln cosh(output - target): ½e² for small errors, |e| - ln 2 for large ones. */
export const logCosh = (): Loss => elementLoss("logCosh", "logCoshError", 0);

/** Mean of max(0, 1 - t·output), t = 1 for targets above 0 and -1 for others: labels are 0 and 1, or -1 and 1. */
export const hinge = (): Loss => elementLoss("hinge", "hingeError", 1);

export interface KlDivergenceOptions {
  /** "mean" divides by rows and outputs, "batchmean" by rows: the divergence itself. Default "mean", as PyTorch. */
  reduction?: "mean" | "batchmean";
}

/**
 * Σ target(ln target - output): the output is log-probabilities (logSoftmax() before it), targets are probabilities, 0·ln 0 = 0.
 * @throws OptionError for unknown options or another reduction.
 */
export function klDivergence(options: KlDivergenceOptions = {}): Loss {
  checkOptions("klDivergence", options, ["reduction"]);
  const { reduction = "mean" } = options;
  checkOneOf("klDivergence: reduction", reduction, ["mean", "batchmean"]);
  return elementLoss("klDivergence", "klDivergence", 0, reduction === "mean" ? undefined : () => 1);
}
