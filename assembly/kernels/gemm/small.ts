/**
 * The matrix product of operands that lie in the first cache anyway: the tiles read a at its strides, and b too where its columns
 * lie side by side in whole vectors. Packing both and the loops over blocks took five times as long as an iris step's
 * multiply-adds (Zen 4).
 *
 * Bits: an output adds its products in order of k from 0, then the bias, as matmul does within a block. So they depend neither on
 * the share, nor on the other rows, and up to GEMM_KC inner they are those of matmul.
 */
import {
  ACTIVATION_RELU,
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
import { copyColumns } from "../copyColumns";
import { finish } from "./epilogue";
import { pack4 } from "./pack";
import { NONE, RELU, RELU_GRAD, tiles16, tiles4, tiles4Adjacent, tiles8 } from "./smallTiles";

/**
 * y = epilogue(a · b + bias), and z = a · b + bias if asked for, for columns [begin, end). With inner = 0 the product is 0.
 * product: a PRODUCT_* descriptor; b at its strides. 4-byte alignment. scratch: inner whole vectors of the columns. `=`
 */
export function matmulSmall(product: usize, scratch: usize, begin: u32, end: u32): void {
  end = min(end, load<u32>(product, PRODUCT_COLS));
  const rows = load<u32>(product, PRODUCT_ROWS);
  if (begin >= end || rows == 0) return;
  const cols = end - begin, inner = load<u32>(product, PRODUCT_INNER);
  const bCol = <usize>load<u32>(product, PRODUCT_B_COL);
  let b = <usize>load<u32>(product, PRODUCT_B) + <usize>begin * bCol, bInner = <usize>load<u32>(product, PRODUCT_B_INNER);
  if (bCol != 4 || cols & 3) {
    bInner = <usize>((cols + 3) & ~3) << 2;
    packColumns(b, bCol, <usize>load<u32>(product, PRODUCT_B_INNER), inner, cols, scratch, bInner);
    b = scratch;
  }
  let bias = <usize>load<u32>(product, PRODUCT_BIAS), y = <usize>load<u32>(product, PRODUCT_Y) + ((<usize>begin) << 2);
  const biasStep: usize = bias != 0 ? 4 : 0;
  bias += <usize>begin * biasStep;
  const z = <usize>load<u32>(product, PRODUCT_Z);
  const isRelu = load<u32>(product, PRODUCT_ACTIVATION) == ACTIVATION_RELU && !load<u32>(product, PRODUCT_MASK) && !z;
  const epilogue = !isRelu ? NONE : load<u32>(product, PRODUCT_T) ? RELU_GRAD : RELU;
  let left = cols;
  for (; left >= 16; left -= 16, b += 64, y += 64, bias += 16 * biasStep) tiles16(product, b, bInner, inner, y, bias, epilogue);
  const done = isRelu ? end - left : begin;
  for (; left >= 8; left -= 8, b += 32, y += 32, bias += 8 * biasStep) tiles8(product, b, bInner, inner, y, bias);
  for (; left; left -= min(left, 4), b += 16, y += 16, bias += 4 * biasStep) {
    const adjacent = load<u32>(product, PRODUCT_A_ROW) == 4 ? rows & ~7 : 0;
    if (adjacent) tiles4Adjacent(product, b, bInner, inner, y, bias, min(left, 4), adjacent);
    if (adjacent < rows) tiles4(product, b, bInner, inner, y, bias, min(left, 4), adjacent);
  }
  if (z) {
    const all = load<u32>(product, PRODUCT_COLS), first = (<usize>begin) << 2;
    copyColumns(<usize>load<u32>(product, PRODUCT_Y) + first, z + first, cols, all, all, 0, rows);
  }
  if (done < end) finish(product, 0, rows, done, end, false);
}

/** to[k, column], rows of `step` bytes, whole vectors: columns beyond the last are the last once more, for lanes that are not stored. */
// @ts-ignore: decorator
@inline
function packColumns(b: usize, bCol: usize, bInner: usize, inner: u32, cols: u32, to: usize, step: usize): void {
  for (let column: u32 = 0; column < cols; column += 4) {
    const others = cols - 1 - column;
    const second = <usize>min(others, 1) * bCol, third = <usize>min(others, 2) * bCol, fourth = <usize>min(others, 3) * bCol;
    pack4(b + <usize>column * bCol, second, third, fourth, bInner, inner, to + (<usize>column << 2), step);
  }
}
