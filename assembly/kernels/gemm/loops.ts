/**
 * The loops round the register tile, outermost first: blocks of columns, blocks of inner, groups of rows, panels, tiles.
 * Knows nothing of threads: a rank's share is a range of rows and of panels.
 *
 * Bits: an output adds its products in order of k from 0 inside each block of KC, then the block sums in order, then the
 * bias. So they depend neither on the tile or edge that it falls into, nor on the share, nor on the other rows.
 */
import {
  ACTIVATION_RELU,
  PRODUCT_A,
  PRODUCT_A_INNER,
  PRODUCT_A_ROW,
  PRODUCT_ACTIVATION,
  PRODUCT_B,
  PRODUCT_BIAS,
  PRODUCT_COLS,
  PRODUCT_INNER,
  PRODUCT_ROWS,
  PRODUCT_T,
  PRODUCT_Y,
  PRODUCT_Z,
  SCRATCH_BYTES,
} from "../../abi";
import { blockPanels, EDGE_BYTES, groupRows, KC, MR, NR, rowPanels, tileCount, tileRows } from "./blocking";
import { finish } from "./epilogue";
import { packA } from "./pack";
import { tile1x24, tile1x32, tiles } from "./tile";
import { TILE_CONTINUE, TILE_RELU } from "./tileEnd";

/**
 * y = epilogue(a · b + bias), and z = a · b + bias if asked for, for rows [rowBegin, rowEnd) and the columns of panels
 * [panelBegin, panelEnd). With inner = 0 the product is 0.
 * product: a PRODUCT_* descriptor; b holds packed panels (packB). 4-byte alignment. scratch: SCRATCH_BYTES bytes. `=`
 */
export function matmul(product: usize, scratch: usize, rowBegin: u32, rowEnd: u32, panelBegin: u32, panelEnd: u32): void {
  rowEnd = min(rowEnd, load<u32>(product, PRODUCT_ROWS));
  panelEnd = min(panelEnd, (load<u32>(product, PRODUCT_COLS) + NR - 1) / NR);
  if (rowBegin >= rowEnd) return;
  const width = blockPanels(load<u32>(product, PRODUCT_INNER));
  for (let j = panelBegin; j < panelEnd; j += width) innerBlocks(product, scratch, rowBegin, rowEnd, j, min(j + width, panelEnd));
}

/** All of inner for one block of columns. A block of b is read from memory once: it stays in the second cache while all rows pass by. */
function innerBlocks(product: usize, scratch: usize, rowBegin: u32, rowEnd: u32, begin: u32, end: u32): void {
  const inner = load<u32>(product, PRODUCT_INNER);
  const innerStride = <usize>load<u32>(product, PRODUCT_A_INNER);
  const rowStride = <usize>load<u32>(product, PRODUCT_A_ROW);
  const a = <usize>load<u32>(product, PRODUCT_A);
  const panels = (load<u32>(product, PRODUCT_COLS) + NR - 1) / NR;
  let k: u32 = 0;
  do {
    const kc = min(KC, inner - k);
    const b = <usize>load<u32>(product, PRODUCT_B) + (<usize>(k * panels + begin * kc) << 5);
    for (let i = rowBegin, rows: u32 = 0; i < rowEnd; i += rows) {
      rows = groupRows(rowEnd - i, kc);
      packA(a + <usize>i * rowStride + <usize>k * innerStride, rowStride, innerStride, rows, kc, scratch);
      group(product, scratch, scratch, b, i, rows, k, kc, begin, end);
    }
    k += KC;
  } while (k < inner);
}

/**
 * Panels [begin, end), which lie at b, for one group of rows, packed at a: each comes into the first cache once, for all tiles of the
 * group. After the last block of inner, what rides on the product.
 */
export function group(product: usize, scratch: usize, a: usize, b: usize, i: u32, rows: u32, k: u32, kc: u32, begin: u32, end: u32): void {
  const cols = load<u32>(product, PRODUCT_COLS);
  const isLast = k + kc == load<u32>(product, PRODUCT_INNER);
  const isRelu = isLast && load<u32>(product, PRODUCT_ACTIVATION) == ACTIVATION_RELU && !load<u32>(product, PRODUCT_T);
  const flags = (k ? TILE_CONTINUE : 0) | (isRelu ? TILE_RELU : 0);
  const at = (<usize>i * cols + begin * NR) << 2, rowBytes = (<usize>cols) << 2, panelBytes = (<usize>kc * NR) << 2;
  let y = <usize>load<u32>(product, PRODUCT_Y);
  const z = isLast ? <usize>load<u32>(product, PRODUCT_Z) : 0;
  const toZ = z ? z - y : 0;
  y += at;
  let bias = isLast ? <usize>load<u32>(product, PRODUCT_BIAS) : 0;
  if (bias) bias += <usize>begin << 5;
  let whole = min(end, cols / NR) - begin;
  while (whole) {
    const count = rows == 1 ? rowPanels(whole) : whole;
    if (rows > 1 || count == 1) panels(a, b, kc, rows, count, y, toZ, rowBytes, bias, flags);
    else if (count == 4) tile1x32(a, b, panelBytes, kc, y, toZ, bias, flags);
    else tile1x24(a, b, panelBytes, kc, y, toZ, bias, flags);
    whole -= count;
    b += <usize>count * panelBytes;
    y += <usize>count << 5;
    if (bias) bias += <usize>count << 5;
  }
  if (end * NR > cols) edgePanel(scratch, a, b, kc, rows, y, toZ, cols & (NR - 1), rowBytes, bias, flags);
  if (isLast) finish(product, i, rows, begin * NR, min(end * NR, cols), true);
}

/** All tiles of a packed group of rows against `count` panels. */
function panels(
  a: usize,
  b: usize,
  kc: u32,
  rows: u32,
  count: u32,
  y: usize,
  toZ: usize,
  rowBytes: usize,
  bias: usize,
  flags: u32,
): void {
  while (rows) {
    const mr = tileRows(rows);
    const high = tileCount(rows);
    tiles(mr, high, count, a, b, kc, y, toZ, rowBytes, bias, flags);
    const done = mr * high;
    a += (<usize>done * kc) << 2;
    y += <usize>done * rowBytes;
    rows -= done;
  }
}

/** The same for the last panel when cols is no multiple of 8: whole tiles in the scratch, of which only `cols` columns go to y and z. */
function edgePanel(
  scratch: usize,
  a: usize,
  b: usize,
  kc: u32,
  rows: u32,
  y: usize,
  toZ: usize,
  cols: u32,
  rowBytes: usize,
  bias: usize,
  flags: u32,
): void {
  const edgeY = scratch + (SCRATCH_BYTES - EDGE_BYTES);
  const edgeZ = edgeY + 32 * MR;
  const edgeBias = edgeZ + 32 * MR;
  if (bias) copyColumns(bias, 0, edgeBias, 0, 1, cols);
  while (rows) {
    const mr = tileRows(rows);
    if (flags & TILE_CONTINUE) copyColumns(y, rowBytes, edgeY, 32, mr, cols);
    tiles(mr, 1, 1, a, b, kc, edgeY, toZ ? edgeZ - edgeY : 0, 32, bias ? edgeBias : 0, flags);
    copyColumns(edgeY, 32, y, rowBytes, mr, cols);
    if (toZ) copyColumns(edgeZ, 32, y + toZ, rowBytes, mr, cols);
    a += (<usize>mr * kc) << 2;
    y += <usize>mr * rowBytes;
    rows -= mr;
  }
}

/** rows x cols floats, 1 to 7, from one row stride to another. */
function copyColumns(from: usize, fromBytes: usize, to: usize, toBytes: usize, rows: u32, cols: u32): void {
  for (; rows; --rows, from += fromBytes, to += toBytes) {
    let j: usize = 0;
    if (cols & 4) {
      v128.store(to, v128.load(from));
      j = 16;
    }
    if (cols & 2) {
      store<u64>(to + j, load<u64>(from + j));
      j += 8;
    }
    if (cols & 1) store<u32>(to + j, load<u32>(from + j));
  }
}
