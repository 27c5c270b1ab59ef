/**
 * Squared and absolute error of rows, each with its gradient. Not the mean over rows, which is weightedMean of reduce.ts.
 * x, target, dx: f32[rows, cols], 4-byte aligned; dx may be x, or 0 for the losses alone. weights: f32[rows] or 0 (ones).
 * losses: f32[rows]. begin, end: rows; nothing outside them is written. All results are =.
 */
import { laneSum } from "../math/lanes";
import { flushTail, loadUpTo, storeUpTo } from "./elementwise";

/** value(e) = f(e), slope(e, k) = k f'(e), of the difference e = x - target. */
// @ts-ignore: decorator
@final
class Square {
  // @ts-ignore: decorator
  @inline
  value(e: v128): v128 {
    return f32x4.mul(e, e);
  }
  // @ts-ignore: decorator
  @inline
  slope(e: v128, k: v128): v128 {
    return f32x4.mul(f32x4.add(e, e), k);
  }
}

/** At a hit the slope is 0, as PyTorch's is. */
// @ts-ignore: decorator
@final
class Absolute {
  // @ts-ignore: decorator
  @inline
  value(e: v128): v128 {
    return f32x4.abs(e);
  }
  // @ts-ignore: decorator
  @inline
  slope(e: v128, k: v128): v128 {
    return v128.and(v128.xor(k, v128.and(e, f32x4.splat(-0.0))), f32x4.ne(e, f32x4.splat(0)));
  }
}

// @ts-ignore: decorator
@inline
function rows<F>(x: usize, target: usize, weights: usize, losses: usize, dx: usize, cols: u32, scale: f32, begin: u32, end: u32): void {
  const zero = f32x4.splat(0);
  const perElement = scale / <f32>cols;
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    const k = f32x4.splat(weights != 0 ? perElement * load<f32>(weights + (<usize>i << 2)) : perElement);
    let sum = zero;
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      const e = f32x4.sub(loadUpTo(x + at, cols - j, zero), loadUpTo(target + at, cols - j, zero));
      sum = f32x4.add(sum, changetype<F>(0).value(e));
      if (dx != 0) storeUpTo(dx + at, cols - j, flushTail(changetype<F>(0).slope(e, k)));
    }
    store<f32>(losses + (<usize>i << 2), laneSum(sum) / <f32>cols);
  }
}

/** losses[r] = mean_j (x_rj - target_rj)², dx_rj = scale weights_r 2 (x_rj - target_rj) / cols. */
export function squaredError(
  x: usize, target: usize, weights: usize, losses: usize, dx: usize, cols: u32, scale: f32, begin: u32, end: u32,
): void {
  rows<Square>(x, target, weights, losses, dx, cols, scale, begin, end);
}

/** losses[r] = mean_j |x_rj - target_rj|, dx_rj = scale weights_r sign(x_rj - target_rj) / cols, sign(0) = 0. */
export function absoluteError(
  x: usize, target: usize, weights: usize, losses: usize, dx: usize, cols: u32, scale: f32, begin: u32, end: u32,
): void {
  rows<Absolute>(x, target, weights, losses, dx, cols, scale, begin, end);
}
