/** Penalties, into the gradient; their values as sums per piece, to be added by sumPieces of reduce.ts. */
import { PIECE } from "../abi";
import { madd } from "../math/lanes";
import { power } from "../math/power";
import { Four, One } from "./elementwise";

/**
 * The elastic net: g += slope sign(w) + l2 w, sign(0) = 0; sums[i] = Σ |w| (l1 + l2/2 |w|) over piece i, in float64. slope is l1, or
 * 0 where softThreshold takes the place of the gradient.
 * w, g: f32[count], 4-byte aligned; sums: f64[pieces]. begin, end: pieces of PIECE elements; nothing past count is touched.
 */
export function penaltyGrad(w: usize, g: usize, sums: usize, l1: f32, l2: f32, slope: f32, count: u32, begin: u32, end: u32): void {
  sumPieces<ElasticNet>(w, g, sums, l1, l2, slope, count, begin, end);
}

/**
 * A power: g += factor sign(w) |w|^p, p > 0; sums[i] = Σ factor / (p + 1) |w|^(p + 1) over piece i, its products in float64.
 * Operands as penaltyGrad's. Error of power(): 1.5 + p ulp.
 */
export function powerPenaltyGrad(w: usize, g: usize, sums: usize, factor: f32, p: f32, count: u32, begin: u32, end: u32): void {
  sumPieces<Power>(w, g, sums, factor, p, 0, count, begin, end);
}

// @ts-ignore: decorator
@inline
function sumPieces<P>(w: usize, g: usize, sums: usize, p: f32, q: f32, r: f32, count: u32, begin: u32, end: u32): void {
  for (let i = begin; i < end; i++) {
    const from = i * PIECE;
    const stop = <usize>(from + min(count - from, PIECE)) << 2;
    let at = <usize>from << 2;
    let sum = f64x2.splat(0);
    for (; at + 16 <= stop; at += 16) sum = f64x2.add(sum, changetype<P>(0).four(w + at, g + at, p, q, r));
    for (; at < stop; at += 4) sum = f64x2.add(sum, changetype<P>(0).one(w + at, g + at, p, q, r));
    store<f64>(sums + (<usize>i << 3), f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}

/** The gradient of the lanes at w into g; returns their values in two sums. */
// @ts-ignore: decorator
@final
class ElasticNet {
  // @ts-ignore: decorator
  @inline
  four(w: usize, g: usize, l1: f32, l2: f32, slope: f32): v128 {
    return addElasticNet<Four>(w, g, l1, l2, slope);
  }
  // @ts-ignore: decorator
  @inline
  one(w: usize, g: usize, l1: f32, l2: f32, slope: f32): v128 {
    return addElasticNet<One>(w, g, l1, l2, slope);
  }
}

// @ts-ignore: decorator
@final
class Power {
  // @ts-ignore: decorator
  @inline
  four(w: usize, g: usize, factor: f32, p: f32, _: f32): v128 {
    return addPower<Four>(w, g, factor, p);
  }
  // @ts-ignore: decorator
  @inline
  one(w: usize, g: usize, factor: f32, p: f32, _: f32): v128 {
    return addPower<One>(w, g, factor, p);
  }
}

// @ts-ignore: decorator
@inline
function addElasticNet<L>(w: usize, g: usize, l1: f32, l2: f32, slope: f32): v128 {
  const v = changetype<L>(0).load(w);
  const sign = v128.and(v128.xor(f32x4.splat(slope), signOf(v)), f32x4.ne(v, f32x4.splat(0)));
  changetype<L>(0).store(g, madd(f32x4.splat(l2), v, f32x4.add(changetype<L>(0).load(g), sign)));
  const a = f32x4.abs(v);
  return f64x2.add(elasticNet(f64x2.promote_low_f32x4(a), <f64>l1, <f64>l2), elasticNet(high(a), <f64>l1, <f64>l2));
}

// @ts-ignore: decorator
@inline
function elasticNet(a: v128, l1: f64, l2: f64): v128 {
  return f64x2.mul(a, f64x2.add(f64x2.splat(l1), f64x2.mul(f64x2.splat(0.5 * l2), a)));
}

// @ts-ignore: decorator
@inline
function addPower<L>(w: usize, g: usize, factor: f32, p: f32): v128 {
  const v = changetype<L>(0).load(w);
  const a = f32x4.abs(v);
  const y = powerOf(a, p);
  changetype<L>(0).store(g, madd(f32x4.splat(factor), v128.xor(y, signOf(v)), changetype<L>(0).load(g)));
  const low = f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(y));
  const sum = f64x2.add(low, f64x2.mul(high(a), high(y)));
  return f64x2.mul(sum, f64x2.splat(<f64>factor / (<f64>p + 1)));
}

/** power, not inlined: it is large and stands in both loops. */
function powerOf(a: v128, p: f32): v128 {
  return power(a, p);
}

// @ts-ignore: decorator
@inline
function signOf(v: v128): v128 {
  return v128.and(v, f32x4.splat(-0.0));
}

/** Lanes 2 and 3 in float64. */
// @ts-ignore: decorator
@inline
function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
}
