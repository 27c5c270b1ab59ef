/**
 * Losses of rows that are sums over their elements, each with its gradient: losses[r] = factor Σ_j f(x_rj, target_rj),
 * dx_rj = scale weights_r factor f'(x_rj, target_rj). Not the mean over rows, which is weightedMean of reduce.ts.
 * x, target, dx: f32[rows, cols], 4-byte aligned; dx may be x, or 0 for the losses alone. weights: f32[rows] or 0 (ones).
 * losses: f32[rows]. p: f's own parameter. begin, end: rows; nothing outside them is written. All results are =.
 */
import { expBelow0 } from "../math/exp";
import { expm1 } from "../math/expm1";
import { laneSum, madd, nmadd, select } from "../math/lanes";
import { log } from "../math/log";
import { log1p } from "../math/log1p";
import { tanh } from "../math/tanh";
import { flushTail, loadUpTo, storeUpTo } from "./elementwise";

const LN2: f32 = 0.6931471805599453;

/** e²/2 where |e| <= p, else p (|e| - p/2), e = x - target (Huber 1964). fill(), here and below: what missing lanes hold, where f is 0. */
// @ts-ignore: decorator
@final
class Huber {
  // @ts-ignore: decorator
  @inline
  fill(): f32 {
    return 0;
  }
  // @ts-ignore: decorator
  @inline
  value(x: v128, target: v128, p: v128): v128 {
    const a = f32x4.abs(f32x4.sub(x, target));
    const half = f32x4.splat(0.5);
    const inside = f32x4.mul(half, f32x4.mul(a, a));
    return select(f32x4.mul(p, nmadd(half, p, a)), inside, f32x4.gt(a, p));
  }
  // @ts-ignore: decorator
  @inline
  slope(x: v128, target: v128, p: v128, k: v128): v128 {
    const e = f32x4.sub(x, target);
    return f32x4.mul(k, f32x4.max(f32x4.min(e, p), f32x4.neg(p)));
  }
}

/** log1p, not inlined: it is large and ln cosh takes it twice. */
function logOf1Plus(x: v128): v128 {
  return log1p(x);
}

/** ln cosh e. Below 1 by log1p of m² / (2 + 2m), m = e^|e| - 1, which keeps the digits of e²/2; above without overflow. */
// @ts-ignore: decorator
@final
class LogCosh {
  // @ts-ignore: decorator
  @inline
  fill(): f32 {
    return 0;
  }
  // @ts-ignore: decorator
  @inline
  value(x: v128, target: v128, p: v128): v128 {
    const a = f32x4.abs(f32x4.sub(x, target));
    const isSmall = f32x4.lt(a, f32x4.splat(1));
    const m = expm1(a);
    const near = logOf1Plus(f32x4.div(f32x4.mul(m, m), madd(f32x4.splat(2), m, f32x4.splat(2))));
    const far = f32x4.add(f32x4.sub(a, f32x4.splat(LN2)), logOf1Plus(expBelow0(f32x4.mul(f32x4.splat(-2), a))));
    return select(near, far, isSmall);
  }
  // @ts-ignore: decorator
  @inline
  slope(x: v128, target: v128, p: v128, k: v128): v128 {
    return f32x4.mul(k, tanh(f32x4.sub(x, target)));
  }
}

/** max(0, p - t x), t = 1 where target > 0, else -1. At the kink the slope is 0. */
// @ts-ignore: decorator
@final
class Hinge {
  // @ts-ignore: decorator
  @inline
  fill(): f32 {
    return -3e38;
  }
  // @ts-ignore: decorator
  @inline
  value(x: v128, target: v128, p: v128): v128 {
    const zero = f32x4.splat(0);
    return f32x4.max(zero, f32x4.sub(p, select(x, f32x4.neg(x), f32x4.gt(target, zero))));
  }
  // @ts-ignore: decorator
  @inline
  slope(x: v128, target: v128, p: v128, k: v128): v128 {
    const isPositive = f32x4.gt(target, f32x4.splat(0));
    const left = f32x4.sub(p, select(x, f32x4.neg(x), isPositive));
    return v128.and(select(f32x4.neg(k), k, isPositive), f32x4.gt(left, f32x4.splat(0)));
  }
}

/** target (ln target - x), x being the logarithm of a probability; 0 where target is 0. */
// @ts-ignore: decorator
@final
class Divergence {
  // @ts-ignore: decorator
  @inline
  fill(): f32 {
    return 0;
  }
  // @ts-ignore: decorator
  @inline
  value(x: v128, target: v128, p: v128): v128 {
    return v128.and(f32x4.mul(target, f32x4.sub(log(target), x)), f32x4.ne(target, f32x4.splat(0)));
  }
  // @ts-ignore: decorator
  @inline
  slope(x: v128, target: v128, p: v128, k: v128): v128 {
    return f32x4.neg(f32x4.mul(k, target));
  }
}

// @ts-ignore: decorator
@inline
function rows<F>(
  x: usize, target: usize, weights: usize, losses: usize, dx: usize, cols: u32, p: f32, factor: f32, scale: f32, begin: u32, end: u32,
): void {
  const fill = f32x4.splat(changetype<F>(0).fill());
  const q = f32x4.splat(p);
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    const k = f32x4.splat(weights != 0 ? scale * factor * load<f32>(weights + (<usize>i << 2)) : scale * factor);
    let sum = f32x4.splat(0);
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      const u = loadUpTo(x + at, cols - j, fill);
      const t = loadUpTo(target + at, cols - j, fill);
      sum = f32x4.add(sum, changetype<F>(0).value(u, t, q));
      if (dx != 0) storeUpTo(dx + at, cols - j, flushTail(changetype<F>(0).slope(u, t, q, k)));
    }
    store<f32>(losses + (<usize>i << 2), laneSum(sum) * factor);
  }
}

/** f = Huber's function of x - target with delta p. */
export function huberError(
  x: usize, target: usize, weights: usize, losses: usize, dx: usize, cols: u32, p: f32, factor: f32, scale: f32, begin: u32, end: u32,
): void {
  rows<Huber>(x, target, weights, losses, dx, cols, p, factor, scale, begin, end);
}

/** f = ln cosh(x - target); p is not read. */
export function logCoshError(
  x: usize, target: usize, weights: usize, losses: usize, dx: usize, cols: u32, p: f32, factor: f32, scale: f32, begin: u32, end: u32,
): void {
  rows<LogCosh>(x, target, weights, losses, dx, cols, p, factor, scale, begin, end);
}

/** f = max(0, p - t x); targets above 0 are the class t = 1, others -1. */
export function hingeError(
  x: usize, target: usize, weights: usize, losses: usize, dx: usize, cols: u32, p: f32, factor: f32, scale: f32, begin: u32, end: u32,
): void {
  rows<Hinge>(x, target, weights, losses, dx, cols, p, factor, scale, begin, end);
}

/** f = target (ln target - x), x log-probabilities; p is not read. */
export function klDivergence(
  x: usize, target: usize, weights: usize, losses: usize, dx: usize, cols: u32, p: f32, factor: f32, scale: f32, begin: u32, end: u32,
): void {
  rows<Divergence>(x, target, weights, losses, dx, cols, p, factor, scale, begin, end);
}
