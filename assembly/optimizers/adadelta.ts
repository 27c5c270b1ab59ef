/** Adadelta (Zeiler 2012, Algorithm 1), with a learning rate as PyTorch has it. */
import { ADADELTA_EPS, ADADELTA_LOWER, ADADELTA_RAISE, ADADELTA_RHO, ADADELTA_RHO_REST, UPDATE_DECAY, UPDATE_KEEP, UPDATE_LEAST, UPDATE_LIMIT, UPDATE_RATE } from "../abi";
import { flush, madd, nmadd } from "../math/lanes";
import { clippedGradient, isPlain } from "./gradient";

/**
 *   v = rho v + (1 - rho) g²,   d = sqrt(u + eps) / sqrt(v + eps) g,   u = rho u + (1 - rho) d²,   w = keep w - rate d,
 * g after clippedGradient.
 * w, g, v, u: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, v, u in place; v, u start at 0.
 * s: the UPDATE_* and ADADELTA_* scalars of this step. scale: clip by norm. begin, end: this share in bytes, multiples of 16.
 * Means too small to matter are flushed to 0: denormals would slow every later step.
 */
export function adadelta(w: usize, g: usize, v: usize, u: usize, s: usize, scale: f32, begin: usize, end: usize): void {
  if (isPlain(s, scale)) plainSteps(w, g, v, u, s, scale, begin, end);
  else clippedSteps(w, g, v, u, s, scale, begin, end);
}

// Functions of their own, as adam's.
function plainSteps(w: usize, g: usize, v: usize, u: usize, s: usize, scale: f32, begin: usize, end: usize): void {
  steps(true, w, g, v, u, s, scale, begin, end);
}
function clippedSteps(w: usize, g: usize, v: usize, u: usize, s: usize, scale: f32, begin: usize, end: usize): void {
  steps(false, w, g, v, u, s, scale, begin, end);
}

/** The loop, twice, as adam's: 1.0 ns a parameter without clip and decay, 1.3 with them (Node 26, Zen 4). */
// @ts-ignore: decorator
@inline
function steps(
  hasPlainGradient: bool, w: usize, g: usize, v: usize, u: usize, s: usize, scale: f32, begin: usize, end: usize,
): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const limit = v128.load32_splat(s, UPDATE_LIMIT);
  const lowest = f32x4.neg(limit);
  const decay = v128.load32_splat(s, UPDATE_DECAY);
  const rho = v128.load32_splat(s, ADADELTA_RHO);
  const rest = v128.load32_splat(s, ADADELTA_RHO_REST);
  const eps = v128.load32_splat(s, ADADELTA_EPS);
  const raise = v128.load32_splat(s, ADADELTA_RAISE);
  const lower = v128.load32_splat(s, ADADELTA_LOWER);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  const clip = f32x4.splat(scale);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const ui = v128.load(u + i);
    const raw = v128.load(g + i);
    const gi = hasPlainGradient ? raw : clippedGradient(raw, wi, clip, limit, lowest, decay);
    const vi = madd(rest, f32x4.mul(gi, gi), f32x4.mul(rho, v128.load(v + i)));
    // One root of the quotient, not two; unless raised it falls below 2^-126 before either root is small.
    const quotient = f32x4.div(f32x4.mul(f32x4.add(ui, eps), raise), f32x4.add(vi, eps));
    const di = f32x4.mul(f32x4.mul(f32x4.sqrt(quotient), lower), gi);
    v128.store(v + i, flush(vi, least));
    v128.store(u + i, flush(madd(rest, f32x4.mul(di, di), f32x4.mul(rho, ui)), least));
    v128.store(w + i, nmadd(rate, di, f32x4.mul(keep, wi)));
  }
}
