/**
 * The yardstick of the matrix product, not a part of training: how many multiply-adds this engine can issue.
 */
import { madd } from "../math/lanes";

/**
 * `turns` turns of 12 independent chains s = f g + s of four lanes; returns a sum of all, so that nothing folds away.
 * x: f32[56], 4-byte alignment: f, g and the 12 first values, which must differ or an optimizer may merge the chains. All
 * come from memory, as engines compile a loop on constants badly.
 */
export function maddPeak(x: usize, turns: u32): f32 {
  const f = v128.load(x);
  const g = v128.load(x, 16);
  // biome-ignore format: four chains a line
  let s0 = v128.load(x, 32), s1 = v128.load(x, 48), s2 = v128.load(x, 64), s3 = v128.load(x, 80),
    s4 = v128.load(x, 96), s5 = v128.load(x, 112), s6 = v128.load(x, 128), s7 = v128.load(x, 144),
    s8 = v128.load(x, 160), s9 = v128.load(x, 176), s10 = v128.load(x, 192), s11 = v128.load(x, 208);
  // biome-ignore format: four chains a line
  for (; turns; --turns) {
    s0 = madd(f, g, s0), s1 = madd(f, g, s1), s2 = madd(f, g, s2), s3 = madd(f, g, s3);
    s4 = madd(f, g, s4), s5 = madd(f, g, s5), s6 = madd(f, g, s6), s7 = madd(f, g, s7);
    s8 = madd(f, g, s8), s9 = madd(f, g, s9), s10 = madd(f, g, s10), s11 = madd(f, g, s11);
  }
  const low = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(s4, s5));
  const high = f32x4.add(f32x4.add(f32x4.add(s6, s7), f32x4.add(s8, s9)), f32x4.add(s10, s11));
  return f32x4.extract_lane(f32x4.add(low, high), 0);
}
