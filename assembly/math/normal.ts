/**
 * Normal deviates from random words: the inverse normal distribution of u = (word + 1/2) / 2^32, one word, one deviate.
 * u is never 0 or 1, and words w and ~w give opposite deviates, so the mean is 0 up to chance. Largest deviate: 6.34.
 * With x = 2u - 1 and v = -ln(1 - x²), z = x p(v) (the substitution of Giles 2010 for erf's inverse). p is a polynomial in
 * v - 2.5 for v <= 5 and one in sqrt(v) - 3.437 beyond, both minimax in z (Lawson's reweighted least squares, float64).
 * Absolute error of z at most 2e-6 (1.3e-6 seen over 2^25 words), rounding included.
 */
import { madd, select } from "./lanes";
import { log } from "./log";

const TAIL: f32 = 5;
/** Probability of |z| < 2. */
const WITHIN_TWO: f32 = 0.9544997361036416;

/** z / x for v = -ln(1 - x²) in [0, 5], error 2.7e-7 of z. */
// @ts-ignore: decorator
@inline
function central(v: v128): v128 {
  const s = f32x4.sub(v, f32x4.splat(2.5));
  let p = madd(f32x4.splat(4.9912705e-7), s, f32x4.splat(-4.522268e-6));
  p = madd(p, s, f32x4.splat(-6.3243792e-6));
  p = madd(p, s, f32x4.splat(3.0746925e-4));
  p = madd(p, s, f32x4.splat(-1.7727871e-3));
  p = madd(p, s, f32x4.splat(-5.9062694e-3));
  p = madd(p, s, f32x4.splat(3.4880257e-1));
  return madd(p, s, f32x4.splat(2.1233132));
}

/** The same for v in [5, 21.5], error 4e-7 of z. */
// @ts-ignore: decorator
@inline
function tail(v: v128): v128 {
  const s = f32x4.sub(f32x4.sqrt(v), f32x4.splat(3.437));
  let p = madd(f32x4.splat(5.6548684e-5), s, f32x4.splat(-4.5129536e-6));
  p = madd(p, s, f32x4.splat(-4.407033e-4));
  p = madd(p, s, f32x4.splat(9.084872e-4));
  p = madd(p, s, f32x4.splat(-1.17758e-3));
  p = madd(p, s, f32x4.splat(1.8136875e-3));
  p = madd(p, s, f32x4.splat(-3.3605576e-3));
  p = madd(p, s, f32x4.splat(5.238323e-3));
  p = madd(p, s, f32x4.splat(1.4240153));
  return madd(p, s, f32x4.splat(4.627356));
}

/** How far a word is from the middle, from 0 to 2^31 - 1: that of w and of ~w are the same. */
// @ts-ignore: decorator
@inline
function fromMiddle(words: v128): v128 {
  const centred = v128.xor(words, i32x4.splat(0x80000000));
  return v128.xor(centred, i32x4.shr_s(centred, 31));
}

/** x = 2u - 1 for u = (word + 1/2) / 2^32; relatively exact to half an ulp or so near 0. */
// @ts-ignore: decorator
@inline
function symmetric(words: v128, middle: v128): v128 {
  const size = f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(middle), f32x4.splat(0.5)), f32x4.splat(4.656612873077393e-10)); // 2^-31
  return v128.or(size, v128.andnot(i32x4.splat(0x80000000), words)); // words below 2^31 are the negative half
}

/** Standard normal deviates of four random words. */
// @ts-ignore: decorator
@inline
export function normal(words: v128): v128 {
  const middle = fromMiddle(words);
  // The smaller of u and 1 - u, taken from the word's other end: 1 - |x| would have lost its bits.
  const end = v128.xor(middle, i32x4.splat(0x7fffffff));
  const q = f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(end), f32x4.splat(0.5)), f32x4.splat(2.3283064365386963e-10)); // 2^-32
  const v = f32x4.neg(log(f32x4.mul(f32x4.mul(q, f32x4.splat(4)), f32x4.sub(f32x4.splat(1), q)))); // 1 - x² = 4 q (1 - q)
  let p = central(v);
  const isTail = f32x4.gt(v, f32x4.splat(TAIL));
  if (v128.any_true(isTail)) p = select(tail(v), p, isTail); // one vector of 74; the same bits with or without the branch
  return f32x4.mul(symmetric(words, middle), p);
}

/** Deviates of the standard normal distribution cut to [-2, 2]: u is mapped onto the probability between the two. */
// @ts-ignore: decorator
@inline
export function truncatedNormal(words: v128): v128 {
  const one = f32x4.splat(1);
  const x = f32x4.mul(symmetric(words, fromMiddle(words)), f32x4.splat(WITHIN_TWO));
  const v = f32x4.neg(log(f32x4.mul(f32x4.sub(one, x), f32x4.add(one, x)))); // at most 2.42, never in the tail
  return f32x4.mul(x, central(v)); // 1.9999996 at the last words: rounding does not reach 2
}
