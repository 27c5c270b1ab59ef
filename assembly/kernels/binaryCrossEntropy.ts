/** Binary cross-entropy of logits, one decision per column, with its gradient in the same pass. Not the mean over rows. */
import { expBelow0 } from "../math/exp";
import { laneSum, madd, select } from "../math/lanes";
import { log1p } from "../math/log1p";
import { flushTail, loadUpTo, storeUpTo } from "./elementwise";

/**
 * losses[r] = mean_j p_j t_rj softplus(-x_rj) + (1 - t_rj) softplus(x_rj)
 * dx_rj = scale weights_r ((1 - t_rj) sigmoid(x_rj) - p_j t_rj sigmoid(-x_rj)) / cols: both sigmoids come from e^-|x|, so none cancels.
 * x, target, dx: f32[rows, cols], 4-byte aligned; dx may be x, or 0 for the losses alone. weights: f32[rows] or 0 (ones).
 * positiveWeights p: f32[cols] or 0 (ones). losses: f32[rows]. begin, end: rows; nothing outside them is written. =
 */
export function binaryCrossEntropy(
  x: usize, target: usize, weights: usize, positiveWeights: usize, losses: usize, dx: usize, cols: u32, scale: f32, begin: u32, end: u32,
): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const perElement = scale / <f32>cols;
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    const k = f32x4.splat(weights != 0 ? perElement * load<f32>(weights + (<usize>i << 2)) : perElement);
    let sum = zero;
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      const v = loadUpTo(x + at, cols - j, zero);
      const t = loadUpTo(target + at, cols - j, zero);
      let positive = t;
      if (positiveWeights != 0) positive = f32x4.mul(t, loadUpTo(positiveWeights + (<usize>j << 2), cols - j, zero));
      const negative = f32x4.sub(one, t);
      const e = expBelow0(f32x4.neg(f32x4.abs(v)));
      const l = log1p(e);
      const above = f32x4.add(f32x4.pmax(v, zero), l);
      const below = f32x4.add(f32x4.pmax(f32x4.neg(v), zero), l);
      const term = madd(positive, below, f32x4.mul(negative, above));
      sum = f32x4.add(sum, firstLanes(term, cols - j));
      if (dx == 0) continue;
      const r = f32x4.div(one, f32x4.add(one, e));
      const er = f32x4.mul(e, r);
      const isNegative = f32x4.lt(v, zero);
      const up = f32x4.mul(negative, select(er, r, isNegative));
      const down = f32x4.mul(positive, select(r, er, isNegative));
      storeUpTo(dx + at, cols - j, flushTail(f32x4.mul(k, f32x4.sub(up, down))));
    }
    store<f32>(losses + (<usize>i << 2), laneSum(sum) / <f32>cols);
  }
}

/** x with the lanes past `left` set to 0: there softplus(0) = log 2 stands. */
// @ts-ignore: decorator
@inline
function firstLanes(x: v128, left: u32): v128 {
  if (left >= 4) return x;
  return v128.and(x, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left)));
}
