/**
 * What every update does to the gradient first, in the same pass: clip, then L2 decay. Not the penalties of a loss: those are
 * in g already, since the clip counts them.
 */
import { UPDATE_DECAY, UPDATE_LIMIT } from "../abi";
import { madd } from "../math/lanes";

/**
 * clamp(g scale, lowest, limit) + decay w, lane by lane; lowest = -limit, and limit = Infinity clips nothing. NaN stays NaN: pmin and pmax keep their
 * first operand where a comparison fails. They are one instruction each; with min and max adam takes 1.9 times as long (V8 14.6, Zen 5).
 */
// @ts-ignore: decorator
@inline
export function clippedGradient(g: v128, w: v128, scale: v128, limit: v128, lowest: v128, decay: v128): v128 {
  const clipped = f32x4.pmax(f32x4.pmin(f32x4.mul(g, scale), limit), lowest);
  return madd(decay, w, clipped);
}

/** Whether clippedGradient would leave every gradient of this step as it is. s: the UPDATE_* scalars. */
// @ts-ignore: decorator
@inline
export function isPlain(s: usize, scale: f32): bool {
  return scale == 1 && load<f32>(s, UPDATE_LIMIT) == f32.POSITIVE_INFINITY && load<f32>(s, UPDATE_DECAY) == 0;
}
