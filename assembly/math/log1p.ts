/**
 * ln(1 + x) in f32 lanes, relatively accurate near 0. Error at most 4 ulp; over every float32 1.5 ulp.
 * 1 + x = 2^e (1 + f) with f in [sqrt(1/2) - 1, sqrt(2) - 1); f = 2^-e x + (2^-e - 1) is formed from x itself, so the bits
 * that 1 + x loses are kept, and the rest is that of log.ts.
 */
import { select } from "./lanes";
import { logSum, SQRT_HALF_BITS } from "./log";

/** Below this ln(1 + x) rounds to x, and the squares of what is far below it are denormals, which cost a processor 100 cycles each. */
const TINY: f32 = 1.4901161193847656e-8; // 2^-26

/** ln(1 + x); ln 0 = -inf, inf for inf, NaN for x < -1 and NaN. */
// @ts-ignore: decorator
@inline
export function log1p(x: v128): v128 {
  const one = f32x4.splat(1);
  const exponent = i32x4.shr_s(i32x4.sub(f32x4.add(x, one), i32x4.splat(SQRT_HALF_BITS)), 23);
  const shift = i32x4.shl(exponent, 23);
  // 2^-e as a float; from e = 127 on its bits would not be a positive float, and 0 does as well.
  const inverse = i32x4.max_s(i32x4.sub(one, shift), i32x4.splat(0));
  // Where e is not 0, x is large enough that 2^-e x is a step of its exponent.
  const isTiny = f32x4.lt(f32x4.abs(x), f32x4.splat(TINY));
  const f = v128.andnot(f32x4.add(i32x4.sub(x, shift), f32x4.sub(inverse, one)), isTiny);
  let y = select(logSum(f32x4.convert_i32x4_s(exponent), f), x, v128.andnot(f32x4.lt(x, f32x4.splat(f32.POSITIVE_INFINITY)), isTiny));
  y = select(f32x4.splat(f32.NEGATIVE_INFINITY), y, f32x4.eq(x, f32x4.splat(-1)));
  return v128.or(y, f32x4.lt(x, f32x4.splat(-1)));
}
