/** Adadelta (Zeiler 2012, Algorithm 1), with a learning rate as PyTorch has it. */
import { ADADELTA_EPS, ADADELTA_RHO, ADADELTA_RHO_REST, UPDATE_DECAY, UPDATE_KEEP, UPDATE_LEAST, UPDATE_LIMIT, UPDATE_RATE } from "../abi";
import { flush, madd, nmadd } from "../math/lanes";
import { clippedGradient } from "./gradient";

/**
 *   v = rho v + (1 - rho) g²,   d = sqrt(u + eps) / sqrt(v + eps) g,   u = rho u + (1 - rho) d²,   w = keep w - rate d,
 * g after clippedGradient.
 * w, g, v, u: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, v, u in place; v, u start at 0.
 * s: the UPDATE_* and ADADELTA_* scalars of this step. scale: clip by norm. begin, end: this share in bytes, multiples of 16.
 * Means too small to matter are flushed to 0: denormals would slow every later step.
 */
export function adadelta(w: usize, g: usize, v: usize, u: usize, s: usize, scale: f32, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const limit = v128.load32_splat(s, UPDATE_LIMIT);
  const lowest = f32x4.neg(limit);
  const decay = v128.load32_splat(s, UPDATE_DECAY);
  const rho = v128.load32_splat(s, ADADELTA_RHO);
  const rest = v128.load32_splat(s, ADADELTA_RHO_REST);
  const eps = v128.load32_splat(s, ADADELTA_EPS);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  const clip = f32x4.splat(scale);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const ui = v128.load(u + i);
    const gi = clippedGradient(v128.load(g + i), wi, clip, limit, lowest, decay);
    const vi = madd(rest, f32x4.mul(gi, gi), f32x4.mul(rho, v128.load(v + i)));
    // two roots, not one of the quotient: u + eps over v + eps falls below 2^-126 before either root is small
    const ratio = f32x4.div(f32x4.sqrt(f32x4.add(ui, eps)), f32x4.sqrt(f32x4.add(vi, eps)));
    const di = f32x4.mul(ratio, gi);
    v128.store(v + i, flush(vi, least));
    v128.store(u + i, flush(madd(rest, f32x4.mul(di, di), f32x4.mul(rho, ui)), least));
    v128.store(w + i, nmadd(rate, di, f32x4.mul(keep, wi)));
  }
}
