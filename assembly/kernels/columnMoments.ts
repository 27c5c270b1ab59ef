/** Mean and variance of the columns of a batch, and what batch normalization makes of them. Not the normalization itself. */
import { madd, nmadd } from "../math/lanes";
import { columnSum, ROWS } from "./columnSum";
import { flushTail, Four, One } from "./elementwise";

/**
 * mean = Σ x_i / rows, variance = Σ (x_i - mean)² / rows (biased), over the rows i.
 * Two passes. The second also sums x_i - mean, which rounding has left of 0, and corrects both by it (Chan, Golub & LeVeque 1983): so a
 * mean far larger than the deviation costs no digits of it.
 * x: f32[rows, cols], mean, variance: f32[cols], 4-byte aligned. rows >= 1. begin, end: columns; nothing else is written. =
 */
export function columnMoments(x: usize, mean: usize, variance: usize, rows: u32, cols: u32, begin: u32, end: u32): void {
  columnSum(x, mean, rows, cols, begin, end);
  let j = begin;
  for (; j + 8 <= end; j += 8) correct8(x, mean, variance, rows, cols, <usize>j << 2);
  for (; j + 4 <= end; j += 4) correct<Four>(x, mean, variance, rows, cols, <usize>j << 2);
  for (; j < end; j++) correct<One>(x, mean, variance, rows, cols, <usize>j << 2);
}

/** From the sums in mean to the corrected mean and the variance of the columns at byte `at`. */
// @ts-ignore: decorator
@inline
function correct<L>(x: usize, mean: usize, variance: usize, rows: u32, cols: u32, at: usize): void {
  const n = f32x4.splat(<f32>rows);
  const center = f32x4.div(changetype<L>(0).load(mean + at), n);
  let sum = f32x4.splat(0);
  let squares = f32x4.splat(0);
  let p = x + at;
  for (let i: u32 = 0; i < rows; ) {
    const last = min(i + ROWS, rows);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    for (; i < last; i++) {
      const d = f32x4.sub(changetype<L>(0).load(p), center);
      a = f32x4.add(a, d);
      b = madd(d, d, b);
      p += <usize>cols << 2;
    }
    sum = f32x4.add(sum, a);
    squares = f32x4.add(squares, b);
  }
  settle<L>(mean + at, variance + at, center, sum, squares, n);
}

/** Eight columns: the sums of two vectors do not wait for each other. */
// @ts-ignore: decorator
@inline
function correct8(x: usize, mean: usize, variance: usize, rows: u32, cols: u32, at: usize): void {
  const zero = f32x4.splat(0), n = f32x4.splat(<f32>rows);
  const center0 = f32x4.div(v128.load(mean + at), n), center1 = f32x4.div(v128.load(mean + at, 16), n);
  let sum0 = zero, sum1 = zero, squares0 = zero, squares1 = zero;
  let p = x + at;
  for (let i: u32 = 0; i < rows; ) {
    const last = min(i + ROWS, rows);
    let a0 = zero, a1 = zero, b0 = zero, b1 = zero;
    for (; i < last; i++, p += <usize>cols << 2) {
      const d0 = f32x4.sub(v128.load(p), center0), d1 = f32x4.sub(v128.load(p, 16), center1);
      a0 = f32x4.add(a0, d0), a1 = f32x4.add(a1, d1);
      b0 = madd(d0, d0, b0), b1 = madd(d1, d1, b1);
    }
    sum0 = f32x4.add(sum0, a0), sum1 = f32x4.add(sum1, a1);
    squares0 = f32x4.add(squares0, b0), squares1 = f32x4.add(squares1, b1);
  }
  settle<Four>(mean + at, variance + at, center0, sum0, squares0, n);
  settle<Four>(mean + at + 16, variance + at + 16, center1, sum1, squares1, n);
}

// @ts-ignore: decorator
@inline
function settle<L>(mean: usize, variance: usize, center: v128, sum: v128, squares: v128, n: v128): void {
  const off = f32x4.div(sum, n);
  changetype<L>(0).store(mean, f32x4.add(center, off));
  // Rounding could leave a constant column a hair below 0; the order of pmax keeps a NaN.
  changetype<L>(0).store(variance, f32x4.pmax(nmadd(off, off, f32x4.div(squares, n)), f32x4.splat(0)));
}

/**
 * inverse = 1 / sqrt(variance + eps); NaN where the variance is not finite, so that such a batch shows in the loss instead of
 * ending in the running statistics unseen. variance, inverse: f32, 16-byte aligned, may be the same; begin, end: bytes,
 * multiples of 16. =
 */
export function columnInverse(variance: usize, inverse: usize, eps: f32, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) {
    const v = v128.load(variance + i);
    const root = f32x4.sqrt(f32x4.add(v, f32x4.splat(eps)));
    v128.store(inverse + i, madd(v, f32x4.splat(0), f32x4.div(f32x4.splat(1), root)));
  }
}

/**
 * running = (1 - momentum) running + momentum batch, for mean and variance; the batch's biased variance times samples / (samples - 1).
 * All f32[cols], 16-byte aligned. samples: values that each mean is of, >= 2: of one there is no unbiased variance. begin, end: bytes, multiples of 16.
 * Values below 2^-126 become 0: a constant column's variance decays towards it, and denormals would slow every later step.
 */
export function blendStatistics(
  mean: usize, variance: usize, runningMean: usize, runningVariance: usize, momentum: f32, samples: u32, begin: usize, end: usize,
): void {
  const keep = f32x4.splat(1 - momentum);
  const take = f32x4.splat(momentum);
  const unbiased = f32x4.splat(momentum * (<f32>samples / <f32>(samples - 1)));
  for (let i = begin; i < end; i += 16) {
    const m = madd(keep, v128.load(runningMean + i), f32x4.mul(take, v128.load(mean + i)));
    const v = madd(keep, v128.load(runningVariance + i), f32x4.mul(unbiased, v128.load(variance + i)));
    v128.store(runningMean + i, flushTail(m));
    v128.store(runningVariance + i, flushTail(v));
  }
}
