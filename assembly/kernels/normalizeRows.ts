/**
 * Layer normalization of rows (Ba et al. 2016), and its gradient in two ops: rows, then sums over rows for weight and bias.
 * x, y, dy, dx: f32[rows, cols], 4-byte aligned. mean, inverse (1 / sqrt(variance + eps), biased variance): f32[rows].
 * weight, bias, dweight, dbias: f32[cols]. Below, xhat = (x - mean) inverse. Nothing outside begin to end is written; all are =.
 */
import { laneSum, madd, nmadd } from "../math/lanes";
import { ROWS } from "./columnSum";
import { Four, loadUpTo, One, storeUpTo } from "./elementwise";

/** y = xhat weight + bias; mean and inverse of each row. y may be x. begin, end: rows. */
export function normalizeRows(
  x: usize, weight: usize, bias: usize, y: usize, mean: usize, inverse: usize, cols: u32, eps: f32, begin: u32, end: u32,
): void {
  const zero = f32x4.splat(0);
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    let sum = zero;
    for (let j: u32 = 0; j < cols; j += 4) sum = f32x4.add(sum, loadUpTo(x + row + (<usize>j << 2), cols - j, zero));
    const mu = laneSum(sum) / <f32>cols;
    const m = f32x4.splat(mu);
    let squares = zero; // of what is centred first: no cancellation
    for (let j: u32 = 0; j < cols; j += 4) {
      const d = f32x4.sub(loadUpTo(x + row + (<usize>j << 2), cols - j, m), m);
      squares = madd(d, d, squares);
    }
    const r: f32 = <f32>1 / sqrt<f32>(laneSum(squares) / <f32>cols + eps);
    const scale = f32x4.splat(r);
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = <usize>j << 2;
      const left = cols - j;
      const xhat = f32x4.mul(f32x4.sub(loadUpTo(x + row + at, left, m), m), scale);
      storeUpTo(y + row + at, left, madd(xhat, loadUpTo(weight + at, left, zero), loadUpTo(bias + at, left, zero)));
    }
    store<f32>(mean + (<usize>i << 2), mu);
    store<f32>(inverse + (<usize>i << 2), r);
  }
}

/** dx = inverse (g - Σ g / cols - xhat Σ g xhat / cols), g = dy weight; sums over the row. dx may be dy. begin, end: rows. */
export function normalizeRowsGrad(
  dy: usize, x: usize, mean: usize, inverse: usize, weight: usize, dx: usize, cols: u32, begin: u32, end: u32,
): void {
  const zero = f32x4.splat(0);
  const perColumn: f32 = 1 / <f32>cols;
  for (let i = begin; i < end; i++) {
    const row = (<usize>i * cols) << 2;
    const m = v128.load32_splat(mean + (<usize>i << 2));
    const r = v128.load32_splat(inverse + (<usize>i << 2));
    let a = zero;
    let b = zero;
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = <usize>j << 2;
      const left = cols - j;
      const g = f32x4.mul(loadUpTo(dy + row + at, left, zero), loadUpTo(weight + at, left, zero));
      a = f32x4.add(a, g);
      b = madd(g, f32x4.mul(f32x4.sub(loadUpTo(x + row + at, left, m), m), r), b);
    }
    const meanG = f32x4.splat(laneSum(a) * perColumn);
    const meanProduct = f32x4.splat(laneSum(b) * perColumn);
    for (let j: u32 = 0; j < cols; j += 4) {
      const at = <usize>j << 2;
      const left = cols - j;
      const g = f32x4.mul(loadUpTo(dy + row + at, left, zero), loadUpTo(weight + at, left, zero));
      const xhat = f32x4.mul(f32x4.sub(loadUpTo(x + row + at, left, m), m), r);
      storeUpTo(dx + row + at, left, f32x4.mul(r, nmadd(xhat, meanProduct, f32x4.sub(g, meanG))));
    }
  }
}

/** dbias = Σ dy, dweight = Σ dy xhat, over all rows, in chunks as columnSum does. begin, end: columns. */
export function normalizeRowsSums(
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
  let sum = f32x4.splat(0);
  let product = f32x4.splat(0);
  let p = at;
  for (let i: u32 = 0; i < rows; ) {
    const last = min(i + ROWS, rows);
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    for (; i < last; i++) {
      const d = changetype<L>(0).load(dy + p);
      const centred = f32x4.sub(changetype<L>(0).load(x + p), v128.load32_splat(mean + (<usize>i << 2)));
      a = f32x4.add(a, d);
      b = madd(d, f32x4.mul(centred, v128.load32_splat(inverse + (<usize>i << 2))), b);
      p += <usize>cols << 2;
    }
    sum = f32x4.add(sum, a);
    product = f32x4.add(product, b);
  }
  changetype<L>(0).store(dbias + at, sum);
  changetype<L>(0).store(dweight + at, product);
}
