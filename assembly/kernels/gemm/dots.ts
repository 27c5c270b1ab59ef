/**
 * A product of few rows whose operands both run along inner, such as y = x · wᵀ with w [cols, inner]: dot products.
 */
import { PRODUCT_A, PRODUCT_A_ROW, PRODUCT_B, PRODUCT_B_COL, PRODUCT_COLS, PRODUCT_INNER, PRODUCT_ROWS, PRODUCT_Y } from "../../abi";
import { laneSum, madd } from "../../math/lanes";

/**
 * y = a · b for columns [begin, end). Four sums take every fourth product in order, (0 + 2) + (1 + 3) is the output; the
 * products beyond the last whole vector go to sum 0.
 * product: a PRODUCT_* descriptor with PRODUCT_A_INNER = PRODUCT_B_INNER = 4; 4-byte alignment. `=`
 */
export function dots(product: usize, begin: u32, end: u32): void {
  const rowStride = <usize>load<u32>(product, PRODUCT_A_ROW), a = <usize>load<u32>(product, PRODUCT_A);
  const colStride = <usize>load<u32>(product, PRODUCT_B_COL), rowBytes = <usize>load<u32>(product, PRODUCT_COLS) << 2;
  const inner = load<u32>(product, PRODUCT_INNER), rows = load<u32>(product, PRODUCT_ROWS);
  let b = <usize>load<u32>(product, PRODUCT_B) + <usize>begin * colStride, y = <usize>load<u32>(product, PRODUCT_Y) + (<usize>begin << 2);
  for (let cols = end - begin; cols; ) {
    // The columns stay in the first cache while all rows pass by: b comes from memory once.
    const nc: u32 = cols >= 6 ? 6 : cols >= 3 ? 3 : 1;
    let left = rows, ai = a, yi = y;
    for (; left >= 4; left -= 4, ai += 4 * rowStride, yi += 4 * rowBytes) {
      let j: u32 = 0;
      for (; j + 2 <= nc; j += 2) dots4x2(ai, rowStride, b + <usize>j * colStride, colStride, inner, yi + (<usize>j << 2), rowBytes);
      if (j < nc) dots4x1(ai, rowStride, b + <usize>j * colStride, colStride, inner, yi + (<usize>j << 2), rowBytes);
    }
    for (; left; --left, ai += rowStride, yi += rowBytes) {
      if (nc == 6) dots1x6(ai, b, colStride, inner, yi);
      else if (nc == 3) dots1x3(ai, b, colStride, inner, yi);
      else dots1x1(ai, b, colStride, inner, yi);
    }
    b += <usize>nc * colStride;
    y += <usize>nc << 2;
    cols -= nc;
  }
}

function dots4x2(a: usize, rowStride: usize, b: usize, colStride: usize, inner: u32, y: usize, rowBytes: usize): void {
  dotsOf4Rows(2, a, rowStride, b, colStride, inner, y, rowBytes);
}
function dots4x1(a: usize, rowStride: usize, b: usize, colStride: usize, inner: u32, y: usize, rowBytes: usize): void {
  dotsOf4Rows(1, a, rowStride, b, colStride, inner, y, rowBytes);
}
function dots1x6(a: usize, b: usize, colStride: usize, inner: u32, y: usize): void {
  dotsOf1Row(6, a, b, colStride, inner, y);
}
function dots1x3(a: usize, b: usize, colStride: usize, inner: u32, y: usize): void {
  dotsOf1Row(3, a, b, colStride, inner, y);
}
function dots1x1(a: usize, b: usize, colStride: usize, inner: u32, y: usize): void {
  dotsOf1Row(1, a, b, colStride, inner, y);
}

/** 4 x nc outputs, nc a constant 1 or 2: at most 8 sums in flight, as many as the latency of madd asks for. */
// @ts-ignore: decorator
@inline
function dotsOf4Rows(nc: u32, a: usize, rowStride: usize, b: usize, colStride: usize, inner: u32, y: usize, rowBytes: usize): void {
  const zero = f32x4.splat(0);
  let y00 = zero, y10 = zero, y20 = zero, y30 = zero, y01 = zero, y11 = zero, y21 = zero, y31 = zero;
  let at0 = a, at1 = a + rowStride, at2 = at1 + rowStride, at3 = at2 + rowStride, bt0 = b, bt1 = b + colStride;
  let left = inner;
  for (; left >= 4; left -= 4) {
    const a0 = v128.load(at0), a1 = v128.load(at1), a2 = v128.load(at2), a3 = v128.load(at3), b0 = v128.load(bt0);
    y00 = madd(a0, b0, y00), y10 = madd(a1, b0, y10), y20 = madd(a2, b0, y20), y30 = madd(a3, b0, y30);
    if (nc > 1) {
      const b1 = v128.load(bt1);
      y01 = madd(a0, b1, y01), y11 = madd(a1, b1, y11), y21 = madd(a2, b1, y21), y31 = madd(a3, b1, y31);
      bt1 += 16;
    }
    at0 += 16, at1 += 16, at2 += 16, at3 += 16, bt0 += 16;
  }
  for (; left; --left) {
    const a0 = v128.load32_zero(at0), a1 = v128.load32_zero(at1), a2 = v128.load32_zero(at2), a3 = v128.load32_zero(at3);
    const b0 = v128.load32_zero(bt0);
    y00 = madd(a0, b0, y00), y10 = madd(a1, b0, y10), y20 = madd(a2, b0, y20), y30 = madd(a3, b0, y30);
    if (nc > 1) {
      const b1 = v128.load32_zero(bt1);
      y01 = madd(a0, b1, y01), y11 = madd(a1, b1, y11), y21 = madd(a2, b1, y21), y31 = madd(a3, b1, y31);
      bt1 += 4;
    }
    at0 += 4, at1 += 4, at2 += 4, at3 += 4, bt0 += 4;
  }
  store<f32>(y, laneSum(y00));
  if (nc > 1) store<f32>(y, laneSum(y01), 4);
  y += rowBytes;
  store<f32>(y, laneSum(y10));
  if (nc > 1) store<f32>(y, laneSum(y11), 4);
  y += rowBytes;
  store<f32>(y, laneSum(y20));
  if (nc > 1) store<f32>(y, laneSum(y21), 4);
  y += rowBytes;
  store<f32>(y, laneSum(y30));
  if (nc > 1) store<f32>(y, laneSum(y31), 4);
}

/** 1 x nc outputs, nc a constant 1, 3 or 6: with 8 the loads of a turn and the sums would not fit the registers of V8 up to 12.9. */
// @ts-ignore: decorator
@inline
function dotsOf1Row(nc: u32, a: usize, b: usize, colStride: usize, inner: u32, y: usize): void {
  const zero = f32x4.splat(0);
  let y0 = zero, y1 = zero, y2 = zero, y3 = zero, y4 = zero, y5 = zero;
  const col2 = colStride * 2;
  let at = a, bt = b, bt3 = b + colStride * 3, left = inner;
  for (; left >= 4; left -= 4, at += 16, bt += 16, bt3 += 16) {
    const ai = v128.load(at);
    y0 = madd(ai, v128.load(bt), y0);
    if (nc > 1) {
      y1 = madd(ai, v128.load(bt + colStride), y1);
      y2 = madd(ai, v128.load(bt + col2), y2);
    }
    if (nc > 3) {
      y3 = madd(ai, v128.load(bt3), y3);
      y4 = madd(ai, v128.load(bt3 + colStride), y4);
      y5 = madd(ai, v128.load(bt3 + col2), y5);
    }
  }
  for (; left; --left, at += 4, bt += 4, bt3 += 4) {
    const ai = v128.load32_zero(at);
    y0 = madd(ai, v128.load32_zero(bt), y0);
    if (nc > 1) {
      y1 = madd(ai, v128.load32_zero(bt + colStride), y1);
      y2 = madd(ai, v128.load32_zero(bt + col2), y2);
    }
    if (nc > 3) {
      y3 = madd(ai, v128.load32_zero(bt3), y3);
      y4 = madd(ai, v128.load32_zero(bt3 + colStride), y4);
      y5 = madd(ai, v128.load32_zero(bt3 + col2), y5);
    }
  }
  store<f32>(y, laneSum(y0));
  if (nc > 1) {
    store<f32>(y, laneSum(y1), 4);
    store<f32>(y, laneSum(y2), 8);
  }
  if (nc > 3) {
    store<f32>(y, laneSum(y3), 12);
    store<f32>(y, laneSum(y4), 16);
    store<f32>(y, laneSum(y5), 20);
  }
}
