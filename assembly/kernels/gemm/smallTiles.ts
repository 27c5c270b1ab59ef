/**
 * The tiles of small.ts, each for one strip of columns and all rows of a: y = a · b + bias. b: address of the strip in the first of
 * `inner` rows of bInner bytes, whole vectors. y: address of the strip in the first row. bias: of the strip, or 0.
 * Rows beyond the last are the last once more: the same values go to the same place. Addresses step past the last row by three,
 * so none may lie that near to the end of 4 GiB (src/runtime/memory.ts sees to it).
 *
 * A tile holds 8 vectors of sums: fewer wait for one another, and more do not fit beside a and b. Of the shapes the widest takes the
 * fewest instructions, which is what a small product is made of: 2 x 16 for 4 x 8 took 0.15 µs for 0.19 at 16 x 16 x 4 (Node 26,
 * Cascade Lake).
 */
import { PRODUCT_A, PRODUCT_A_INNER, PRODUCT_A_ROW, PRODUCT_COLS, PRODUCT_P, PRODUCT_ROWS, PRODUCT_T, PRODUCT_Y } from "../../abi";
import { madd } from "../../math/lanes";
import { flushTail, loadUpTo, storeUpTo } from "../elementwise";

/** What a tile does to its sums. */
export const NONE: u32 = 0;
export const RELU: u32 = 1;
/** The factor of a relu's gradient at t. */
export const RELU_GRAD: u32 = 2;

// @ts-ignore: decorator
@inline
function relu(sum: v128): v128 {
  return f32x4.pmax(sum, f32x4.splat(0));
}

/** As the activation's gradient in activations.ts. */
// @ts-ignore: decorator
@inline
function reluGrad(dy: v128, t: usize, p: v128): v128 {
  return flushTail(v128.andnot(f32x4.mul(dy, p), f32x4.le(v128.load(t), f32x4.splat(0))));
}

/** 16 columns, two rows at a time. */
export function tiles16(product: usize, b: usize, bInner: usize, inner: u32, y: usize, bias: usize, epilogue: u32): void {
  const aRow = <usize>load<u32>(product, PRODUCT_A_ROW), aInner = <usize>load<u32>(product, PRODUCT_A_INNER);
  const yRow = (<usize>load<u32>(product, PRODUCT_COLS)) << 2, others = <usize>load<u32>(product, PRODUCT_ROWS) - 1;
  let a = <usize>load<u32>(product, PRODUCT_A);
  const aLast = a + others * aRow, yLast = y + others * yRow, bEnd = b + <usize>inner * bInner;
  const toT = <usize>load<u32>(product, PRODUCT_T) - <usize>load<u32>(product, PRODUCT_Y), zero = f32x4.splat(0);
  for (; y <= yLast; a += 2 * aRow, y += 2 * yRow) {
    let s00 = zero, s01 = zero, s02 = zero, s03 = zero, s10 = zero, s11 = zero, s12 = zero, s13 = zero;
    for (let p = b, a0 = a, a1 = min(a + aRow, aLast); p != bEnd; p += bInner, a0 += aInner, a1 += aInner) {
      const v0 = v128.load32_splat(a0), v1 = v128.load32_splat(a1);
      const b0 = v128.load(p), b1 = v128.load(p, 16), b2 = v128.load(p, 32), b3 = v128.load(p, 48);
      s00 = madd(v0, b0, s00), s01 = madd(v0, b1, s01), s02 = madd(v0, b2, s02), s03 = madd(v0, b3, s03);
      s10 = madd(v1, b0, s10), s11 = madd(v1, b1, s11), s12 = madd(v1, b2, s12), s13 = madd(v1, b3, s13);
    }
    if (bias) {
      const c0 = v128.load(bias), c1 = v128.load(bias, 16), c2 = v128.load(bias, 32), c3 = v128.load(bias, 48);
      s00 = f32x4.add(s00, c0), s01 = f32x4.add(s01, c1), s02 = f32x4.add(s02, c2), s03 = f32x4.add(s03, c3);
      s10 = f32x4.add(s10, c0), s11 = f32x4.add(s11, c1), s12 = f32x4.add(s12, c2), s13 = f32x4.add(s13, c3);
    }
    const y1 = min(y + yRow, yLast);
    if (epilogue == RELU) {
      s00 = relu(s00), s01 = relu(s01), s02 = relu(s02), s03 = relu(s03);
      s10 = relu(s10), s11 = relu(s11), s12 = relu(s12), s13 = relu(s13);
    } else if (epilogue == RELU_GRAD) {
      const t0 = y + toT, t1 = y1 + toT, p = v128.load32_splat(product, PRODUCT_P);
      s00 = reluGrad(s00, t0, p), s01 = reluGrad(s01, t0 + 16, p), s02 = reluGrad(s02, t0 + 32, p), s03 = reluGrad(s03, t0 + 48, p);
      s10 = reluGrad(s10, t1, p), s11 = reluGrad(s11, t1 + 16, p), s12 = reluGrad(s12, t1 + 32, p), s13 = reluGrad(s13, t1 + 48, p);
    }
    v128.store(y, s00), v128.store(y, s01, 16), v128.store(y, s02, 32), v128.store(y, s03, 48);
    v128.store(y1, s10), v128.store(y1, s11, 16), v128.store(y1, s12, 32), v128.store(y1, s13, 48);
  }
}

/** 8 columns, four rows at a time. */
export function tiles8(product: usize, b: usize, bInner: usize, inner: u32, y: usize, bias: usize): void {
  fourRows(true, product, b, bInner, inner, y, bias, 8, 0);
}

/** `cols` columns, 1 to 4, four rows at a time from row `begin` on. */
export function tiles4(product: usize, b: usize, bInner: usize, inner: u32, y: usize, bias: usize, cols: u32, begin: u32): void {
  fourRows(false, product, b, bInner, inner, y, bias, cols, begin);
}

// @ts-ignore: decorator
@inline
function fourRows(isWide: bool, product: usize, b: usize, bInner: usize, inner: u32, y: usize, bias: usize, cols: u32, begin: u32): void {
  const aRow = <usize>load<u32>(product, PRODUCT_A_ROW), aInner = <usize>load<u32>(product, PRODUCT_A_INNER);
  const yRow = (<usize>load<u32>(product, PRODUCT_COLS)) << 2, others = <usize>load<u32>(product, PRODUCT_ROWS) - 1;
  let a = <usize>load<u32>(product, PRODUCT_A);
  const aLast = a + others * aRow, yLast = y + others * yRow, bEnd = b + <usize>inner * bInner, zero = f32x4.splat(0);
  a += <usize>begin * aRow, y += <usize>begin * yRow;
  for (; y <= yLast; a += 4 * aRow, y += 4 * yRow) {
    let s00 = zero, s10 = zero, s20 = zero, s30 = zero, s01 = zero, s11 = zero, s21 = zero, s31 = zero;
    let a0 = a, a1 = min(a0 + aRow, aLast), a2 = min(a1 + aRow, aLast), a3 = min(a2 + aRow, aLast);
    for (let p = b; p != bEnd; p += bInner, a0 += aInner, a1 += aInner, a2 += aInner, a3 += aInner) {
      const b0 = v128.load(p), v0 = v128.load32_splat(a0), v1 = v128.load32_splat(a1), v2 = v128.load32_splat(a2), v3 = v128.load32_splat(a3);
      s00 = madd(v0, b0, s00), s10 = madd(v1, b0, s10), s20 = madd(v2, b0, s20), s30 = madd(v3, b0, s30);
      if (isWide) {
        const b1 = v128.load(p, 16);
        s01 = madd(v0, b1, s01), s11 = madd(v1, b1, s11), s21 = madd(v2, b1, s21), s31 = madd(v3, b1, s31);
      }
    }
    if (bias) {
      const c0 = loadUpTo(bias, cols, zero);
      s00 = f32x4.add(s00, c0), s10 = f32x4.add(s10, c0), s20 = f32x4.add(s20, c0), s30 = f32x4.add(s30, c0);
      if (isWide) {
        const c1 = v128.load(bias, 16);
        s01 = f32x4.add(s01, c1), s11 = f32x4.add(s11, c1), s21 = f32x4.add(s21, c1), s31 = f32x4.add(s31, c1);
      }
    }
    const y1 = min(y + yRow, yLast), y2 = min(y1 + yRow, yLast), y3 = min(y2 + yRow, yLast);
    storeUpTo(y, cols, s00), storeUpTo(y1, cols, s10), storeUpTo(y2, cols, s20), storeUpTo(y3, cols, s30);
    if (isWide) v128.store(y, s01, 16), v128.store(y1, s11, 16), v128.store(y2, s21, 16), v128.store(y3, s31, 16);
  }
}

/**
 * `cols` columns, 1 to 4, of rows [0, end), a multiple of 8, where a's rows lie side by side, as in the gradient of weights: one
 * address leads to eight. Four chains of sums would wait for each other.
 */
export function tiles4Adjacent(product: usize, b: usize, bInner: usize, inner: u32, y: usize, bias: usize, cols: u32, end: u32): void {
  const aInner = <usize>load<u32>(product, PRODUCT_A_INNER), yRow = (<usize>load<u32>(product, PRODUCT_COLS)) << 2;
  const bEnd = b + <usize>inner * bInner, zero = f32x4.splat(0), c = bias ? loadUpTo(bias, cols, zero) : f32x4.splat(-0.0); // x - 0 is x, -0 too
  let a = <usize>load<u32>(product, PRODUCT_A);
  for (let i: u32 = 0; i < end; i += 8, a += 32) {
    let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
    for (let p = b, at = a; p != bEnd; p += bInner, at += aInner) {
      const v = v128.load(p);
      s0 = madd(v128.load32_splat(at), v, s0), s1 = madd(v128.load32_splat(at, 4), v, s1);
      s2 = madd(v128.load32_splat(at, 8), v, s2), s3 = madd(v128.load32_splat(at, 12), v, s3);
      s4 = madd(v128.load32_splat(at, 16), v, s4), s5 = madd(v128.load32_splat(at, 20), v, s5);
      s6 = madd(v128.load32_splat(at, 24), v, s6), s7 = madd(v128.load32_splat(at, 28), v, s7);
    }
    y = storeRow(y, yRow, cols, s0, c), y = storeRow(y, yRow, cols, s1, c), y = storeRow(y, yRow, cols, s2, c), y = storeRow(y, yRow, cols, s3, c);
    y = storeRow(y, yRow, cols, s4, c), y = storeRow(y, yRow, cols, s5, c), y = storeRow(y, yRow, cols, s6, c), y = storeRow(y, yRow, cols, s7, c);
  }
}

/** Returns the address of the next row. */
// @ts-ignore: decorator
@inline
function storeRow(y: usize, yRow: usize, cols: u32, sum: v128, bias: v128): usize {
  storeUpTo(y, cols, f32x4.add(sum, bias));
  return y + yRow;
}
