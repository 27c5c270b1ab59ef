/**
 * Sums that end in one number, in float64: neither the square of a large gradient overflows nor does that of a small one become a
 * denormal, and a NaN or an infinity among the elements stays one in the sum, which the guard relies on.
 */
import { PIECE } from "../abi";
import { laneSum, madd } from "../math/lanes";

/** scale Σ x_r weights_r, rows in order. x: f32[rows]; weights: f32[rows] or 0 (ones). */
export function weightedMean(x: usize, weights: usize, rows: u32, scale: f32): f32 {
  let sum: f64 = 0;
  for (let r: usize = 0; r < (<usize>rows) << 2; r += 4) {
    sum += <f64>load<f32>(x + r) * (weights != 0 ? <f64>load<f32>(weights + r) : 1);
  }
  return <f32>(sum * <f64>scale);
}

/** Σ weights_r classWeights[labels_r], rows in order. weights: f32[rows], labels: i32[rows], classWeights: f32; each may be 0 (ones). */
export function weightTotal(weights: usize, labels: usize, classWeights: usize, rows: u32): f64 {
  let sum: f64 = 0;
  for (let r: usize = 0; r < (<usize>rows) << 2; r += 4) {
    let weight: f64 = weights != 0 ? <f64>load<f32>(weights + r) : 1;
    if (labels != 0 && classWeights != 0) weight *= <f64>load<f32>(classWeights + ((<usize>load<u32>(labels + r)) << 2));
    sum += weight;
  }
  return sum;
}

/**
 * sums[i] = Σ x² over piece i, elements PIECE i up to PIECE (i + 1) or count. x: f32[count], 4-byte aligned; sums: f64[pieces].
 * begin, end: pieces. The order of additions within a piece is fixed. =
 */
export function squareSums(x: usize, sums: usize, count: u32, begin: u32, end: u32): void {
  for (let i = begin; i < end; i++) {
    const from = <usize>i * PIECE;
    const size: usize = min<usize>(PIECE, <usize>count - from);
    store<f64>(sums + ((<usize>i) << 3), pieceSquares(x + (from << 2), x + ((from + size) << 2)));
  }
}

function pieceSquares(p: usize, end: usize): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  for (; p + 32 <= end; p += 32) {
    const a = f64x2.promote_low_f32x4(v128.load64_zero(p));
    const b = f64x2.promote_low_f32x4(v128.load64_zero(p, 8));
    const c = f64x2.promote_low_f32x4(v128.load64_zero(p, 16));
    const d = f64x2.promote_low_f32x4(v128.load64_zero(p, 24));
    s0 = f64x2.add(s0, f64x2.mul(a, a));
    s1 = f64x2.add(s1, f64x2.mul(b, b));
    s2 = f64x2.add(s2, f64x2.mul(c, c));
    s3 = f64x2.add(s3, f64x2.mul(d, d));
  }
  const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (; p < end; p += 4) {
    const v = <f64>load<f32>(p);
    sum += v * v;
  }
  return sum;
}

/**
 * sums[i] = Σ x·0 over piece i: 0 if every element is finite, else NaN. Operands as squareSums; a fraction of its time, for a
 * guard that needs no norm. =
 */
export function finiteSums(x: usize, sums: usize, count: u32, begin: u32, end: u32): void {
  for (let i = begin; i < end; i++) {
    const from = <usize>i * PIECE;
    const size: usize = min<usize>(PIECE, <usize>count - from);
    store<f64>(sums + ((<usize>i) << 3), <f64>sumOfZeros(x + (from << 2), x + ((from + size) << 2)));
  }
}

/** Whether all of x is finite. x: f32[count] at any 4-byte aligned address. */
export function areFinite(x: usize, count: u32): bool {
  return sumOfZeros(x, x + (<usize>count << 2)) == 0;
}

/** Σ x·0 from p to end. Eight sums side by side: with two each waits for the one before, 0.17 ns an element for 0.06 (Node 26, Zen 4). */
function sumOfZeros(p: usize, end: usize): f32 {
  const zero = f32x4.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
  for (; p + 128 <= end; p += 128) {
    s0 = madd(v128.load(p), zero, s0);
    s1 = madd(v128.load(p, 16), zero, s1);
    s2 = madd(v128.load(p, 32), zero, s2);
    s3 = madd(v128.load(p, 48), zero, s3);
    s4 = madd(v128.load(p, 64), zero, s4);
    s5 = madd(v128.load(p, 80), zero, s5);
    s6 = madd(v128.load(p, 96), zero, s6);
    s7 = madd(v128.load(p, 112), zero, s7);
  }
  for (; p + 16 <= end; p += 16) s0 = madd(v128.load(p), zero, s0);
  const low = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  const high = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  let sum = laneSum(f32x4.add(low, high));
  for (; p < end; p += 4) sum += load<f32>(p) * 0;
  return sum;
}

/** Σ sums[i] in order. sums: f64[pieces]. */
export function sumPieces(sums: usize, pieces: u32): f64 {
  let sum: f64 = 0;
  for (let i: u32 = 0; i < pieces; i++) sum += load<f64>(sums + ((<usize>i) << 3));
  return sum;
}
