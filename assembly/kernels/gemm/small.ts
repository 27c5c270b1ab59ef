/**
 * The matrix product of operands that lie in the first cache anyway: the tile reads a at its strides, and b too where its columns lie
 * side by side in whole vectors. Packing both and the loops over blocks took five times as long as an iris step's multiply-adds (Zen 4).
 *
 * Bits: an output adds its products in order of k from 0, then the bias, as matmul does within a block. So they depend neither on
 * the share, nor on the other rows, and up to GEMM_KC inner they are those of matmul.
 */
import {
  ACTIVATION_RELU,
  PRODUCT_A,
  PRODUCT_A_INNER,
  PRODUCT_A_ROW,
  PRODUCT_ACTIVATION,
  PRODUCT_B,
  PRODUCT_B_COL,
  PRODUCT_B_INNER,
  PRODUCT_BIAS,
  PRODUCT_COLS,
  PRODUCT_INNER,
  PRODUCT_MASK,
  PRODUCT_ROWS,
  PRODUCT_T,
  PRODUCT_Y,
  PRODUCT_Z,
} from "../../abi";
import { madd } from "../../math/lanes";
import { copyColumns } from "../copyColumns";
import { flushTail, storeUpTo } from "../elementwise";
import { finish } from "./epilogue";
import { packLines } from "./pack";

const NONE: u32 = 0;
const RELU: u32 = 1;
const RELU_GRAD: u32 = 2;

/**
 * y = epilogue(a · b + bias), and z = a · b + bias if asked for, for columns [begin, end). With inner = 0 the product is 0.
 * product: a PRODUCT_* descriptor; b at its strides. 4-byte alignment. scratch: (inner + 1) whole vectors of the columns. `=`
 */
export function matmulSmall(product: usize, scratch: usize, begin: u32, end: u32): void {
  end = min(end, load<u32>(product, PRODUCT_COLS));
  if (begin >= end) return;
  const cols = end - begin, inner = load<u32>(product, PRODUCT_INNER);
  const bCol = <usize>load<u32>(product, PRODUCT_B_COL);
  let b = <usize>load<u32>(product, PRODUCT_B) + <usize>begin * bCol, bInner = <usize>load<u32>(product, PRODUCT_B_INNER);
  let bias = <usize>load<u32>(product, PRODUCT_BIAS);
  if (bias) bias += (<usize>begin) << 2;
  if (bCol != 4 || cols & 3) {
    // The tile reads whole vectors of columns.
    const width = (cols + 3) & ~3;
    packLines(b, bCol, bInner, inner, cols, scratch, width);
    b = scratch, bInner = (<usize>width) << 2;
    if (bias) {
      const packedBias = scratch + <usize>inner * bInner;
      packLines(bias, 4, 4, 1, cols, packedBias, width);
      bias = packedBias;
    }
  }
  const z = <usize>load<u32>(product, PRODUCT_Z), rows = load<u32>(product, PRODUCT_ROWS);
  const isRelu = load<u32>(product, PRODUCT_ACTIVATION) == ACTIVATION_RELU && !load<u32>(product, PRODUCT_MASK) && !z;
  const toT = <usize>load<u32>(product, PRODUCT_T) - <usize>load<u32>(product, PRODUCT_Y);
  const epilogue = !isRelu ? NONE : load<u32>(product, PRODUCT_T) ? RELU_GRAD : RELU;
  let y = <usize>load<u32>(product, PRODUCT_Y) + ((<usize>begin) << 2), left = cols;
  for (; left >= 8; left -= 8, b += 32, y += 32) {
    strip(true, product, b, bInner, inner, y, bias, 8, epilogue, toT);
    if (bias) bias += 32;
  }
  const done = isRelu ? end - left : begin;
  for (; left; left -= min(left, 4), b += 16, y += 16) {
    strip(false, product, b, bInner, inner, y, bias, min(left, 4), NONE, 0);
    if (bias) bias += 16;
  }
  if (z) {
    const all = load<u32>(product, PRODUCT_COLS), first = (<usize>begin) << 2;
    copyColumns(<usize>load<u32>(product, PRODUCT_Y) + first, z + first, cols, all, all, 0, rows);
  }
  if (done < end) finish(product, 0, rows, done, end, false);
}

/**
 * y = a · b + bias for 8 columns, or for the first `cols` of 4, and all rows, four at a time. isWide is a constant. Rows beyond the
 * last are the last once more: the same values go to the same place.
 */
// @ts-ignore: decorator
@inline
function strip(isWide: bool, product: usize, b: usize, bInner: usize, inner: u32, y: usize, bias: usize, cols: u32, epilogue: u32, toT: usize): void {
  const aRow = <usize>load<u32>(product, PRODUCT_A_ROW), aInner = <usize>load<u32>(product, PRODUCT_A_INNER);
  const rowBytes = (<usize>load<u32>(product, PRODUCT_COLS)) << 2, zero = f32x4.splat(0);
  let a = <usize>load<u32>(product, PRODUCT_A);
  for (let rows = load<u32>(product, PRODUCT_ROWS); rows; a += 4 * aRow, y += 4 * rowBytes) {
    const has1 = <usize>(rows > 1), has2 = <usize>(rows > 2), has3 = <usize>(rows > 3);
    let y00 = zero, y10 = zero, y20 = zero, y30 = zero, y01 = zero, y11 = zero, y21 = zero, y31 = zero;
    let a0 = a, a1 = a0 + has1 * aRow, a2 = a1 + has2 * aRow, a3 = a2 + has3 * aRow;
    for (let k = inner, p = b; k; --k, p += bInner, a0 += aInner, a1 += aInner, a2 += aInner, a3 += aInner) {
      const b0 = v128.load(p), v0 = v128.load32_splat(a0), v1 = v128.load32_splat(a1), v2 = v128.load32_splat(a2), v3 = v128.load32_splat(a3);
      y00 = madd(v0, b0, y00), y10 = madd(v1, b0, y10), y20 = madd(v2, b0, y20), y30 = madd(v3, b0, y30);
      if (isWide) {
        const b1 = v128.load(p, 16);
        y01 = madd(v0, b1, y01), y11 = madd(v1, b1, y11), y21 = madd(v2, b1, y21), y31 = madd(v3, b1, y31);
      }
    }
    if (bias) {
      const c0 = v128.load(bias);
      y00 = f32x4.add(y00, c0), y10 = f32x4.add(y10, c0), y20 = f32x4.add(y20, c0), y30 = f32x4.add(y30, c0);
      if (isWide) {
        const c1 = v128.load(bias, 16);
        y01 = f32x4.add(y01, c1), y11 = f32x4.add(y11, c1), y21 = f32x4.add(y21, c1), y31 = f32x4.add(y31, c1);
      }
    }
    if (isWide && epilogue == RELU) {
      y00 = f32x4.pmax(y00, zero), y10 = f32x4.pmax(y10, zero), y20 = f32x4.pmax(y20, zero), y30 = f32x4.pmax(y30, zero);
      y01 = f32x4.pmax(y01, zero), y11 = f32x4.pmax(y11, zero), y21 = f32x4.pmax(y21, zero), y31 = f32x4.pmax(y31, zero);
    }
    const p1 = y + has1 * rowBytes, p2 = p1 + has2 * rowBytes, p3 = p2 + has3 * rowBytes;
    if (isWide && epilogue == RELU_GRAD) {
      y00 = reluGrad(y00, y + toT), y10 = reluGrad(y10, p1 + toT), y20 = reluGrad(y20, p2 + toT), y30 = reluGrad(y30, p3 + toT);
      const to1 = toT + 16;
      y01 = reluGrad(y01, y + to1), y11 = reluGrad(y11, p1 + to1), y21 = reluGrad(y21, p2 + to1), y31 = reluGrad(y31, p3 + to1);
    }
    if (isWide) {
      v128.store(y, y00), v128.store(p1, y10), v128.store(p2, y20), v128.store(p3, y30);
      v128.store(y, y01, 16), v128.store(p1, y11, 16), v128.store(p2, y21, 16), v128.store(p3, y31, 16);
    } else {
      storeUpTo(y, cols, y00), storeUpTo(p1, cols, y10), storeUpTo(p2, cols, y20), storeUpTo(p3, cols, y30);
    }
    rows -= min(rows, 4);
  }
}

/** As the activation's gradient in activations.ts. */
// @ts-ignore: decorator
@inline
function reluGrad(dy: v128, t: usize): v128 {
  return flushTail(v128.andnot(dy, f32x4.le(v128.load(t), f32x4.splat(0))));
}
