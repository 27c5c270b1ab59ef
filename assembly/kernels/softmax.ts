/**
 * Softmax and its logarithm over the rows of x: f32[rows, cols], and their gradients from the output y.
 * All operands are f32[rows, cols] without padding between rows, 4-byte aligned; begin and end are row numbers, and nothing outside
 * those rows is written. Every result may overwrite any operand.
 */
import { exp, expBelow0 } from "../math/exp";
import { log } from "../math/log";
import { laneSum, nmadd } from "../math/lanes";
import { flushTail, loadUpTo, storeUpTo } from "./elementwise";

/** Largest of x: f32[cols]. A NaN may be passed over: it shows in the sum of the exponentials. */
// @ts-ignore: decorator
@inline
export function rowMax(x: usize, cols: u32): f32 {
  let m = f32x4.splat(-Infinity);
  for (let j: u32 = 0; j < cols; j += 4) m = f32x4.pmax(m, loadUpTo(x + (<usize>j << 2), cols - j, m));
  m = f32x4.pmax(m, i8x16.shuffle(m, m, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return max(f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 1));
}

/** y = e^(x - max) / Σ e^(x - max), row by row. = */
export function softmaxRows(x: usize, y: usize, cols: u32, begin: u32, end: u32): void {
  const zero = f32x4.splat(0);
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    const m = f32x4.splat(rowMax(x + row, cols));
    let sum = zero;
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      const e = expBelow0(f32x4.sub(loadUpTo(x + at, cols - j, f32x4.splat(-Infinity)), m));
      storeUpTo(y + at, cols - j, e);
      sum = f32x4.add(sum, e);
    }
    const scale = f32x4.splat(1 / laneSum(sum));
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      storeUpTo(y + at, cols - j, flushTail(f32x4.mul(loadUpTo(y + at, cols - j, zero), scale)));
    }
  }
}

/** dx = y (dy - Σ dy y), row by row; y is the output of softmaxRows. = */
export function softmaxRowsGrad(dy: usize, y: usize, dx: usize, cols: u32, begin: u32, end: u32): void {
  const zero = f32x4.splat(0);
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    let dot = zero;
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      dot = f32x4.add(dot, f32x4.mul(loadUpTo(dy + at, cols - j, zero), loadUpTo(y + at, cols - j, zero)));
    }
    const mean = f32x4.splat(laneSum(dot));
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      const d = f32x4.sub(loadUpTo(dy + at, cols - j, zero), mean);
      storeUpTo(dx + at, cols - j, flushTail(f32x4.mul(loadUpTo(y + at, cols - j, zero), d)));
    }
  }
}

/** y = (x - max) - log Σ e^(x - max), row by row. = */
export function logSoftmaxRows(x: usize, y: usize, cols: u32, begin: u32, end: u32): void {
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    const m = f32x4.splat(rowMax(x + row, cols));
    let sum = f32x4.splat(0);
    for (let j: u32 = 0; j < cols; j += 4) {
      sum = f32x4.add(sum, expBelow0(f32x4.sub(loadUpTo(x + row + (<usize>j << 2), cols - j, f32x4.splat(-Infinity)), m)));
    }
    const logSum = log(f32x4.splat(laneSum(sum)));
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      storeUpTo(y + at, cols - j, f32x4.sub(f32x4.sub(loadUpTo(x + at, cols - j, m), m), logSum));
    }
  }
}

/** dx = dy - e^y Σ dy, row by row; y is the output of logSoftmaxRows. = */
export function logSoftmaxRowsGrad(dy: usize, y: usize, dx: usize, cols: u32, begin: u32, end: u32): void {
  const zero = f32x4.splat(0);
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    let sum = zero;
    for (let j: u32 = 0; j < cols; j += 4) sum = f32x4.add(sum, loadUpTo(dy + row + (<usize>j << 2), cols - j, zero));
    const total = f32x4.splat(laneSum(sum));
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = row + (<usize>j << 2);
      const e = exp(loadUpTo(y + at, cols - j, zero));
      storeUpTo(dx + at, cols - j, flushTail(nmadd(e, total, loadUpTo(dy + at, cols - j, zero))));
    }
  }
}
