/**
 * The block sizes of the matrix product, each with its reason, and how many rows the next tile takes.
 * GEMM_NR and GEMM_KC are in abi.ts because the facade sizes packed operands with them.
 */
import { GEMM_KC, GEMM_NR } from "../../abi";

/** Columns of a tile: two vectors. */
export const NR: u32 = GEMM_NR;

/**
 * Inner extent of a block: a panel of b (16 KB) and a tile of a (12 KB) stay in the first cache together. With 256 the sums in y are
 * read and added to twice as often: 1024 x 1024 x 1024 took 1.02 of the time, 257 x 257 x 257 1.05 (Node 26, Cascade Lake).
 */
export const KC: u32 = GEMM_KC;

/**
 * Rows of the tallest tile. Fused: 6 x 2 sums, 2 vectors of b and 1 of a are the 15 registers that V8 has (0.94 of the
 * multiply-add loop on Zen 5 under Node 24 and 26, 4 rows 0.89). Not fused: 6 rows spill (0.51), 4 rows reach 0.89.
 */
export const MR: u32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

let tallest: u32 = MR;
let longest: u32 = 4;

/**
 * Sets the rows of the tallest tile that matmul uses, 1 to 4 or else MR, and takes at most three panels at once for a single row if
 * they are four or less; for this instance of the module. No bit depends on it.
 * V8 up to 12.9 (Node 20 to 23) moves all loads of a tile's turn before its first multiply-add and runs out of registers
 * beyond 4 rows: 0.45 of the multiply-add loop with 6 rows, 0.88 with 4 (Node 22, Zen 5).
 */
export function setTileRows(rows: u32): void {
  tallest = rows > 4 ? MR : max(1, rows);
  longest = rows > 4 ? 4 : 3;
}

/**
 * Panels that the tile for a single row takes when there are so many: their loads run side by side, and a row waits for memory
 * alone. 1 x 784 x 512: 17 µs with four panels, 19 with three; V8 up to 12.9 has no registers for four, 35 (Node 26 and 20, Zen 5).
 */
// @ts-ignore: decorator
@inline
export function rowPanels(panels: u32): u32 {
  return panels >= longest ? longest : panels >= 3 ? 3 : 1;
}

/** Bytes at the end of the scratch for a tile that overhangs the last column: y, z and bias, in rows of NR floats. */
export const EDGE_BYTES: u32 = 1024;

/**
 * Bytes of a group of rows of a, packed: three of the tallest tiles with all of KC, for each of which a panel of b then lies in
 * the first cache but for the first one. Two and six tiles are as fast within 1%; groupRows needs two at least.
 */
const GROUP_BYTES: u32 = 36864;

/**
 * Bytes of a block of b, which is to stay in the second cache while all rows pass by: a whole one of 1 MB. With half of it a is packed
 * twice as often: 512 x 512 x 512 and 1024 x 1024 x 1024 took 1.02 to 1.05 of the time; with 2 MB 1024 x 2048 x 256 took 1.04.
 * With rows in the outer loop all of b came from memory again for each block of them: 1.05 of the time (Node 26, Cascade Lake).
 */
const BLOCK_BYTES: u32 = 1048576;

/** Bytes of y in a group of rows of an a that is packed whole. */
const Y_BYTES: u32 = 32768;
/** A multiple of the rows of every tallest tile. */
const EVERY_TILE: u32 = 12;

/** Panels of a block of b. */
// @ts-ignore: decorator
@inline
export function blockPanels(inner: u32): u32 {
  return BLOCK_BYTES / NR / 4 / max(1, min(KC, inner));
}

/**
 * Rows of the next tile when `rows` are left: the tallest, but the last ones share, as the few sums of 1 or 2 rows wait for one
 * another. There is no tile of 5 rows: 4 fill the units as well, and it cost a quarter of a kilobyte; so 9 to 11 are 6 + 3, 6 + 4
 * and 4 + 4 + 3, and 5 alone are 3 + 2.
 */
// @ts-ignore: decorator
@inline
export function tileRows(rows: u32): u32 {
  if (rows >= 2 * tallest) return tallest;
  if (rows <= tallest) return rows == 5 ? 3 : rows;
  return rows == 11 ? 4 : rows > 8 ? 6 : (rows + 1) >> 1;
}

/** How many tiles of tileRows(rows) follow each other when `rows` are left. */
// @ts-ignore: decorator
@inline
export function tileCount(rows: u32): u32 {
  if (rows < 2 * tallest) return 2 * tileRows(rows) == rows ? 2 : 1;
  return rows % tallest ? rows / tallest - 1 : rows / tallest;
}

/** Rows of the next group when `rows` are left: whole tiles, but the last rows, which share as tileRows says, stay together. */
// @ts-ignore: decorator
@inline
export function groupRows(rows: u32, kc: u32): u32 {
  const most = GROUP_BYTES / 4 / max(1, kc) / tallest * tallest;
  return rows <= most ? rows : rows < most + tallest ? most - tallest : most;
}

/**
 * Rows of the next group when `rows` are left of an a that is packed whole: so many that their part of y stays in the first cache, where
 * each of its lines gets two panels and then what rides on the product; but no fewer than inner, for which the panels come anew.
 * For few inner that counts: 128 x 512 x 10 takes 0.62 of the time, 256 x 1024 x 10 0.45 (Node 26, Zen 5).
 */
// @ts-ignore: decorator
@inline
export function wholeGroupRows(rows: u32, kc: u32, cols: u32): u32 {
  const most = max(max(kc, Y_BYTES / 4 / cols), EVERY_TILE) / EVERY_TILE * EVERY_TILE;
  return rows <= most + EVERY_TILE ? rows : most;
}
