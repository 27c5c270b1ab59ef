/** Adadelta (Zeiler 2012, Algorithm 1), with a learning rate as PyTorch has it. */
import { ADADELTA_EPS, ADADELTA_LOWER, ADADELTA_RAISE, ADADELTA_RHO, ADADELTA_RHO_REST, UPDATE_KEEP, UPDATE_LEAST, UPDATE_RATE } from "../abi";
import { flush, madd, nmadd } from "../math/lanes";

/**
 *   v = rho v + (1 - rho) g²,   d = sqrt(u + eps) / sqrt(v + eps) g,   u = rho u + (1 - rho) d²,   w = keep w - rate d
 * w, g, v, u: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, v, u in place; v, u start at 0.
 * s: the UPDATE_* and ADADELTA_* scalars of this step. begin, end: this share in bytes, multiples of 16.
 * Means too small to matter are flushed to 0: denormals would slow every later step.
 */
export function adadelta(w: usize, g: usize, v: usize, u: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const rho = v128.load32_splat(s, ADADELTA_RHO);
  const rest = v128.load32_splat(s, ADADELTA_RHO_REST);
  const eps = v128.load32_splat(s, ADADELTA_EPS);
  const raise = v128.load32_splat(s, ADADELTA_RAISE);
  const lower = v128.load32_splat(s, ADADELTA_LOWER);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const ui = v128.load(u + i);
    const gi = v128.load(g + i);
    const vi = madd(rest, f32x4.mul(gi, gi), f32x4.mul(rho, v128.load(v + i)));
    // One root of the quotient, not two; unless raised it falls below 2^-126 before either root is small.
    const quotient = f32x4.div(f32x4.mul(f32x4.add(ui, eps), raise), f32x4.add(vi, eps));
    const di = f32x4.mul(f32x4.mul(f32x4.sqrt(quotient), lower), gi);
    v128.store(v + i, flush(vi, least));
    v128.store(u + i, flush(madd(rest, f32x4.mul(di, di), f32x4.mul(rho, ui)), least));
    v128.store(w + i, nmadd(rate, di, f32x4.mul(keep, wi)));
  }
}
