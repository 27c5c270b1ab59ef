/**
 * Softmax cross-entropy of logits, with its gradient in the same pass. Not the mean over rows, which is weightedMean of reduce.ts.
 *
 * With target weights q_j, Q = Σ q_j, the largest logit m and R = Σ e^(x_j - m) without one occurrence of the largest:
 *   l = Q log1p(R) + Σ q_j (m - x_j)          dl/dx_j = Q p_j - q_j,  p_j = e^(x_j - m) / (1 + R)
 * Leaving the largest out of R keeps the digits of a confident row: there log1p(R) = R, and p - 1 = -R / (1 + R).
 */
import { expBelow0 } from "../math/exp";
import { laneSum, madd, nmadd, select } from "../math/lanes";
import { log1p } from "../math/log1p";
import { flushTail, loadUpTo, storeUpTo } from "./elementwise";
import { NARROW, narrowRows } from "./narrowCrossEntropy";
import { rowMax } from "./softmax";

/** q_j = c_j ((1 - smoothing) t_j + smoothing / cols), t of a label or a row of targets; 0 in lanes past cols. */
// @ts-ignore: decorator
@inline
function targetWeights(isLabels: bool, target: usize, c: usize, i: u32, j: u32, cols: u32, keep: v128, floor: v128): v128 {
  const t = isLabels
    ? v128.and(f32x4.splat(1), i32x4.eq(i32x4.add(i32x4.splat(j), i32x4(0, 1, 2, 3)), v128.load32_splat(target + (<usize>i << 2))))
    : loadUpTo(target + ((<usize>i * cols + j) << 2), cols - j, f32x4.splat(0));
  const q = madd(keep, t, floor);
  if (c != 0) return f32x4.mul(q, loadUpTo(c + (<usize>j << 2), cols - j, f32x4.splat(0)));
  if (cols - j >= 4) return q;
  return v128.and(q, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(cols - j)));
}

/** Drops the first lane of v and puts x behind the last. */
// @ts-ignore: decorator
@inline
function push(v: v128, x: f32): v128 {
  return i8x16.shuffle(v, f32x4.splat(x), 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
}

/** Stores the last `count` lanes, 1 to 4, so that lane 3 goes to address `a`. */
// @ts-ignore: decorator
@inline
function storeLast(a: usize, count: u32, v: v128): void {
  if (count == 4) {
    v128.store(a - 12, v);
    return;
  }
  v128.store32_lane(a, v, 3);
  if (count > 1) v128.store32_lane(a - 4, v, 2);
  if (count > 2) v128.store32_lane(a - 8, v, 1);
}

/** `target` holds labels or rows of targets: asked at each vector, as two copies of all this were 4 KB of the binary. */
function rows(
  isLabels: bool, x: usize, target: usize, weights: usize, c: usize, losses: usize, dx: usize, cols: u32, smoothing: f32, scale: f32, begin: u32, end: u32,
): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const keep = f32x4.splat(1 - smoothing);
  const floor = f32x4.splat(smoothing / <f32>cols);
  let others4 = zero;
  let sum4 = zero;
  let below4 = zero;
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    const m = f32x4.splat(rowMax(x + row, cols));
    let rest = zero;
    let tops = i32x4.splat(-1);
    let total = zero;
    let below = zero;
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      const d = f32x4.sub(m, loadUpTo(x + at, cols - j, f32x4.splat(-Infinity)));
      const e = expBelow0(f32x4.neg(d));
      const isTop = f32x4.eq(e, one);
      const q = targetWeights(isLabels, target, c, i, j, cols, keep, floor);
      if (dx != 0) storeUpTo(dx + at, cols - j, e);
      rest = f32x4.add(rest, v128.andnot(e, isTop));
      tops = i32x4.sub(tops, isTop);
      total = f32x4.add(total, q);
      below = f32x4.add(below, v128.and(f32x4.mul(q, d), f32x4.ne(q, zero))); // 0 ∞ = 0: a class without weight may have logit -∞
    }
    // tops began at -1 in each of four lanes: the sum is the number of maxima minus 4.
    const others = laneSum(rest) + (laneSum(f32x4.convert_i32x4_s(tops)) + 3);
    const sum = laneSum(total);
    // One logarithm for four rows, the newest in the last lane.
    others4 = push(others4, others);
    sum4 = push(sum4, sum);
    below4 = push(below4, laneSum(below));
    const filled = ((i - begin) & 3) + 1;
    if (filled == 4 || i + 1 == end) {
      storeLast(losses + (<usize>i << 2), filled, f32x4.add(f32x4.mul(sum4, log1p(others4)), below4));
    }
    if (dx == 0) continue;
    const inverse = sum / (1 + others);
    const k = f32x4.splat(weights != 0 ? scale * load<f32>(weights + (<usize>i << 2)) : scale);
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      const e = loadUpTo(dx + at, cols - j, zero);
      const q = targetWeights(isLabels, target, c, i, j, cols, keep, floor);
      const top = nmadd(f32x4.splat(others), f32x4.splat(inverse), f32x4.sub(f32x4.splat(sum), q));
      const other = madd(e, f32x4.splat(inverse), f32x4.neg(q));
      storeUpTo(dx + at, cols - j, flushTail(f32x4.mul(k, select(top, other, f32x4.eq(e, one)))));
    }
  }
}

/**
 * losses[r] = Σ_j q_j (logsumexp(x_r) - x_rj), q_j = classWeights_j ((1 - smoothing) [j = label_r] + smoothing / cols)
 * dx[r, :] = scale weights_r dl_r/dx_r
 * x, dx: f32[rows, cols], 4-byte aligned, dx may be x, or 0 for the losses alone. labels: i32[rows], each in [0, cols).
 * weights: f32[rows] or 0 (ones). classWeights: f32[cols] or 0 (ones). losses: f32[rows]. scratch: f32x4[2 cols] where cols <= NARROW,
 * else not used. begin, end: rows; nothing outside them is written. =
 */
export function softmaxCrossEntropyLabels(
  x: usize, labels: usize, weights: usize, classWeights: usize, losses: usize, dx: usize,
  cols: u32, smoothing: f32, scale: f32, scratch: usize, begin: u32, end: u32,
): void {
  if (cols <= NARROW) narrowRows(true, x, labels, weights, classWeights, losses, dx, cols, smoothing, scale, scratch, begin, end);
  else rows(true, x, labels, weights, classWeights, losses, dx, cols, smoothing, scale, begin, end);
}

/** The same with q_j = classWeights_j ((1 - smoothing) targets_rj + smoothing / cols); targets: f32[rows, cols], not the same as dx. = */
export function softmaxCrossEntropyTargets(
  x: usize, targets: usize, weights: usize, classWeights: usize, losses: usize, dx: usize,
  cols: u32, smoothing: f32, scale: f32, scratch: usize, begin: u32, end: u32,
): void {
  if (cols <= NARROW) narrowRows(false, x, targets, weights, classWeights, losses, dx, cols, smoothing, scale, scratch, begin, end);
  else rows(false, x, targets, weights, classWeights, losses, dx, cols, smoothing, scale, begin, end);
}
