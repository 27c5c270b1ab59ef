/**
 * What every update does to the gradient first, in the same pass: clip, then L2 decay. Not the penalties of a loss: those are
 * in g already, since the clip counts them.
 */
import { madd } from "../math/lanes";

/**
 * clamp(g scale, -limit, limit) + decay w, lane by lane; limit = Infinity clips nothing. NaN stays NaN: f32x4.min and max
 * hand it on.
 */
// @ts-ignore: decorator
@inline
export function clippedGradient(g: v128, w: v128, scale: v128, limit: v128, decay: v128): v128 {
  const clipped = f32x4.max(f32x4.min(f32x4.mul(g, scale), limit), f32x4.neg(limit));
  return madd(decay, w, clipped);
}
