/** The elastic-net penalty l1 Σ|w| + l2/2 Σw², into the gradient; its value as sums per piece, to be added by sumPieces of reduce.ts. */
import { PIECE } from "../abi";
import { madd } from "../math/lanes";
import { Four, One } from "./elementwise";

/**
 * g += l1 sign(w) + l2 w, sign(0) = 0; sums[i] = Σ |w| (l1 + l2/2 |w|) over piece i, in float64.
 * w, g: f32[count], 4-byte aligned; sums: f64[pieces]. begin, end: pieces of PIECE elements; nothing past count is touched.
 */
export function penaltyGrad(w: usize, g: usize, sums: usize, l1: f32, l2: f32, count: u32, begin: u32, end: u32): void {
  for (let i = begin; i < end; i++) {
    const from = i * PIECE;
    const stop = <usize>(from + min(count - from, PIECE)) << 2;
    let at = <usize>from << 2;
    let sum = f64x2.splat(0);
    for (; at + 16 <= stop; at += 16) sum = f64x2.add(sum, penalize<Four>(w + at, g + at, l1, l2));
    for (; at < stop; at += 4) sum = f64x2.add(sum, penalize<One>(w + at, g + at, l1, l2));
    store<f64>(sums + (<usize>i << 3), f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}

/** The gradient of the lanes at w into g; returns their values in two sums. */
// @ts-ignore: decorator
@inline
function penalize<L>(w: usize, g: usize, l1: f32, l2: f32): v128 {
  const v = changetype<L>(0).load(w);
  const sign = v128.and(v128.xor(f32x4.splat(l1), v128.and(v, f32x4.splat(-0.0))), f32x4.ne(v, f32x4.splat(0)));
  changetype<L>(0).store(g, madd(f32x4.splat(l2), v, f32x4.add(changetype<L>(0).load(g), sign)));
  const a = f32x4.abs(v);
  const b = i8x16.shuffle(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
  return f64x2.add(elasticNet(f64x2.promote_low_f32x4(a), <f64>l1, <f64>l2), elasticNet(f64x2.promote_low_f32x4(b), <f64>l1, <f64>l2));
}

// @ts-ignore: decorator
@inline
function elasticNet(a: v128, l1: f64, l2: f64): v128 {
  return f64x2.mul(a, f64x2.add(f64x2.splat(l1), f64x2.mul(f64x2.splat(0.5 * l2), a)));
}
