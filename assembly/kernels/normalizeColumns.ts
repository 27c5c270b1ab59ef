/**
 * Batch normalization of columns with given moments, and its gradient in two ops: sums over the batch, then rows.
 * x, y, dy, dx: f32[rows, cols], 4-byte aligned. mean, inverse (1 / sqrt(variance + eps)), weight, bias, dweight, dbias: f32[cols].
 * Below, xhat = (x - mean) inverse. Nothing outside the rows or columns from begin to end is written; all results are =.
 */
import { madd, nmadd } from "../math/lanes";
import { ROWS } from "./columnSum";
import { Four, One } from "./elementwise";

/** y = xhat weight + bias. y may be x. begin, end: rows. */
export function normalizeColumns(
  x: usize, mean: usize, inverse: usize, weight: usize, bias: usize, y: usize, cols: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>cols << 2;
  for (let i = begin; i < end; i++) {
    const row = <usize>i * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) normalize<Four>(x + row, mean, inverse, weight, bias, y + row, at);
    for (; at < bytes; at += 4) normalize<One>(x + row, mean, inverse, weight, bias, y + row, at);
  }
}

// @ts-ignore: decorator
@inline
function normalize<L>(x: usize, mean: usize, inverse: usize, weight: usize, bias: usize, y: usize, at: usize): void {
  const d = f32x4.sub(changetype<L>(0).load(x + at), changetype<L>(0).load(mean + at));
  const xhat = f32x4.mul(d, changetype<L>(0).load(inverse + at));
  changetype<L>(0).store(y + at, madd(xhat, changetype<L>(0).load(weight + at), changetype<L>(0).load(bias + at)));
}

/** dbias = Σ dy, dweight = Σ dy xhat, over all rows, in chunks as columnSum does. begin, end: columns. */
export function normalizeColumnsSums(
  dy: usize, x: usize, mean: usize, inverse: usize, dweight: usize, dbias: usize, rows: u32, cols: u32, begin: u32, end: u32,
): void {
  let j = begin;
  for (; j + 4 <= end; j += 4) sums<Four>(dy, x, mean, inverse, dweight, dbias, rows, cols, <usize>j << 2);
  for (; j < end; j++) sums<One>(dy, x, mean, inverse, dweight, dbias, rows, cols, <usize>j << 2);
}

// @ts-ignore: decorator
@inline
function sums<L>(
  dy: usize, x: usize, mean: usize, inverse: usize, dweight: usize, dbias: usize, rows: u32, cols: u32, at: usize,
): void {
  const m = changetype<L>(0).load(mean + at);
  let sum = f32x4.splat(0);
  let product = f32x4.splat(0);
  let p = at;
  for (let i: u32 = 0; i < rows; ) {
    const last = min(i + ROWS, rows);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    for (; i < last; i++) {
      const d = changetype<L>(0).load(dy + p);
      a = f32x4.add(a, d);
      b = madd(d, f32x4.sub(changetype<L>(0).load(x + p), m), b);
      p += <usize>cols << 2;
    }
    sum = f32x4.add(sum, a);
    product = f32x4.add(product, b);
  }
  changetype<L>(0).store(dbias + at, sum);
  changetype<L>(0).store(dweight + at, f32x4.mul(product, changetype<L>(0).load(inverse + at)));
}

/** dx = weight inverse (dy - dbias / rows - xhat dweight / rows); rows: of the whole batch. dx may be dy. begin, end: rows. */
export function normalizeColumnsGrad(
  dy: usize, x: usize, mean: usize, inverse: usize, weight: usize, dweight: usize, dbias: usize, dx: usize,
  rows: u32, cols: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>cols << 2;
  const perRow = f32x4.splat(1 / <f32>rows);
  for (let i = begin; i < end; i++) {
    const row = <usize>i * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) grad<Four>(dy + row, x + row, mean, inverse, weight, dweight, dbias, dx + row, perRow, at);
    for (; at < bytes; at += 4) grad<One>(dy + row, x + row, mean, inverse, weight, dweight, dbias, dx + row, perRow, at);
  }
}

// @ts-ignore: decorator
@inline
function grad<L>(
  dy: usize, x: usize, mean: usize, inverse: usize, weight: usize, dweight: usize, dbias: usize, dx: usize, perRow: v128, at: usize,
): void {
  const r = changetype<L>(0).load(inverse + at);
  const xhat = f32x4.mul(f32x4.sub(changetype<L>(0).load(x + at), changetype<L>(0).load(mean + at)), r);
  const centered = nmadd(perRow, changetype<L>(0).load(dbias + at), changetype<L>(0).load(dy + at));
  const d = nmadd(xhat, f32x4.mul(perRow, changetype<L>(0).load(dweight + at)), centered);
  changetype<L>(0).store(dx + at, f32x4.mul(f32x4.mul(changetype<L>(0).load(weight + at), r), d));
}
