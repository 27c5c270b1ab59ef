/**
 * Natural logarithm in f32 lanes, for every float32 including denormals. Error at most 2 ulp; over every float32 0.91 ulp.
 * x = 2^e m with m in [sqrt(1/2), sqrt(2)), f = m - 1, ln x = e ln2 + f - f²/2 + f³ p(f); p is a minimax polynomial (Remez
 * exchange on the interval of f, weighted by f³ / ln(1 + f), coefficients rounded one by one), error 2^-26.6 of the result.
 */
import { LN2_HIGH, LN2_LOW } from "./exp";
import { madd, nmadd, select } from "./lanes";

/** Bits of sqrt(1/2): subtracting them moves the border between two exponents to sqrt(1/2) 2^e. */
export const SQRT_HALF_BITS: i32 = 0x3f3504f3;
const DENORMAL_SCALE: f32 = 8388608.0; // 2^23

/** e ln2 + ln(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1) and an integer e. */
// @ts-ignore: decorator
@inline
export function logSum(e: v128, f: v128): v128 {
  let p = madd(f32x4.splat(5.2201364e-2), f, f32x4.splat(-1.0866234e-1));
  p = madd(p, f, f32x4.splat(1.2110846e-1));
  p = madd(p, f, f32x4.splat(-1.255069e-1));
  p = madd(p, f, f32x4.splat(1.4209639e-1));
  p = madd(p, f, f32x4.splat(-1.6659373e-1));
  p = madd(p, f, f32x4.splat(2.0002222e-1));
  p = madd(p, f, f32x4.splat(-2.5000167e-1));
  p = madd(p, f, f32x4.splat(3.3333313e-1));
  const square = f32x4.mul(f, f);
  // From small to large: every term but f and e ln2 is below f²/2.
  let y = madd(e, f32x4.splat(LN2_LOW), f32x4.mul(f32x4.mul(square, f), p));
  y = nmadd(square, f32x4.splat(0.5), y);
  return madd(e, f32x4.splat(LN2_HIGH), f32x4.add(f, y));
}

/** ln x; ln 0 = -inf, ln inf = inf, NaN for x < 0 and NaN. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  const isSmall = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  const normal = select(f32x4.mul(x, f32x4.splat(DENORMAL_SCALE)), x, isSmall);
  const bits = i32x4.sub(normal, i32x4.splat(SQRT_HALF_BITS));
  const exponent = i32x4.shr_s(bits, 23);
  const f = f32x4.sub(i32x4.sub(normal, i32x4.shl(exponent, 23)), f32x4.splat(1));
  const e = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(isSmall, f32x4.splat(23)));
  let y = select(logSum(e, f), x, f32x4.lt(x, f32x4.splat(f32.POSITIVE_INFINITY))); // inf and NaN stay
  y = select(f32x4.splat(f32.NEGATIVE_INFINITY), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.or(y, f32x4.lt(x, f32x4.splat(0))); // all ones is NaN
}
