/** Tells whether madd rounds once (fused) or twice on this engine and processor. */
import { madd } from "./math/lanes";

/** 1 if (1 + 2^-12)² - (1 + 2^-11) keeps the 2^-24 that a rounded product loses. */
export function probeFused(one: f32): u32 {
  const a = f32x4.splat(one + <f32>0.000244140625);
  const c = f32x4.splat(-one - <f32>0.00048828125);
  return f32x4.extract_lane(madd(a, a, c), 0) != 0 ? 1 : 0;
}

/** 1 if this is the binary of relaxed SIMD. */
export function usesRelaxedSimd(): u32 {
  return ASC_FEATURE_RELAXED_SIMD ? 1 : 0;
}
