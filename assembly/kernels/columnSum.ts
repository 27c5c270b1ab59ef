/**
 * Sums over the rows of a matrix, one per column. Rows are added in order, in chunks of ROWS whose sums are added in order: the
 * rounding error grows with ROWS + rows / ROWS and not with rows, and a column's bits depend neither on the share nor on its lane.
 */
import { loadUpTo, storeUpTo } from "./elementwise";

/** Rows of a chunk: at 128 the error of 16,384 rows is bounded as that of 256. */
export const ROWS: u32 = 128;

/** y = Σ_i x_i over the rows i, x: f32[rows, cols], y: f32[cols], both 4-byte aligned. begin, end: columns; nothing else is written. = */
export function columnSum(x: usize, y: usize, rows: u32, cols: u32, begin: u32, end: u32): void {
  let j = begin;
  for (; j + 16 <= end; j += 16) sixteen(x + (<usize>j << 2), y + (<usize>j << 2), rows, <usize>cols << 2);
  for (; j + 4 <= end; j += 4) block(x + (<usize>j << 2), y + (<usize>j << 2), rows, <usize>cols << 2, 4);
  if (j < end) block(x + (<usize>j << 2), y + (<usize>j << 2), rows, <usize>cols << 2, end - j);
}

/** Sixteen columns: a whole cache line of every row, and four sums that do not wait for each other. */
// @ts-ignore: decorator
@inline
function sixteen(x: usize, y: usize, rows: u32, stride: usize): void {
  const zero = f32x4.splat(0);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  for (let i: u32 = 0; i < rows; ) {
    const last = min(i + ROWS, rows);
    let a0 = zero;
    let a1 = zero;
    let a2 = zero;
    let a3 = zero;
    for (; i < last; i++) {
      a0 = f32x4.add(a0, v128.load(x));
      a1 = f32x4.add(a1, v128.load(x, 16));
      a2 = f32x4.add(a2, v128.load(x, 32));
      a3 = f32x4.add(a3, v128.load(x, 48));
      x += stride;
    }
    s0 = f32x4.add(s0, a0);
    s1 = f32x4.add(s1, a1);
    s2 = f32x4.add(s2, a2);
    s3 = f32x4.add(s3, a3);
  }
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
}

/** The first `left` of four columns. */
// @ts-ignore: decorator
@inline
function block(x: usize, y: usize, rows: u32, stride: usize, left: u32): void {
  const zero = f32x4.splat(0);
  let s = zero;
  for (let i: u32 = 0; i < rows; ) {
    const last = min(i + ROWS, rows);
    let a = zero;
    for (; i < last; i++) {
      a = f32x4.add(a, loadUpTo(x, left, zero));
      x += stride;
    }
    s = f32x4.add(s, a);
  }
  storeUpTo(y, left, s);
}
