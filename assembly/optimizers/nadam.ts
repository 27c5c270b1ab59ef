/** Adam with Nesterov's momentum (Dozat 2016, Algorithm 2), as PyTorch has it. */
import {
  ADAM_BETA1,
  ADAM_BETA1_REST,
  ADAM_BETA2,
  ADAM_BETA2_REST,
  ADAM_EPS,
  ADAM_V_SCALE,
  NADAM_AHEAD,
  UPDATE_KEEP,
  UPDATE_LEAST,
  UPDATE_RATE,
} from "../abi";
import { flush, madd } from "../math/lanes";

/**
 *   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g²,   w = keep w - (rate m + ahead g) / (sqrt(v) vScale + eps)
 * w, g, m, v: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, m, v in place; m, v start at 0.
 * s: the UPDATE_*, ADAM_* and NADAM_* scalars of this step, bias corrections folded into rate, ahead and vScale.
 * begin, end: this share in bytes, multiples of 16.
 * Moments too small to matter are flushed to 0: denormals would slow every later step.
 */
export function nadam(w: usize, g: usize, m: usize, v: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const beta1 = v128.load32_splat(s, ADAM_BETA1);
  const rest1 = v128.load32_splat(s, ADAM_BETA1_REST);
  const beta2 = v128.load32_splat(s, ADAM_BETA2);
  const rest2 = v128.load32_splat(s, ADAM_BETA2_REST);
  const vScale = v128.load32_splat(s, ADAM_V_SCALE);
  const eps = v128.load32_splat(s, ADAM_EPS);
  const ahead = v128.load32_splat(s, NADAM_AHEAD);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const gi = v128.load(g + i);
    const mi = madd(rest1, gi, f32x4.mul(beta1, v128.load(m + i)));
    const vi = madd(rest2, f32x4.mul(gi, gi), f32x4.mul(beta2, v128.load(v + i)));
    const step = f32x4.div(madd(ahead, gi, f32x4.mul(rate, mi)), madd(f32x4.sqrt(vi), vScale, eps));
    v128.store(m + i, flush(mi, least));
    v128.store(v + i, flush(vi, least));
    v128.store(w + i, f32x4.sub(f32x4.mul(keep, wi), step));
  }
}
