/**
 * The logistic function in f32 lanes. Error at most 4 ulp where the result is at least 2^-126; below, it is 0.
 * Over every float32 2.5 ulp.
 */
import { exp } from "./exp";

/** Below this the result is under 2^-126. */
const UNDERFLOW: f32 = -87.33654022216797;

/** 1 / (1 + e^-x); 1 for inf, 0 for -inf, NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  const y = f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
  return v128.andnot(y, f32x4.lt(x, f32x4.splat(UNDERFLOW)));
}
