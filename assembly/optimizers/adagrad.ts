/** AdaGrad (Duchi, Hazan & Singer 2011), eps outside the root as PyTorch has it, or inside. */
import { ADAGRAD_EPS, ADAGRAD_EPS_INSIDE, UPDATE_KEEP, UPDATE_LEAST, UPDATE_RATE } from "../abi";
import { flush, madd } from "../math/lanes";

/**
 *   v = v + g²,   w = keep w - rate g / (sqrt(v + inside) + eps)
 * w, g, v: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros in w and g leave all pads as they are. w, v in
 * place; v starts at the initial accumulator. The decay of the rate is part of UPDATE_RATE.
 * s: the UPDATE_* and ADAGRAD_* scalars of this step. begin, end: this share in bytes, multiples of 16.
 * Sums below 2^-126 are flushed to 0: their root, 1e-19, is nothing beside eps, and denormals are slow.
 */
export function adagrad(w: usize, g: usize, v: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const eps = v128.load32_splat(s, ADAGRAD_EPS);
  const inside = v128.load32_splat(s, ADAGRAD_EPS_INSIDE);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const gi = v128.load(g + i);
    const vi = madd(gi, gi, v128.load(v + i));
    const step = f32x4.div(f32x4.mul(rate, gi), f32x4.add(f32x4.sqrt(f32x4.add(vi, inside)), eps));
    v128.store(v + i, flush(vi, least));
    v128.store(w + i, f32x4.sub(f32x4.mul(keep, wi), step));
  }
}
