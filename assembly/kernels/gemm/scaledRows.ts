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
  const inner = load<u32>(product, PRODUCT_INNER),
    rows = load<u32>(product, PRODUCT_ROWS);
  const aRow = <usize>load<u32>(product, PRODUCT_A_ROW),
    rowBytes = (<usize>load<u32>(product, PRODUCT_COLS)) << 2;
  let k: u32 = 0;
  do {
    const kc = min(PASS, inner - k);
    let a = <usize>load<u32>(product, PRODUCT_A) + <usize>k * load<u32>(product, PRODUCT_A_INNER);
    const b =
      <usize>load<u32>(product, PRODUCT_B) +
      <usize>k * load<u32>(product, PRODUCT_B_INNER) +
      <usize>begin * load<u32>(product, PRODUCT_B_COL);
    let y = <usize>load<u32>(product, PRODUCT_Y) + ((<usize>begin) << 2),
      left = rows;
    for (; left >= 4; left -= 4, a += 4 * aRow, y += 4 * rowBytes) pass4(product, k, kc, a, b, y, end - begin);
    for (; left; --left, a += aRow, y += rowBytes) pass1(product, k, kc, a, b, y, end - begin);
    k += PASS;
  } while (k < inner);
}

/** y (+)= kc scaled rows of b, four rows of y at a time: `=` if k is 0, else `+=`. Columns beyond the last 8 go one row at a time. */
function pass4(product: usize, k: u32, kc: u32, a: usize, b: usize, y: usize, cols: u32): void {
  const aInner = <usize>load<u32>(product, PRODUCT_A_INNER),
    bInner = <usize>load<u32>(product, PRODUCT_B_INNER);
  const aRow = <usize>load<u32>(product, PRODUCT_A_ROW),
    rowBytes = (<usize>load<u32>(product, PRODUCT_COLS)) << 2;
  if (load<u32>(product, PRODUCT_B_COL) == 4) {
    const y1 = rowBytes,
      y2 = rowBytes * 2,
      y3 = rowBytes * 3,
      zero = f32x4.splat(0);
    for (; cols >= 8; cols -= 8, b += 32, y += 32) {
      let y00 = zero,
        y01 = zero,
        y10 = zero,
        y11 = zero,
        y20 = zero,
        y21 = zero,
        y30 = zero,
        y31 = zero;
      if (k) {
        (y00 = v128.load(y)), (y01 = v128.load(y, 16)), (y10 = v128.load(y + y1)), (y11 = v128.load(y + y1, 16));
        (y20 = v128.load(y + y2)), (y21 = v128.load(y + y2, 16)), (y30 = v128.load(y + y3)), (y31 = v128.load(y + y3, 16));
      }
      let at = a,
        bt = b,
        left = kc;
      for (; left; --left, at += aInner, bt += bInner) {
        const b0 = v128.load(bt),
          b1 = v128.load(bt, 16),
          at2 = at + 2 * aRow;
        const a0 = v128.load32_splat(at),
          a1 = v128.load32_splat(at + aRow);
        const a2 = v128.load32_splat(at2),
          a3 = v128.load32_splat(at2 + aRow);
        (y00 = madd(a0, b0, y00)), (y01 = madd(a0, b1, y01)), (y10 = madd(a1, b0, y10)), (y11 = madd(a1, b1, y11));
        (y20 = madd(a2, b0, y20)), (y21 = madd(a2, b1, y21)), (y30 = madd(a3, b0, y30)), (y31 = madd(a3, b1, y31));
      }
      v128.store(y, y00), v128.store(y, y01, 16), v128.store(y + y1, y10), v128.store(y + y1, y11, 16);
      v128.store(y + y2, y20), v128.store(y + y2, y21, 16), v128.store(y + y3, y30), v128.store(y + y3, y31, 16);
    }
  }
  if (cols) {
    for (let i = 0; i < 4; ++i, a += aRow, y += rowBytes) pass1(product, k, kc, a, b, y, cols);
  }
}

/** The same for one row of y: 16, 4, then 1 column at a time. */
function pass1(product: usize, k: u32, kc: u32, a: usize, b: usize, y: usize, cols: u32): void {
  const aInner = <usize>load<u32>(product, PRODUCT_A_INNER),
    bInner = <usize>load<u32>(product, PRODUCT_B_INNER);
  const bCol = <usize>load<u32>(product, PRODUCT_B_COL),
    zero = f32x4.splat(0);
  if (bCol == 4) {
    for (; cols >= 16; cols -= 16, b += 64, y += 64) {
      let y0 = zero,
        y1 = zero,
        y2 = zero,
        y3 = zero;
      if (k) (y0 = v128.load(y)), (y1 = v128.load(y, 16)), (y2 = v128.load(y, 32)), (y3 = v128.load(y, 48));
      let at = a,
        bt = b,
        left = kc;
      for (; left; --left, at += aInner, bt += bInner) {
        const ai = v128.load32_splat(at);
        (y0 = madd(ai, v128.load(bt), y0)), (y1 = madd(ai, v128.load(bt, 16), y1));
        (y2 = madd(ai, v128.load(bt, 32), y2)), (y3 = madd(ai, v128.load(bt, 48), y3));
      }
      v128.store(y, y0), v128.store(y, y1, 16), v128.store(y, y2, 32), v128.store(y, y3, 48);
    }
    for (; cols >= 4; cols -= 4, b += 16, y += 16) {
      let y0 = k ? v128.load(y) : zero;
      let at = a,
        bt = b,
        left = kc;
      for (; left; --left, at += aInner, bt += bInner) y0 = madd(v128.load32_splat(at), v128.load(bt), y0);
      v128.store(y, y0);
    }
  }
  for (; cols; --cols, b += bCol, y += 4) {
    let y0 = k ? v128.load32_zero(y) : zero;
    let at = a,
      bt = b,
      left = kc;
    for (; left; --left, at += aInner, bt += bInner) y0 = madd(v128.load32_zero(at), v128.load32_zero(bt), y0);
    v128.store_lane<f32>(y, y0, 0);
  }
}
