/**
 * A product of few rows, or of few inner, whose b runs along its columns, such as dx = dy · w and dw = dyᵀ · x: every row of
 * y is a sum of scaled rows of b.
 */
import {
  PRODUCT_A,
  PRODUCT_A_INNER,
  PRODUCT_A_ROW,
  PRODUCT_B,
  PRODUCT_B_COL,
  PRODUCT_B_INNER,
  PRODUCT_COLS,
  PRODUCT_INNER,
  PRODUCT_ROWS,
  PRODUCT_Y,
} from "../../abi";
import { madd } from "../../math/lanes";

/** Rows of b that are added to y in one pass: they stay in the first cache for all rows, and are as many streams as prefetchers follow. */
const PASS: u32 = 8;

/**
 * y = a · b for columns [begin, end), products added in order of k.
 * product: a PRODUCT_* descriptor; any strides, vectors where PRODUCT_B_COL = 4; 4-byte alignment. `=`
 */
export function scaledRows(product: usize, begin: u32, end: u32): void {
  const inner = load<u32>(product, PRODUCT_INNER);
  const rows = load<u32>(product, PRODUCT_ROWS);
  const aRow = <usize>load<u32>(product, PRODUCT_A_ROW);
  const rowBytes = (<usize>load<u32>(product, PRODUCT_COLS)) << 2;
  let k: u32 = 0;
  do {
    const kc = min(PASS, inner - k);
    let a = <usize>load<u32>(product, PRODUCT_A) + <usize>k * load<u32>(product, PRODUCT_A_INNER);
    const b =
      <usize>load<u32>(product, PRODUCT_B) +
      <usize>k * load<u32>(product, PRODUCT_B_INNER) +
      <usize>begin * load<u32>(product, PRODUCT_B_COL);
    let y = <usize>load<u32>(product, PRODUCT_Y) + ((<usize>begin) << 2);
    let left = rows;
    for (; left >= 4; left -= 4, a += 4 * aRow, y += 4 * rowBytes) pass4(product, k, kc, a, b, y, end - begin);
    for (; left; --left, a += aRow, y += rowBytes) pass1(product, k, kc, a, b, y, end - begin);
    k += PASS;
  } while (k < inner);
}

/** y (+)= kc scaled rows of b, four rows of y at a time: `=` if k is 0, else `+=`. Columns beyond the last 8 go one row at a time. */
function pass4(product: usize, k: u32, kc: u32, a: usize, b: usize, y: usize, cols: u32): void {
  const aRow = <usize>load<u32>(product, PRODUCT_A_ROW);
  const aInner = <usize>load<u32>(product, PRODUCT_A_INNER);
  const bInner = <usize>load<u32>(product, PRODUCT_B_INNER);
  const rowBytes = (<usize>load<u32>(product, PRODUCT_COLS)) << 2;
  if (load<u32>(product, PRODUCT_B_COL) == 4) {
    const zero = f32x4.splat(0);
    for (; cols >= 8; cols -= 8, b += 32, y += 32) {
      const y2 = y + rowBytes * 2;
      // biome-ignore format: sums in the shape of the tile
      let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
      if (k) {
        s00 = v128.load(y);
        s01 = v128.load(y, 16);
        s10 = v128.load(y + rowBytes);
        s11 = v128.load(y + rowBytes, 16);
        s20 = v128.load(y2);
        s21 = v128.load(y2, 16);
        s30 = v128.load(y2 + rowBytes);
        s31 = v128.load(y2 + rowBytes, 16);
      }
      let at = a;
      let bt = b;
      for (let left = kc; left; --left, at += aInner, bt += bInner) {
        const b0 = v128.load(bt);
        const b1 = v128.load(bt, 16);
        const a0 = v128.load32_splat(at);
        const a1 = v128.load32_splat(at + aRow);
        const a2 = v128.load32_splat(at + aRow * 2);
        const a3 = v128.load32_splat(at + aRow * 3);
        s00 = madd(a0, b0, s00);
        s01 = madd(a0, b1, s01);
        s10 = madd(a1, b0, s10);
        s11 = madd(a1, b1, s11);
        s20 = madd(a2, b0, s20);
        s21 = madd(a2, b1, s21);
        s30 = madd(a3, b0, s30);
        s31 = madd(a3, b1, s31);
      }
      v128.store(y, s00);
      v128.store(y, s01, 16);
      v128.store(y + rowBytes, s10);
      v128.store(y + rowBytes, s11, 16);
      v128.store(y2, s20);
      v128.store(y2, s21, 16);
      v128.store(y2 + rowBytes, s30);
      v128.store(y2 + rowBytes, s31, 16);
    }
  }
  if (cols) {
    for (let i = 0; i < 4; ++i, a += aRow, y += rowBytes) pass1(product, k, kc, a, b, y, cols);
  }
}

/** The same for one row of y: 16, 4, then 1 column at a time. */
function pass1(product: usize, k: u32, kc: u32, a: usize, b: usize, y: usize, cols: u32): void {
  const aInner = <usize>load<u32>(product, PRODUCT_A_INNER);
  const bInner = <usize>load<u32>(product, PRODUCT_B_INNER);
  const bCol = <usize>load<u32>(product, PRODUCT_B_COL);
  const zero = f32x4.splat(0);
  if (bCol == 4) {
    for (; cols >= 16; cols -= 16, b += 64, y += 64) {
      // biome-ignore format: sums in the shape of the tile
      let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
      if (k) {
        s0 = v128.load(y);
        s1 = v128.load(y, 16);
        s2 = v128.load(y, 32);
        s3 = v128.load(y, 48);
      }
      let at = a;
      let bt = b;
      for (let left = kc; left; --left, at += aInner, bt += bInner) {
        const ai = v128.load32_splat(at);
        s0 = madd(ai, v128.load(bt), s0);
        s1 = madd(ai, v128.load(bt, 16), s1);
        s2 = madd(ai, v128.load(bt, 32), s2);
        s3 = madd(ai, v128.load(bt, 48), s3);
      }
      v128.store(y, s0);
      v128.store(y, s1, 16);
      v128.store(y, s2, 32);
      v128.store(y, s3, 48);
    }
    for (; cols >= 4; cols -= 4, b += 16, y += 16) {
      let s = k ? v128.load(y) : zero;
      let at = a;
      let bt = b;
      for (let left = kc; left; --left, at += aInner, bt += bInner) s = madd(v128.load32_splat(at), v128.load(bt), s);
      v128.store(y, s);
    }
  }
  for (; cols; --cols, b += bCol, y += 4) {
    let s = k ? v128.load32_zero(y) : zero;
    let at = a;
    let bt = b;
    for (let left = kc; left; --left, at += aInner, bt += bInner) s = madd(v128.load32_zero(at), v128.load32_zero(bt), s);
    v128.store_lane<f32>(y, s, 0);
  }
}
