/** AdaMax (Kingma & Ba 2015, Algorithm 2), eps inside the maximum as PyTorch has it. */
import { ADAM_BETA1, ADAM_BETA1_REST, ADAM_BETA2, ADAM_EPS, UPDATE_KEEP, UPDATE_LEAST, UPDATE_RATE } from "../abi";
import { flush, madd } from "../math/lanes";

/**
 *   m = beta1 m + (1 - beta1) g,   v = max(beta2 v, |g| + eps),   w = keep w - rate m / v
 * w, g, m, v: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros, in v of eps, stay so. w, m, v in place; m
 * starts at 0, v at eps: a first maximum with eps is the same as one with 0, and v never is 0. By pmax, as clipGradient's limits, with
 * what is new first.
 * s: the UPDATE_* and ADAM_* scalars of this step, the bias correction folded into rate.
 * begin, end: this share in bytes, multiples of 16.
 * Moments too small to matter are flushed to 0: denormals would slow every later step.
 */
export function adamax(w: usize, g: usize, m: usize, v: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const beta1 = v128.load32_splat(s, ADAM_BETA1);
  const rest1 = v128.load32_splat(s, ADAM_BETA1_REST);
  const beta2 = v128.load32_splat(s, ADAM_BETA2);
  const eps = v128.load32_splat(s, ADAM_EPS);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const gi = v128.load(g + i);
    const mi = madd(rest1, gi, f32x4.mul(beta1, v128.load(m + i)));
    const vi = f32x4.pmax(f32x4.add(f32x4.abs(gi), eps), f32x4.mul(beta2, v128.load(v + i)));
    const step = f32x4.div(f32x4.mul(rate, mi), vi);
    v128.store(m + i, flush(mi, least));
    v128.store(v + i, flush(vi, least));
    v128.store(w + i, f32x4.sub(f32x4.mul(keep, wi), step));
  }
}
