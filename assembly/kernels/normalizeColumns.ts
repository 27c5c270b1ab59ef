/**
 * Batch normalization of columns with given moments, and its gradient in two ops: sums over the batch, then rows.
 * x, y, dy, dx: f32[rows, cols], 4-byte aligned. mean, inverse (1 / sqrt(variance + eps)), weight, bias, dweight, dbias: f32[cols].
 * Below, xhat = (x - mean) inverse. Nothing outside the rows or columns from begin to end is written; all results are =.
 */
import { madd, nmadd } from "../math/lanes";
import { ROWS } from "./columnSum";
import { Four, One } from "./elementwise";

/** Rows that pass by while a vector of columns keeps its moments in registers: few, so that their lines are still cached for the next. */
const BLOCK: u32 = 4;

/** y = max(xhat weight + bias, floor), a NaN stays one. floor: 0 for relu, -infinity for all values. y may be x. begin, end: rows. */
export function normalizeColumns(
  x: usize, mean: usize, inverse: usize, weight: usize, bias: usize, y: usize, floor: f32, cols: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>cols << 2;
  const least = f32x4.splat(floor);
  while (begin < end) {
    const rows = min(BLOCK, end - begin);
    const row = <usize>begin * bytes;
    let at: usize = 0;
    for (; at + 32 <= bytes; at += 32) normalize8(x + row + at, mean + at, inverse + at, weight + at, bias + at, y + row + at, least, rows, bytes);
    for (; at + 16 <= bytes; at += 16) normalize<Four>(x + row + at, mean + at, inverse + at, weight + at, bias + at, y + row + at, least, rows, bytes);
    for (; at < bytes; at += 4) normalize<One>(x + row + at, mean + at, inverse + at, weight + at, bias + at, y + row + at, least, rows, bytes);
    begin += rows;
  }
}

// @ts-ignore: decorator
@inline
function normalize<L>(
  x: usize, mean: usize, inverse: usize, weight: usize, bias: usize, y: usize, least: v128, rows: u32, bytes: usize,
): void {
  const m = changetype<L>(0).load(mean), r = changetype<L>(0).load(inverse);
  const w = changetype<L>(0).load(weight), b = changetype<L>(0).load(bias);
  do {
    const xhat = f32x4.mul(f32x4.sub(changetype<L>(0).load(x), m), r);
    changetype<L>(0).store(y, f32x4.pmax(madd(xhat, w, b), least));
    x += bytes, y += bytes;
  } while (--rows);
}

/** Eight columns: two vectors share the addresses and the count. */
// @ts-ignore: decorator
@inline
function normalize8(
  x: usize, mean: usize, inverse: usize, weight: usize, bias: usize, y: usize, least: v128, rows: u32, bytes: usize,
): void {
  const m0 = v128.load(mean), m1 = v128.load(mean, 16), r0 = v128.load(inverse), r1 = v128.load(inverse, 16);
  const w0 = v128.load(weight), w1 = v128.load(weight, 16), b0 = v128.load(bias), b1 = v128.load(bias, 16);
  do {
    const xhat0 = f32x4.mul(f32x4.sub(v128.load(x), m0), r0), xhat1 = f32x4.mul(f32x4.sub(v128.load(x, 16), m1), r1);
    v128.store(y, f32x4.pmax(madd(xhat0, w0, b0), least)), v128.store(y, f32x4.pmax(madd(xhat1, w1, b1), least), 16);
    x += bytes, y += bytes;
  } while (--rows);
}

/** dbias = Σ dy, dweight = Σ dy xhat, over all rows, in chunks as columnSum does. begin, end: columns. */
export function normalizeColumnsSums(
  dy: usize, x: usize, mean: usize, inverse: usize, dweight: usize, dbias: usize, rows: u32, cols: u32, begin: u32, end: u32,
): void {
  let j = begin;
  for (; j + 8 <= end; j += 8) sumsOf8(dy, x, mean, inverse, dweight, dbias, rows, cols, <usize>j << 2);
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

/** Eight columns: the sums of two vectors do not wait for each other. */
// @ts-ignore: decorator
@inline
function sumsOf8(
  dy: usize, x: usize, mean: usize, inverse: usize, dweight: usize, dbias: usize, rows: u32, cols: u32, at: usize,
): void {
  const zero = f32x4.splat(0);
  const m0 = v128.load(mean + at), m1 = v128.load(mean + at, 16);
  let sum0 = zero, sum1 = zero, product0 = zero, product1 = zero;
  let p = at;
  for (let i: u32 = 0; i < rows; ) {
    const last = min(i + ROWS, rows);
    let a0 = zero, a1 = zero, b0 = zero, b1 = zero;
    for (; i < last; i++, p += <usize>cols << 2) {
      const d0 = v128.load(dy + p), d1 = v128.load(dy + p, 16);
      a0 = f32x4.add(a0, d0), a1 = f32x4.add(a1, d1);
      b0 = madd(d0, f32x4.sub(v128.load(x + p), m0), b0), b1 = madd(d1, f32x4.sub(v128.load(x + p, 16), m1), b1);
    }
    sum0 = f32x4.add(sum0, a0), sum1 = f32x4.add(sum1, a1);
    product0 = f32x4.add(product0, b0), product1 = f32x4.add(product1, b1);
  }
  v128.store(dbias + at, sum0), v128.store(dbias + at, sum1, 16);
  v128.store(dweight + at, f32x4.mul(product0, v128.load(inverse + at)));
  v128.store(dweight + at, f32x4.mul(product1, v128.load(inverse + at, 16)), 16);
}

/** dx = weight inverse (dy - dbias / rows - xhat dweight / rows); rows: of the whole batch. dx may be dy. begin, end: rows. */
export function normalizeColumnsGrad(
  dy: usize, x: usize, mean: usize, inverse: usize, weight: usize, dweight: usize, dbias: usize, dx: usize,
  rows: u32, cols: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>cols << 2;
  const perRow = f32x4.splat(1 / <f32>rows);
  while (begin < end) {
    const count = min(BLOCK, end - begin);
    const row = <usize>begin * bytes;
    let at: usize = 0;
    for (; at + 32 <= bytes; at += 32) grad8(dy + row, x + row, mean, inverse, weight, dweight, dbias, dx + row, perRow, at, count, bytes);
    for (; at + 16 <= bytes; at += 16) grad<Four>(dy + row, x + row, mean, inverse, weight, dweight, dbias, dx + row, perRow, at, count, bytes);
    for (; at < bytes; at += 4) grad<One>(dy + row, x + row, mean, inverse, weight, dweight, dbias, dx + row, perRow, at, count, bytes);
    begin += count;
  }
}

// @ts-ignore: decorator
@inline
function grad<L>(
  dy: usize, x: usize, mean: usize, inverse: usize, weight: usize, dweight: usize, dbias: usize, dx: usize, perRow: v128, at: usize,
  count: u32, bytes: usize,
): void {
  const m = changetype<L>(0).load(mean + at), r = changetype<L>(0).load(inverse + at), ofBias = changetype<L>(0).load(dbias + at);
  const ofWeight = f32x4.mul(perRow, changetype<L>(0).load(dweight + at)), factor = f32x4.mul(changetype<L>(0).load(weight + at), r);
  for (; count; --count, at += bytes) {
    const xhat = f32x4.mul(f32x4.sub(changetype<L>(0).load(x + at), m), r);
    const d = nmadd(xhat, ofWeight, nmadd(perRow, ofBias, changetype<L>(0).load(dy + at)));
    changetype<L>(0).store(dx + at, f32x4.mul(factor, d));
  }
}

/** Eight columns: two vectors share the addresses and the count. */
// @ts-ignore: decorator
@inline
function grad8(
  dy: usize, x: usize, mean: usize, inverse: usize, weight: usize, dweight: usize, dbias: usize, dx: usize, perRow: v128, at: usize,
  count: u32, bytes: usize,
): void {
  const m0 = v128.load(mean + at), r0 = v128.load(inverse + at), ofBias0 = v128.load(dbias + at);
  const m1 = v128.load(mean + at, 16), r1 = v128.load(inverse + at, 16), ofBias1 = v128.load(dbias + at, 16);
  const ofWeight0 = f32x4.mul(perRow, v128.load(dweight + at)), factor0 = f32x4.mul(v128.load(weight + at), r0);
  const ofWeight1 = f32x4.mul(perRow, v128.load(dweight + at, 16)), factor1 = f32x4.mul(v128.load(weight + at, 16), r1);
  dy += at, x += at, dx += at;
  for (; count; --count, dy += bytes, x += bytes, dx += bytes) {
    const xhat0 = f32x4.mul(f32x4.sub(v128.load(x), m0), r0), xhat1 = f32x4.mul(f32x4.sub(v128.load(x, 16), m1), r1);
    const d0 = nmadd(xhat0, ofWeight0, nmadd(perRow, ofBias0, v128.load(dy)));
    const d1 = nmadd(xhat1, ofWeight1, nmadd(perRow, ofBias1, v128.load(dy, 16)));
    v128.store(dx, f32x4.mul(factor0, d0)), v128.store(dx, f32x4.mul(factor1, d1), 16);
  }
}
