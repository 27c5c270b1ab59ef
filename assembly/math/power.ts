/**
 * |x|^p in f32 lanes, for a fixed p > 0: no exponent of x adds to the error, as that of e^(p ln x) in float32 would grow with |ln x|.
 * Error at most 1.5 + p ulp where the result is normal; below 2^-126 it is 0, from 2^127.5 on infinite.
 * |x| = 2^e m with m in [sqrt(1/2), sqrt(2)), so |x|^p = 2^n e^r with n + r / ln2 = p e + p ln(m) / ln2. p e is exact: p is cut into
 * a part of 12 bits and a rest, and its whole number goes to n.
 */
import { exponential, LN2_HIGH, LN2_LOW, LOG2_E, ROUND } from "./exp";
import { logSum, SQRT_HALF_BITS } from "./log";
import { madd, nmadd, select } from "./lanes";

const LN2: f32 = 0.6931471805599453;

/** x: not negative. 0 stays 0, infinity and NaN stay. */
// @ts-ignore: decorator
@inline
export function power(x: v128, p: f32): v128 {
  const isSmall = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  const normal = select(f32x4.mul(x, f32x4.splat(8388608.0)), x, isSmall);
  const exponent = i32x4.shr_s(i32x4.sub(normal, i32x4.splat(SQRT_HALF_BITS)), 23);
  const f = f32x4.sub(i32x4.sub(normal, i32x4.shl(exponent, 23)), f32x4.splat(1));
  const e = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(isSmall, f32x4.splat(23)));

  const high = reinterpret<f32>(reinterpret<u32>(p) & 0xfffff000);
  const whole = f32x4.mul(f32x4.splat(high), e); // exact: 12 and 8 bits
  const n = f32x4.nearest(whole);
  const rest = madd(f32x4.splat(p - high), e, f32x4.sub(whole, n));
  const s = madd(f32x4.splat(p), logSum(f32x4.splat(0), f), f32x4.mul(rest, f32x4.splat(LN2)));
  const k = f32x4.sub(madd(s, f32x4.splat(LOG2_E), f32x4.splat(ROUND)), f32x4.splat(ROUND));
  const r = nmadd(k, f32x4.splat(LN2_LOW), nmadd(k, f32x4.splat(LN2_HIGH), s));

  const total = f32x4.add(n, k);
  let y = i32x4.add(exponential(r), i32x4.shl(f32x4.add(total, f32x4.splat(ROUND)), 23));
  y = v128.andnot(y, f32x4.lt(total, f32x4.splat(-126)));
  y = select(f32x4.splat(f32.POSITIVE_INFINITY), y, f32x4.gt(total, f32x4.splat(127)));
  y = select(y, x, f32x4.lt(x, f32x4.splat(f32.POSITIVE_INFINITY)));
  return v128.and(y, f32x4.ne(x, f32x4.splat(0)));
}
