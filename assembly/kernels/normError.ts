/**
 * The p-norm of each row's error e = x - target, and its gradient: losses[r] = ‖e_r‖_p, dx = scale weights_r d‖e‖_p/de, which is 0
 * at e = 0 and for p = ∞ goes to the first largest |e|. x, target, dx: f32[rows, cols], 4-byte aligned; dx may be x, or 0 for the
 * losses alone. weights: f32[rows] or 0 (ones). losses: f32[rows]. p >= 1. begin, end: rows. All results are =.
 * Errors are divided by the largest first: no power overflows. |e|^p costs a relative 2^-23 p |ln(|e| / largest)|.
 */
import { exp } from "../math/exp";
import { laneSum } from "../math/lanes";
import { log } from "../math/log";
import { flushTail, loadUpTo, storeUpTo } from "./elementwise";

export function normError(
  x: usize, target: usize, weights: usize, losses: usize, dx: usize, cols: u32, p: f32, scale: f32, begin: u32, end: u32,
): void {
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    const weight: f32 = weights != 0 ? load<f32>(weights + (<usize>i << 2)) : 1;
    const d: usize = dx == 0 ? 0 : dx + row;
    store<f32>(losses + (<usize>i << 2), rowNorm(x + row, target + row, d, cols, p, scale * weight));
  }
}

function rowNorm(x: usize, target: usize, dx: usize, cols: u32, p: f32, k: f32): f32 {
  const zero = f32x4.splat(0);
  let largest: f32 = 0;
  let first: u32 = 0;
  for (let j: u32 = 0; j < cols; j++) {
    const a = abs<f32>(load<f32>(x + (<usize>j << 2)) - load<f32>(target + (<usize>j << 2)));
    if (a > largest) first = j;
    largest = max<f32>(largest, a); // a NaN stays
  }
  if (largest == 0 || p == Infinity) {
    if (dx == 0) return largest;
    const sign = largest == 0 ? <f32>0 : load<f32>(x + (<usize>first << 2)) > load<f32>(target + (<usize>first << 2)) ? k : -k;
    for (let j: u32 = 0; j < cols; j++) store<f32>(dx + (<usize>j << 2), 0);
    if (cols > 0) store<f32>(dx + (<usize>first << 2), sign);
    return largest;
  }
  const over = f32x4.splat(largest);
  let sum = zero;
  for (let j: u32 = 0; j < cols; j += 4) {
    const at = <usize>j << 2;
    const e = f32x4.sub(loadUpTo(x + at, cols - j, zero), loadUpTo(target + at, cols - j, zero));
    sum = f32x4.add(sum, power(f32x4.div(f32x4.abs(e), over), p));
  }
  const total = laneSum(sum);
  // sum^(1/p); sum is in [1, cols]
  const root = p == 2 ? sqrt<f32>(total) : f32x4.extract_lane(power(f32x4.splat(total), 1 / p), 0);
  if (dx != 0) {
    const factor = f32x4.splat(k);
    const overRoot = f32x4.splat(largest * root);
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = <usize>j << 2;
      const e = f32x4.sub(loadUpTo(x + at, cols - j, zero), loadUpTo(target + at, cols - j, zero));
      const a = f32x4.abs(e);
      const slope = v128.and(power(f32x4.div(a, overRoot), p - 1), f32x4.ne(a, zero));
      const signed = v128.or(slope, v128.and(e, f32x4.splat(-0.0)));
      storeUpTo(dx + at, cols - j, flushTail(f32x4.mul(factor, signed)));
    }
  }
  return largest * root;
}

/** r^q for r >= 0, q >= 0; 0^0 is 1. Not inlined: it is used in three places. */
function power(r: v128, q: f32): v128 {
  if (q == 0) return f32x4.splat(1);
  if (q == 1) return r;
  if (q == 2) return f32x4.mul(r, r);
  return v128.and(exp(f32x4.mul(f32x4.splat(q), log(r))), f32x4.ne(r, f32x4.splat(0)));
}
