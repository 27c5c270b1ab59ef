/**
 * What a gradient goes through before a rule sees it: the clip, then L2 decay. Not the penalties of a loss: those are in g
 * already, since the clip counts them. Most steps have neither, and a rule whose loop did both at once would be slower in all of
 * them, by half for some (Node 26, Zen 4); so this is a loop of its own.
 */
import { UPDATE_DECAY, UPDATE_LIMIT } from "../abi";
import { madd } from "../math/lanes";

/** Whether clipGradient would leave every gradient of this step as it is. s: the UPDATE_* scalars. scale: clip by norm. */
export function isPlain(s: usize, scale: f32): bool {
  return scale == 1 && load<f32>(s, UPDATE_LIMIT) == f32.POSITIVE_INFINITY && load<f32>(s, UPDATE_DECAY) == 0;
}

/**
 * y = clamp(g scale, -limit, limit) + decay w; limit = Infinity clips nothing.
 * w, g, y: f32[n], 16-byte aligned, padded to whole vectors. s: the UPDATE_* scalars of this step. scale: clip by norm.
 * begin, end: this share in bytes, multiples of 16.
 * NaN stays NaN: pmin and pmax keep their first operand where a comparison fails. They are one instruction each, where min and max
 * are six (V8 14.6).
 */
export function clipGradient(w: usize, g: usize, y: usize, s: usize, scale: f32, begin: usize, end: usize): void {
  const limit = v128.load32_splat(s, UPDATE_LIMIT);
  const lowest = f32x4.neg(limit);
  const decay = v128.load32_splat(s, UPDATE_DECAY);
  const clip = f32x4.splat(scale);
  for (let i = begin; i < end; i += 16) {
    const clipped = f32x4.pmax(f32x4.pmin(f32x4.mul(v128.load(g + i), clip), limit), lowest);
    v128.store(y + i, madd(decay, v128.load(w + i), clipped));
  }
}
