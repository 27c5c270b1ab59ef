/**
 * What every update does to the gradient first, in the same pass: clip, then L2 decay. Not the penalties of a loss: those are
 * in g already, since the clip counts them.
 */
import { madd } from "../math/lanes";

/**
 * clamp(g scale, -limit, limit) + decay w, lane by lane; limit = Infinity clips nothing. NaN stays NaN: pmin and pmax keep their
 * first operand where a comparison fails. They are one instruction each; with min and max adam takes 1.9 times as long (V8 14.6, Zen 5).
 */
// @ts-ignore: decorator
@inline
export function clippedGradient(g: v128, w: v128, scale: v128, limit: v128, decay: v128): v128 {
  const clipped = f32x4.pmax(f32x4.pmin(f32x4.mul(g, scale), limit), f32x4.neg(limit));
  return madd(decay, w, clipped);
}
