/**
 * The matrix product for one thread or a few whose rows are so few that all of a, packed, stays in the second cache. It packs b itself, some panels
 * at a time, beside a: packed before, all of b goes to memory and back. 784-512-512-10 with 128 rows takes 0.99 of the time for a step
 * (Node 26, Zen 4), 1024-2048-1024-10 with 256 rows 0.98 (Zen 5). More rows would pack a or b more than once.
 * On two threads, each of which packs all of a for its columns, mnist takes 0.95 of the time (Zen 5): packed panels need not travel.
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
  WHOLE_A_BYTES,
} from "../../abi";
import { KC, NR, wholeGroupRows } from "./blocking";
import { group } from "./loops";
import { packA, packB } from "./pack";

/** Bytes of panels of b that are packed at once. A quarter of it is as fast within 0.3%. */
const CHUNK_BYTES: u32 = 131072;

/**
 * y = epilogue(a · b + bias), and z = a · b + bias if asked for, for the columns of panels [begin, end). With inner = 0 the product is 0.
 * product: a PRODUCT_* descriptor; b at its strides; rows · min(inner, KC) floats are WHOLE_A_BYTES at most. 4-byte alignment.
 * scratch: SCRATCH_BYTES bytes. isPacked: other columns of this product were the last that the scratch has seen, so a lies there if all
 * its blocks have room. The bits are those of matmul. `=`
 */
export function matmulPacking(product: usize, scratch: usize, begin: u32, end: u32, isPacked: bool): void {
  const rows = load<u32>(product, PRODUCT_ROWS), cols = load<u32>(product, PRODUCT_COLS), inner = load<u32>(product, PRODUCT_INNER);
  const aRow = <usize>load<u32>(product, PRODUCT_A_ROW), aInner = <usize>load<u32>(product, PRODUCT_A_INNER);
  const bCol = <usize>load<u32>(product, PRODUCT_B_COL), bInner = <usize>load<u32>(product, PRODUCT_B_INNER);
  const chunk = scratch + WHOLE_A_BYTES;
  let a = <usize>load<u32>(product, PRODUCT_A), b = <usize>load<u32>(product, PRODUCT_B);
  end = min(end, (cols + NR - 1) / NR);
  if (rows == 0) return;
  const isWhole = rows * min(inner, WHOLE_A_BYTES) <= <u32>WHOLE_A_BYTES / 4; // min: against overflow
  let k: u32 = 0, packed = scratch;
  do {
    const kc = min(KC, inner - k);
    const panelBytes = kc << 5, width = CHUNK_BYTES / max(panelBytes, 32);
    if (!isPacked || !isWhole) packA(a, aRow, aInner, rows, kc, packed);
    for (let j = begin; j < end; j += width) {
      const last = min(j + width, end);
      packB(b, chunk - <usize>(j * panelBytes), kc, cols, bInner, bCol, j, last); // panel j then is at chunk
      for (let i: u32 = 0, some: u32 = 0; i < rows; i += some) {
        some = wholeGroupRows(rows - i, kc, cols);
        group(product, scratch, packed + (<usize>(i * kc) << 2), chunk, i, some, k, kc, j, last);
      }
    }
    if (isWhole) packed += <usize>(rows * kc) << 2;
    a += <usize>KC * aInner, b += <usize>KC * bInner, k += KC;
  } while (k < inner);
}
