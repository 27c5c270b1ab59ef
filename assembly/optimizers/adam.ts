/**
 * Adam (Kingma & Ba 2015, Algorithm 1) and AMSGrad (Reddi, Kale & Kumar 2018). AdamW (Loshchilov & Hutter 2019) is the same
 * kernel: there keep carries the decay, here it is in g already, by UPDATE_DECAY.
 */
import {
  ADAM_BETA1,
  ADAM_BETA1_REST,
  ADAM_BETA2,
  ADAM_BETA2_REST,
  ADAM_EPS,
  ADAM_V_SCALE,
  UPDATE_KEEP,
  UPDATE_LEAST,
  UPDATE_RATE,
} from "../abi";
import { flush, madd } from "../math/lanes";

/**
 *   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g²,   w = keep w - rate m / (sqrt(v) vScale + eps)
 * w, g, m, v: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, m, v in place; m, v start at 0.
 * s: the UPDATE_* and ADAM_* scalars of this step, bias corrections folded into rate and vScale.
 * begin, end: this share in bytes, multiples of 16.
 * Moments too small to matter are flushed to 0: denormals would slow every later step.
 */
export function adam(w: usize, g: usize, m: usize, v: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const beta1 = v128.load32_splat(s, ADAM_BETA1);
  const rest1 = v128.load32_splat(s, ADAM_BETA1_REST);
  const beta2 = v128.load32_splat(s, ADAM_BETA2);
  const rest2 = v128.load32_splat(s, ADAM_BETA2_REST);
  const vScale = v128.load32_splat(s, ADAM_V_SCALE);
  const eps = v128.load32_splat(s, ADAM_EPS);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const gi = v128.load(g + i);
    const mi = madd(rest1, gi, f32x4.mul(beta1, v128.load(m + i)));
    const vi = madd(rest2, f32x4.mul(gi, gi), f32x4.mul(beta2, v128.load(v + i)));
    const step = f32x4.div(f32x4.mul(rate, mi), madd(f32x4.sqrt(vi), vScale, eps));
    v128.store(m + i, flush(mi, least));
    v128.store(v + i, flush(vi, least));
    v128.store(w + i, f32x4.sub(f32x4.mul(keep, wi), step));
  }
}

/**
 *   m, v as adam,   u = max(u, v),   w = keep w - rate m / (sqrt(u) vScale + eps)
 * u is the largest v so far, before bias correction, as PyTorch has it; by pmax, as clipGradient's limits, with what is new first.
 * w, g, m, v, u: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, m, v, u in place; m, v, u start
 * at 0. s: the UPDATE_* and ADAM_* scalars of this step. begin, end: this share in bytes, multiples of 16.
 */
export function adamAmsgrad(w: usize, g: usize, m: usize, v: usize, u: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const beta1 = v128.load32_splat(s, ADAM_BETA1);
  const rest1 = v128.load32_splat(s, ADAM_BETA1_REST);
  const beta2 = v128.load32_splat(s, ADAM_BETA2);
  const rest2 = v128.load32_splat(s, ADAM_BETA2_REST);
  const vScale = v128.load32_splat(s, ADAM_V_SCALE);
  const eps = v128.load32_splat(s, ADAM_EPS);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const gi = v128.load(g + i);
    const mi = madd(rest1, gi, f32x4.mul(beta1, v128.load(m + i)));
    const vi = madd(rest2, f32x4.mul(gi, gi), f32x4.mul(beta2, v128.load(v + i)));
    const ui = f32x4.pmax(vi, v128.load(u + i));
    const step = f32x4.div(f32x4.mul(rate, mi), madd(f32x4.sqrt(ui), vScale, eps));
    v128.store(m + i, flush(mi, least));
    v128.store(v + i, flush(vi, least));
    v128.store(u + i, flush(ui, least));
    v128.store(w + i, f32x4.sub(f32x4.mul(keep, wi), step));
  }
}
