/**
 * The loops round the register tile, outermost first: blocks of rows, blocks of columns, blocks of inner, panels, tiles.
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
import { blockPanels, blockRows, EDGE_BYTES, KC, MR, NR, rowPanels, tileCount, tileRows } from "./blocking";
import { finish } from "./epilogue";
import { packA } from "./pack";
import { TILE_CONTINUE, TILE_RELU, tile1x24, tile1x32, tiles } from "./tile";

/**
 * y = epilogue(a · b + bias), and z = a · b + bias if asked for, for rows [rowBegin, rowEnd) and the columns of panels
 * [panelBegin, panelEnd). With inner = 0 the product is 0.
 * product: a PRODUCT_* descriptor; b holds packed panels (packB). 4-byte alignment. scratch: SCRATCH_BYTES bytes. `=`
 */
export function matmul(product: usize, scratch: usize, rowBegin: u32, rowEnd: u32, panelBegin: u32, panelEnd: u32): void {
  rowEnd = min(rowEnd, load<u32>(product, PRODUCT_ROWS));
  panelEnd = min(panelEnd, (load<u32>(product, PRODUCT_COLS) + NR - 1) / NR);
  if (rowBegin >= rowEnd) return;
  const step = blockRows(rowEnd - rowBegin), width = blockPanels(load<u32>(product, PRODUCT_INNER));
  for (let i = rowBegin; i < rowEnd; i += step) {
    const rows = min(step, rowEnd - i);
    for (let j = panelBegin; j < panelEnd; j += width) {
      const end = min(j + width, panelEnd);
      innerBlocks(product, scratch, i, rows, j, end);
      finish(product, i, rows, j * NR, min(end * NR, load<u32>(product, PRODUCT_COLS)), true);
    }
  }
}

/** All of inner for one block of y, block after block. */
function innerBlocks(product: usize, scratch: usize, i: u32, rows: u32, begin: u32, end: u32): void {
  const inner = load<u32>(product, PRODUCT_INNER);
  const innerStride = <usize>load<u32>(product, PRODUCT_A_INNER);
  const rowStride = <usize>load<u32>(product, PRODUCT_A_ROW);
  const a = <usize>load<u32>(product, PRODUCT_A) + <usize>i * rowStride;
  let k: u32 = 0;
  do {
    const kc = min(KC, inner - k);
    packA(a + <usize>k * innerStride, rowStride, innerStride, rows, kc, scratch);
    panels(product, scratch, i, rows, k, kc, begin, end);
    k += KC;
  } while (k < inner);
}

/** All panels for one packed block of a: the panel stays in the first cache while the tiles of a pass by. */
function panels(product: usize, scratch: usize, i: u32, rows: u32, k: u32, kc: u32, begin: u32, end: u32): void {
  const cols = load<u32>(product, PRODUCT_COLS);
  const isLast = k + kc == load<u32>(product, PRODUCT_INNER);
  const bias = isLast ? <usize>load<u32>(product, PRODUCT_BIAS) : 0;
  const z = isLast ? <usize>load<u32>(product, PRODUCT_Z) : 0;
  const y = <usize>load<u32>(product, PRODUCT_Y);
  const isRelu = isLast && load<u32>(product, PRODUCT_ACTIVATION) == ACTIVATION_RELU && !load<u32>(product, PRODUCT_T);
  const flags = (k ? TILE_CONTINUE : 0) | (isRelu ? TILE_RELU : 0);
  let b = <usize>load<u32>(product, PRODUCT_B) + (((<usize>k * ((cols + NR - 1) / NR) + <usize>begin * kc) * NR) << 2);
  const panelBytes = (<usize>kc * NR) << 2;
  let j = begin * NR;
  const last = end * NR;
  while (j < last) {
    const at = (<usize>i * cols + j) << 2;
    const panelBias = bias ? bias + ((<usize>j) << 2) : 0;
    const panelZ = z ? z + at : 0;
    const width = rows == 1 ? rowPanels((min(last, cols) - j) / NR) * NR : NR;
    if (width == 4 * NR) tile1x32(scratch, b, panelBytes, kc, y + at, panelZ, panelBias, flags);
    else if (width == 3 * NR) tile1x24(scratch, b, panelBytes, kc, y + at, panelZ, panelBias, flags);
    else if (j + NR <= cols) panel(scratch, b, kc, rows, y + at, panelZ, (<usize>cols) << 2, panelBias, flags);
    else edgePanel(scratch, b, kc, rows, y + at, panelZ, cols - j, (<usize>cols) << 2, panelBias, flags);
    b += (<usize>width / NR) * panelBytes;
    j += width;
  }
}

/** All tiles of a packed block of a against one panel. */
function panel(a: usize, b: usize, kc: u32, rows: u32, y: usize, z: usize, rowBytes: usize, bias: usize, flags: u32): void {
  while (rows) {
    const mr = tileRows(rows);
    const count = tileCount(rows);
    tiles(mr, count, a, b, kc, y, z, rowBytes, bias, flags);
    const done = mr * count;
    a += (<usize>done * kc) << 2;
    y += <usize>done * rowBytes;
    if (z) z += <usize>done * rowBytes;
    rows -= done;
  }
}

/** The same for the last panel when cols is no multiple of 8: whole tiles in the scratch, of which only `cols` columns go to y and z. */
function edgePanel(
  scratch: usize,
  b: usize,
  kc: u32,
  rows: u32,
  y: usize,
  z: usize,
  cols: u32,
  rowBytes: usize,
  bias: usize,
  flags: u32,
): void {
  const edgeY = scratch + (SCRATCH_BYTES - EDGE_BYTES);
  const edgeZ = edgeY + 32 * MR;
  const edgeBias = edgeZ + 32 * MR;
  if (bias) copyColumns(bias, 0, edgeBias, 0, 1, cols);
  let a = scratch;
  while (rows) {
    const mr = tileRows(rows);
    if (flags & TILE_CONTINUE) copyColumns(y, rowBytes, edgeY, 32, mr, cols);
    tiles(mr, 1, a, b, kc, edgeY, z ? edgeZ : 0, 32, bias ? edgeBias : 0, flags);
    copyColumns(edgeY, 32, y, rowBytes, mr, cols);
    if (z) {
      copyColumns(edgeZ, 32, z, rowBytes, mr, cols);
      z += <usize>mr * rowBytes;
    }
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
