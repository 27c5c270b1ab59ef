/** The proximal step of an L1 penalty (ISTA, Beck & Teboulle 2009): what no gradient gives, weights that are exactly 0. */
import { UPDATE_LEARNING_RATE } from "../abi";

/**
 * w -= min(max(w, -t), t), so sign(w) max(|w| - t, 0), with t = rate lambda; the rate from the update's scalars s.
 * w: f32, 16-byte aligned, in place; lines.
 */
export function softThreshold(w: usize, s: usize, lambda: f32, begin: usize, end: usize): void {
  const t = f32x4.splat(load<f32>(s, UPDATE_LEARNING_RATE) * lambda);
  const low = f32x4.neg(t);
  for (let i = begin; i < end; i += 16) {
    const v = v128.load(w + i);
    v128.store(w + i, f32x4.sub(v, f32x4.min(f32x4.max(v, low), t)));
  }
}
