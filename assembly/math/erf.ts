/**
 * The error function in f32 lanes, relatively accurate near 0, exactly odd.
 * Error at most 4 ulp; over every float32 2.0 ulp.
 * erf a = 1 - e^-z with z = -ln(1 - erf a) = a + a g(a) for a = |x|: one formula near 0 and in the tail. g is a minimax
 * polynomial (Remez exchange on 0 <= a <= 3.93, weighted by its effect a erfc(a) / erf(a) on the result, coefficients rounded
 * to f32 one by one and the others refitted), error 2^-27.8 of the result.
 */
import { expm1Bounded } from "./expm1";
import { madd } from "./lanes";

/** erf |x| rounds to 1 above. */
const HIGHEST: f32 = 3.93;
const SIGN: i32 = 0x80000000;

/** erf x; 1 for inf, -1 for -inf, NaN stays NaN, and a zero keeps its sign. */
// @ts-ignore: decorator
@inline
export function erf(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(SIGN));
  const a = f32x4.pmin(f32x4.abs(x), f32x4.splat(HIGHEST));
  let g = madd(f32x4.splat(-9.387438e-6), a, f32x4.splat(1.18856806e-4));
  g = madd(g, a, f32x4.splat(-6.3735014e-4));
  g = madd(g, a, f32x4.splat(1.6756593e-3));
  g = madd(g, a, f32x4.splat(-1.6949465e-4));
  g = madd(g, a, f32x4.splat(-1.9147824e-2));
  g = madd(g, a, f32x4.splat(1.02776304e-1));
  g = madd(g, a, f32x4.splat(6.3661957e-1));
  g = madd(g, a, f32x4.splat(1.2837917e-1));
  const y = expm1Bounded(f32x4.neg(madd(g, a, a)));
  return v128.or(f32x4.abs(y), sign);
}
