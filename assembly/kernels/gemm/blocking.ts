/**
 * The block sizes of the matrix product, each with its reason, and how many rows the next tile takes.
 * GEMM_NR and GEMM_KC are in abi.ts because the facade sizes packed operands with them.
 */
import { GEMM_KC, GEMM_NR, SCRATCH_BYTES } from "../../abi";

/** Columns of a tile: two vectors. */
export const NR: u32 = GEMM_NR;

/** Inner extent of a block: a panel of b (8 KB) and a tile of a (6 KB) stay in the first cache together. */
export const KC: u32 = GEMM_KC;

/** Rows of a tile: 6 x 2 accumulators, 2 vectors of b and 1 of a are the 15 registers V8 has; without fusion a product needs one more. */
export const MR: u32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;

/** Bytes at the end of the scratch for a tile that overhangs the last column: y, z and bias, in rows of NR floats. */
export const EDGE_BYTES: u32 = 1024;

/** Rows of a block of a: as many tiles as fit into the scratch, which is meant to stay in the second cache. */
export const MC: u32 = (SCRATCH_BYTES - EDGE_BYTES) / (KC * 4) / MR * MR;

/** Columns of a block of y: MC x NC floats (0.5 MB) stay in the second cache until the last block of inner and the activation. */
export const NC: u32 = 1024;

/** Rows of the next tile when `rows` are left: MR, but the last two tiles share evenly, as a tile of 1 or 2 rows starves the pipeline. */
// @ts-ignore: decorator
@inline
export function tileRows(rows: u32): u32 {
  return rows >= 2 * MR ? MR : rows > MR ? (rows + 1) >> 1 : rows;
}

/** Rows of the row blocks when `rows` are shared out: even blocks of whole tiles, at most MC. */
// @ts-ignore: decorator
@inline
export function blockRows(rows: u32): u32 {
  const blocks = (rows + MC - 1) / MC;
  const even = (rows + blocks - 1) / blocks;
  return (even + MR - 1) / MR * MR;
}
