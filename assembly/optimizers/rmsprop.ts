/**
 * RMSProp (Tieleman & Hinton 2012, lecture 6.5), eps outside the root as PyTorch has it, or inside, and its variants: with
 * momentum, and centered (Graves 2013). In all four q stands for the mean square or variance:
 *   not centered   v = alpha v + (1 - alpha) g²,   q = v
 *   centered       v = alpha (v + (1 - alpha) (g - m)²),   m = m + (1 - alpha) (g - m),   q = v
 * The centered v is the variance itself. Graves and PyTorch keep the mean square and subtract m² from it: the same number,
 * but where gradients hardly change the difference is rounding noise, even negative, and its root NaN.
 * Slots start at 0; those that decay below 2^-126 are flushed to 0, since denormals would slow every later step.
 */
import {
  RMSPROP_ALPHA,
  RMSPROP_ALPHA_REST,
  RMSPROP_EPS,
  RMSPROP_EPS_INSIDE,
  RMSPROP_MOMENTUM,
  UPDATE_KEEP,
  UPDATE_LEAST,
  UPDATE_RATE,
} from "../abi";
import { flush, madd, nmadd } from "../math/lanes";

/**
 * w = keep w - rate g / (sqrt(q + inside) + eps), q = v the mean square.
 * w, g, v: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, v in place.
 * s: the UPDATE_* and RMSPROP_* scalars of this step. begin, end: this share in bytes, multiples of 16.
 */
export function rmsprop(w: usize, g: usize, v: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const alpha = v128.load32_splat(s, RMSPROP_ALPHA);
  const rest = v128.load32_splat(s, RMSPROP_ALPHA_REST);
  const eps = v128.load32_splat(s, RMSPROP_EPS);
  const inside = v128.load32_splat(s, RMSPROP_EPS_INSIDE);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const gi = v128.load(g + i);
    const vi = blendSquare(v128.load(v + i), gi, alpha, rest);
    const step = f32x4.div(f32x4.mul(rate, gi), f32x4.add(f32x4.sqrt(f32x4.add(vi, inside)), eps));
    v128.store(v + i, flush(vi, least));
    v128.store(w + i, f32x4.sub(f32x4.mul(keep, wi), step));
  }
}

/**
 * u = momentum u + g / (sqrt(q + inside) + eps),   w = keep w - rate u,   q = v the mean square.
 * w, g, v, u: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, v, u in place.
 * s: the UPDATE_* and RMSPROP_* scalars of this step. begin, end: this share in bytes, multiples of 16.
 */
export function rmspropMomentum(w: usize, g: usize, v: usize, u: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const alpha = v128.load32_splat(s, RMSPROP_ALPHA);
  const rest = v128.load32_splat(s, RMSPROP_ALPHA_REST);
  const eps = v128.load32_splat(s, RMSPROP_EPS);
  const inside = v128.load32_splat(s, RMSPROP_EPS_INSIDE);
  const momentum = v128.load32_splat(s, RMSPROP_MOMENTUM);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const gi = v128.load(g + i);
    const vi = blendSquare(v128.load(v + i), gi, alpha, rest);
    const ui = madd(momentum, v128.load(u + i), f32x4.div(gi, f32x4.add(f32x4.sqrt(f32x4.add(vi, inside)), eps)));
    v128.store(v + i, flush(vi, least));
    v128.store(u + i, flush(ui, least));
    v128.store(w + i, nmadd(rate, ui, f32x4.mul(keep, wi)));
  }
}

/**
 * w = keep w - rate g / (sqrt(q + inside) + eps), q = v the variance around the mean gradient m.
 * w, g, m, v: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, m, v in place.
 * s: the UPDATE_* and RMSPROP_* scalars of this step. begin, end: this share in bytes, multiples of 16.
 */
export function rmspropCentered(w: usize, g: usize, m: usize, v: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const alpha = v128.load32_splat(s, RMSPROP_ALPHA);
  const rest = v128.load32_splat(s, RMSPROP_ALPHA_REST);
  const eps = v128.load32_splat(s, RMSPROP_EPS);
  const inside = v128.load32_splat(s, RMSPROP_EPS_INSIDE);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const mi = v128.load(m + i);
    const gi = v128.load(g + i);
    const off = f32x4.sub(gi, mi);
    const vi = blendVariance(v128.load(v + i), off, alpha, rest);
    const step = f32x4.div(f32x4.mul(rate, gi), f32x4.add(f32x4.sqrt(f32x4.add(vi, inside)), eps));
    v128.store(m + i, flush(madd(rest, off, mi), least));
    v128.store(v + i, flush(vi, least));
    v128.store(w + i, f32x4.sub(f32x4.mul(keep, wi), step));
  }
}

/**
 * u = momentum u + g / (sqrt(q + inside) + eps),   w = keep w - rate u,   q = v the variance around the mean gradient m.
 * w, g, m, v, u: f32[n], 16-byte aligned, padded to whole vectors; pads of zeros stay zeros. w, m, v, u in place.
 * s: the UPDATE_* and RMSPROP_* scalars of this step. begin, end: this share in bytes, multiples of 16.
 */
export function rmspropCenteredMomentum(w: usize, g: usize, m: usize, v: usize, u: usize, s: usize, begin: usize, end: usize): void {
  const keep = v128.load32_splat(s, UPDATE_KEEP);
  const rate = v128.load32_splat(s, UPDATE_RATE);
  const alpha = v128.load32_splat(s, RMSPROP_ALPHA);
  const rest = v128.load32_splat(s, RMSPROP_ALPHA_REST);
  const eps = v128.load32_splat(s, RMSPROP_EPS);
  const inside = v128.load32_splat(s, RMSPROP_EPS_INSIDE);
  const momentum = v128.load32_splat(s, RMSPROP_MOMENTUM);
  const least = v128.load32_splat(s, UPDATE_LEAST);
  for (let i = begin; i < end; i += 16) {
    const wi = v128.load(w + i);
    const mi = v128.load(m + i);
    const gi = v128.load(g + i);
    const off = f32x4.sub(gi, mi);
    const vi = blendVariance(v128.load(v + i), off, alpha, rest);
    const ui = madd(momentum, v128.load(u + i), f32x4.div(gi, f32x4.add(f32x4.sqrt(f32x4.add(vi, inside)), eps)));
    v128.store(m + i, flush(madd(rest, off, mi), least));
    v128.store(v + i, flush(vi, least));
    v128.store(u + i, flush(ui, least));
    v128.store(w + i, nmadd(rate, ui, f32x4.mul(keep, wi)));
  }
}

/** alpha v + rest g² */
// @ts-ignore: decorator
@inline
function blendSquare(v: v128, g: v128, alpha: v128, rest: v128): v128 {
  return madd(rest, f32x4.mul(g, g), f32x4.mul(alpha, v));
}

/** alpha (v + rest off²), for off = g - m with the mean before this step. */
// @ts-ignore: decorator
@inline
function blendVariance(v: v128, off: v128, alpha: v128, rest: v128): v128 {
  return f32x4.mul(alpha, madd(rest, f32x4.mul(off, off), v));
}
