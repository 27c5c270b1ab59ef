/**
 * Softmax cross-entropy of rows with few columns: the formulas of softmaxCrossEntropy.ts, with four rows in the lanes of a vector.
 * No lane is empty and none are summed, which is most of the work at 3 columns: 16 rows took 0.70 µs by whole rows (Node 26, Zen 4).
 * Lanes past a share repeat its last row: the same values go to the same place.
 */
import { exp } from "../math/exp";
import { madd, nmadd, select } from "../math/lanes";
import { log1p } from "../math/log1p";
import { flushTail } from "./elementwise";

/** Rows of at most this many columns are narrow: from 17 on, whole rows are as fast. */
export const NARROW: u32 = 16;

/** One float of each of four rows. */
// @ts-ignore: decorator
@inline
function gather(a0: usize, a1: usize, a2: usize, a3: usize): v128 {
  let v = v128.load32_zero(a0);
  v = v128.load32_lane(a1, v, 1);
  v = v128.load32_lane(a2, v, 2);
  return v128.load32_lane(a3, v, 3);
}

// @ts-ignore: decorator
@inline
function scatter(a0: usize, a1: usize, a2: usize, a3: usize, v: v128): void {
  v128.store32_lane(a0, v, 0);
  v128.store32_lane(a1, v, 1);
  v128.store32_lane(a2, v, 2);
  v128.store32_lane(a3, v, 3);
}

/** q_j = c_j (keep t_j + floor) of four rows, t_j of labels where there are any, else of rows of targets. */
// @ts-ignore: decorator
@inline
function targetWeights(
  isLabels: bool, labels: v128, targets: usize, r0: usize, r1: usize, r2: usize, r3: usize, c: usize, j: usize, keep: v128, floor: v128,
): v128 {
  const t = isLabels
    ? v128.and(f32x4.splat(1), i32x4.eq(labels, i32x4.splat(<i32>(j >> 2))))
    : gather(targets + r0 + j, targets + r1 + j, targets + r2 + j, targets + r3 + j);
  const q = madd(keep, t, floor);
  return c != 0 ? f32x4.mul(q, v128.load32_splat(c + j)) : q;
}

/** Operands as softmaxCrossEntropyLabels; `target` holds labels or rows of targets. `j` and `r` are offsets in bytes. */
export function narrowRows(
  isLabels: bool, x: usize, target: usize, weights: usize, c: usize, losses: usize, dx: usize, cols: u32, smoothing: f32, scale: f32, begin: u32, end: u32,
): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const keep = f32x4.splat(1 - smoothing);
  const floor = f32x4.splat(smoothing / <f32>cols);
  const rowBytes = (<usize>cols) << 2;
  for (let i = begin; i < end; i += 4) {
    const i0 = (<usize>i) << 2;
    const i1 = (<usize>min(i + 1, end - 1)) << 2;
    const i2 = (<usize>min(i + 2, end - 1)) << 2;
    const i3 = (<usize>min(i + 3, end - 1)) << 2;
    const r0 = i0 * cols;
    const r1 = i1 * cols;
    const r2 = i2 * cols;
    const r3 = i3 * cols;
    let m = f32x4.splat(-Infinity);
    for (let j: usize = 0; j < rowBytes; j += 4) m = f32x4.pmax(m, gather(x + r0 + j, x + r1 + j, x + r2 + j, x + r3 + j));
    const labels = isLabels ? gather(target + i0, target + i1, target + i2, target + i3) : zero;
    let rest = zero;
    let tops = i32x4.splat(-1);
    let sum = zero;
    let below = zero;
    for (let j: usize = 0; j < rowBytes; j += 4) {
      const d = f32x4.sub(m, gather(x + r0 + j, x + r1 + j, x + r2 + j, x + r3 + j));
      const e = exp(f32x4.neg(d));
      const isTop = f32x4.eq(e, one);
      const q = targetWeights(isLabels, labels, target, r0, r1, r2, r3, c, j, keep, floor);
      if (dx != 0) scatter(dx + r0 + j, dx + r1 + j, dx + r2 + j, dx + r3 + j, e);
      rest = f32x4.add(rest, v128.andnot(e, isTop));
      tops = i32x4.sub(tops, isTop);
      sum = f32x4.add(sum, q);
      below = f32x4.add(below, v128.and(f32x4.mul(q, d), f32x4.ne(q, zero))); // 0 ∞ = 0: a class without weight may have logit -∞
    }
    const others = f32x4.add(rest, f32x4.convert_i32x4_s(tops));
    scatter(losses + i0, losses + i1, losses + i2, losses + i3, f32x4.add(f32x4.mul(sum, log1p(others)), below));
    if (dx == 0) continue;
    const inverse = f32x4.div(sum, f32x4.add(one, others));
    let k = f32x4.splat(scale);
    if (weights != 0) k = f32x4.mul(k, gather(weights + i0, weights + i1, weights + i2, weights + i3));
    for (let j: usize = 0; j < rowBytes; j += 4) {
      const e = gather(dx + r0 + j, dx + r1 + j, dx + r2 + j, dx + r3 + j);
      const q = targetWeights(isLabels, labels, target, r0, r1, r2, r3, c, j, keep, floor);
      const top = nmadd(others, inverse, f32x4.sub(sum, q));
      const other = madd(e, inverse, f32x4.neg(q));
      scatter(dx + r0 + j, dx + r1 + j, dx + r2 + j, dx + r3 + j, flushTail(f32x4.mul(k, select(top, other, f32x4.eq(e, one)))));
    }
  }
}
