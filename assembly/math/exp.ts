/**
 * e^x in f32 lanes. Error at most 2 ulp where e^x >= 2^-126; below, the result is 0.
 * Over every float32 (npm run check:ulp): 1.02 ulp.
 * x = n ln2 + r with |r| <= ln2 / 2, then e^x = 2^n (1 + r + r² q(r)); q is a minimax polynomial (Remez exchange on
 * |r| <= 0.34664, relative weight, coefficients rounded to f32 one by one and the others refitted), error 2^-28.2.
 */
import { madd, nmadd, select } from "./lanes";

/** Above this e^x rounds to infinity: the first float32 not below ln(2^128). */
const OVERFLOW: f32 = 88.72283935546875;
/** Below this e^x < 2^-126. */
const UNDERFLOW: f32 = -87.33654022216797;

/** Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits. */
export const ROUND: f32 = 12582912.0;
export const LOG2_E: f32 = 1.4426950408889634;
/** ln2 in two parts; the first has 15 bits, so n times it is exact. */
export const LN2_HIGH: f32 = 0.693145751953125;
export const LN2_LOW: f32 = 1.428606765330187e-6;

/** q(r) = (e^r - 1 - r) / r² for |r| <= ln2 / 2. */
// @ts-ignore: decorator
@inline
function expTail(r: v128): v128 {
  let q = madd(f32x4.splat(1.3838928e-3), r, f32x4.splat(8.369193e-3));
  q = madd(q, r, f32x4.splat(4.1668102e-2));
  q = madd(q, r, f32x4.splat(1.6666517e-1));
  return madd(q, r, f32x4.splat(4.9999994e-1));
}

/** e^r for |r| <= ln2 / 2. */
// @ts-ignore: decorator
@inline
export function exponential(r: v128): v128 {
  return f32x4.add(madd(f32x4.mul(r, r), expTail(r), r), f32x4.splat(1));
}

/** e^x through the exponent's bits, where neither it nor its reciprocal overflows. */
// @ts-ignore: decorator
@inline
function scaled(x: v128): v128 {
  const shifted = madd(x, f32x4.splat(LOG2_E), f32x4.splat(ROUND));
  const n = f32x4.sub(shifted, f32x4.splat(ROUND));
  const r = nmadd(n, f32x4.splat(LN2_LOW), nmadd(n, f32x4.splat(LN2_HIGH), x));
  // n reaches 128 when e^r < 1, where a factor 2^n would not exist.
  return i32x4.add(exponential(r), i32x4.shl(shifted, 23));
}

/** e^x; e^inf = inf, e^-inf = 0, NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const finite = select(scaled(x), f32x4.mul(x, f32x4.splat(f32.POSITIVE_INFINITY)), f32x4.lt(x, f32x4.splat(OVERFLOW)));
  return v128.andnot(finite, f32x4.lt(x, f32x4.splat(UNDERFLOW)));
}

/** The same for x <= 0 and NaN, which is most of what exponentials are wanted of: a sixth of exp's instructions less. */
// @ts-ignore: decorator
@inline
export function expBelow0(x: v128): v128 {
  return v128.andnot(v128.or(scaled(x), f32x4.ne(x, x)), f32x4.lt(x, f32x4.splat(UNDERFLOW)));
}
