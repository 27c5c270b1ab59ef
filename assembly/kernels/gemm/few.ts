/**
 * The matrix product for batches of at most 8 rows: b is read once, where it lies, as packing it would cost as much as the
 * product. Right for any number of rows; for many, matmul is faster (but with inner <= 8 this one is, too).
 *
 * Bits: an output depends on its row of a and its column of b alone, not on the share, nor on how many rows there are.
 */
import {
  PRODUCT_A_INNER,
  PRODUCT_B_INNER,
  PRODUCT_BIAS,
  PRODUCT_COLS,
  PRODUCT_ROWS,
  PRODUCT_Y,
  PRODUCT_Z,
} from "../../abi";
import { dots } from "./dots";
import { finish } from "./epilogue";
import { scaledRows } from "./scaledRows";

/**
 * y = epilogue(a · b + bias), and z = a · b + bias if asked for, for columns [begin, end). With inner = 0 the product is 0.
 * product: a PRODUCT_* descriptor; b at its strides, 4-byte alignment. `=`
 */
export function matmulFew(product: usize, begin: u32, end: u32): void {
  end = min(end, load<u32>(product, PRODUCT_COLS));
  if (begin >= end) return;
  if (load<u32>(product, PRODUCT_B_INNER) == 4 && load<u32>(product, PRODUCT_A_INNER) == 4) dots(product, begin, end);
  else scaledRows(product, begin, end);
  const rowBytes = (<usize>load<u32>(product, PRODUCT_COLS)) << 2;
  const bias = <usize>load<u32>(product, PRODUCT_BIAS);
  const z = <usize>load<u32>(product, PRODUCT_Z);
  let y = <usize>load<u32>(product, PRODUCT_Y) + ((<usize>begin) << 2);
  const toZ = z - <usize>load<u32>(product, PRODUCT_Y);
  for (let rows = load<u32>(product, PRODUCT_ROWS); rows; --rows, y += rowBytes) {
    if (bias) addBias(y, bias + ((<usize>begin) << 2), end - begin);
    if (z) memory.copy(y + toZ, y, (<usize>(end - begin)) << 2);
  }
  finish(product, 0, load<u32>(product, PRODUCT_ROWS), begin, end, false);
}

/** y += bias, f32[count] both. */
function addBias(y: usize, bias: usize, count: u32): void {
  for (; count >= 4; count -= 4, y += 16, bias += 16) v128.store(y, f32x4.add(v128.load(y), v128.load(bias)));
  for (; count; --count, y += 4, bias += 4) store<f32>(y, load<f32>(y) + load<f32>(bias));
}
