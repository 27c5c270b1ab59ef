/**
 * Softmax cross-entropy of rows with few columns: the formulas of softmaxCrossEntropy.ts, with four rows in the lanes of a vector.
 * No lane is empty and none are summed, which is most of the work at 3 columns: 16 rows took 0.70 µs by whole rows (Node 26, Zen 4).
 * Lanes past a share repeat its last row: the same values go to the same place.
 */
import { expBelow0 } from "../math/exp";
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

/**
 * Operands as softmaxCrossEntropyLabels; `target` holds labels or rows of targets. `j` and `r` are offsets in bytes.
 * scratch: f32x4[2 cols], of each column the logits, then the exponentials, and the weights of the targets: to gather each from its
 * four rows once more took a fifth of the time.
 */
export function narrowRows(
  isLabels: bool, x: usize, target: usize, weights: usize, c: usize, losses: usize, dx: usize, cols: u32, smoothing: f32, scale: f32,
  scratch: usize, begin: u32, end: u32,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const keep = f32x4.splat(1 - smoothing), floor = f32x4.splat(smoothing / <f32>cols);
  const rowBytes = (<usize>cols) << 2, stop = (<usize>end) << 2, last = stop - 4;
  for (let i0 = (<usize>begin) << 2; i0 < stop; i0 += 16) {
    const i1 = min(i0 + 4, last), i2 = min(i0 + 8, last), i3 = min(i0 + 12, last);
    const r0 = i0 * cols, r1 = i1 * cols, r2 = i2 * cols, r3 = i3 * cols;
    let m = f32x4.splat(-Infinity);
    for (let j: usize = 0, at = scratch; j < rowBytes; j += 4, at += 32) {
      const v = gather(x + r0 + j, x + r1 + j, x + r2 + j, x + r3 + j);
      v128.store(at, v);
      m = f32x4.pmax(m, v);
    }
    const labels = isLabels ? gather(target + i0, target + i1, target + i2, target + i3) : zero;
    let rest = zero, tops = i32x4.splat(-1), sum = zero, above = zero;
    for (let j: usize = 0, at = scratch; j < rowBytes; j += 4, at += 32) {
      const t = isLabels
        ? v128.and(one, i32x4.eq(labels, i32x4.splat(<i32>(j >> 2))))
        : gather(target + r0 + j, target + r1 + j, target + r2 + j, target + r3 + j);
      let q = madd(keep, t, floor);
      if (c != 0) q = f32x4.mul(q, v128.load32_splat(c + j));
      const d = f32x4.sub(v128.load(at), m);
      const e = expBelow0(d);
      const isTop = f32x4.eq(e, one);
      v128.store(at, e);
      v128.store(at, q, 16);
      rest = f32x4.add(rest, v128.andnot(e, isTop));
      tops = i32x4.sub(tops, isTop);
      sum = f32x4.add(sum, q);
      above = f32x4.add(above, v128.and(f32x4.mul(q, d), f32x4.ne(q, zero))); // 0 ∞ = 0: a class without weight may have logit -∞
    }
    const others = f32x4.add(rest, f32x4.convert_i32x4_s(tops));
    scatter(losses + i0, losses + i1, losses + i2, losses + i3, f32x4.sub(f32x4.mul(sum, log1p(others)), above));
    if (dx == 0) continue;
    const inverse = f32x4.div(sum, f32x4.add(one, others));
    let k = f32x4.splat(scale);
    if (weights != 0) k = f32x4.mul(k, gather(weights + i0, weights + i1, weights + i2, weights + i3));
    for (let j: usize = 0, at = scratch; j < rowBytes; j += 4, at += 32) {
      const e = v128.load(at), q = v128.load(at, 16);
      const top = nmadd(others, inverse, f32x4.sub(sum, q));
      const other = madd(e, inverse, f32x4.neg(q));
      scatter(dx + r0 + j, dx + r1 + j, dx + r2 + j, dx + r3 + j, flushTail(f32x4.mul(k, select(top, other, f32x4.eq(e, one)))));
    }
  }
}
