/**
 * e^x - 1 in f32 lanes, relatively accurate near 0. Error at most 4 ulp; over every float32 1.5 ulp.
 * x = n ln2 + r as in exp.ts, then e^x - 1 = 2^n (e^r - 1) + (2^n - 1); q(r) of e^r - 1 = r + r² q(r) is a minimax polynomial
 * (Remez exchange on |r| <= 0.34664, weighted by r² / (e^r - 1), coefficients rounded one by one), error 2^-28.2.
 */
import { LN2_HIGH, LN2_LOW, LOG2_E, ROUND } from "./exp";
import { madd, nmadd } from "./lanes";

/** e^x - 1 rounds to -1 below. */
const LOWEST: f32 = -18;
/** e^x overflows above. */
const HIGHEST: f32 = 89;

/** e^x - 1 for x in [-60, 89] or NaN. */
// @ts-ignore: decorator
@inline
export function expm1Bounded(x: v128): v128 {
  const shifted = madd(x, f32x4.splat(LOG2_E), f32x4.splat(ROUND));
  const n = f32x4.sub(shifted, f32x4.splat(ROUND));
  const r = nmadd(n, f32x4.splat(LN2_LOW), nmadd(n, f32x4.splat(LN2_HIGH), x));
  let q = madd(f32x4.splat(1.504591e-4), r, f32x4.splat(1.3930533e-3));
  q = madd(q, r, f32x4.splat(8.34151e-3));
  q = madd(q, r, f32x4.splat(4.166651e-2));
  q = madd(q, r, f32x4.splat(1.6666636e-1));
  q = madd(q, r, f32x4.splat(0.5));
  const y = madd(f32x4.mul(r, r), q, r);
  // Half of everything until the end: 2^128 does not exist, 2^127 does.
  const half = i32x4.add(i32x4.shl(shifted, 23), f32x4.splat(0.5));
  const sum = madd(y, half, f32x4.sub(half, f32x4.splat(0.5)));
  return f32x4.add(sum, sum);
}

/** e^x - 1; inf for inf, -1 for -inf, NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  // pmin and pmax take the first operand when it is NaN.
  return expm1Bounded(f32x4.pmax(f32x4.pmin(x, f32x4.splat(HIGHEST)), f32x4.splat(LOWEST)));
}
