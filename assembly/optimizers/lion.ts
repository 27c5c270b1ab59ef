/** Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms", Algorithm 2). */
import { LION_BETA1, LION_BETA1_REST, LION_BETA2, LION_BETA2_REST, UPDATE_KEEP, UPDATE_LEAST, UPDATE_RATE } from "../abi";
import { flush, madd, nmadd } from "../math/lanes";

/**
 *   w = keep w - rate sign(beta1 m + (1 - beta1) g),   m = beta2 m + (1 - beta2) g,   sign(0) = 0
 * w, g, m: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, m in place; m starts at 0.
 * s: the UPDATE_* and LION_* scalars of this step; the decay of the paper is part of keep.
 * begin, end: this share in bytes, multiples of 16.
 * Means too small to matter are flushed to 0: denormals would slow every later step.
 */
export function lion(w: usize, g: usize, m: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const beta1 = v128.load32_splat(s, LION_BETA1);
  const rest1 = v128.load32_splat(s, LION_BETA1_REST);
  const beta2 = v128.load32_splat(s, LION_BETA2);
  const rest2 = v128.load32_splat(s, LION_BETA2_REST);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const mi = v128.load(m + i);
    const gi = v128.load(g + i);
    const direction = sign(madd(rest1, gi, f32x4.mul(beta1, mi)));
    v128.store(m + i, flush(madd(rest2, gi, f32x4.mul(beta2, mi)), least));
    v128.store(w + i, nmadd(rate, direction, f32x4.mul(keep, wi)));
  }
}

/** -1, 0 or 1 in each lane; NaN stays NaN: all ones are one. */
// @ts-ignore: decorator
@inline
function sign(x: v128): v128 {
  const one = v128.or(v128.and(x, i32x4.splat(0x80000000)), f32x4.splat(1));
  return v128.or(v128.and(one, f32x4.ne(x, f32x4.splat(0))), f32x4.ne(x, x));
}
