/**
 * Writes a matrix product: packed panels and the register tile, or one of the paths without packing, for programs of few rows and for
 * small products.
 * Which path is a matter of the program's capacity, never of how many rows a batch happens to have.
 */
import * as abi from "../../assembly/abi.ts";
import type { Buffer, Builder, Span } from "./builder.ts";
import { type Count, countAt } from "./count.ts";

/** Programs of at most this many rows skip packing: at 512x512 and one row that is 32 µs instead of 90. */
const FEW_ROWS = 8;

/**
 * Products of at most so many multiply-adds, all of whose operands stay in the first cache, skip packing, too: an iris step's five took
 * 0.40 instead of 0.81 µs, 32 x 20 x 32 takes 0.8 of the time; from 64 x 64 x 32 on, nothing is gained (Node 26, Zen 4).
 */
const SMALL = 32768;

/** Products of fewer rows are shared by columns: tiles of 6 rows would be uneven shares of them. */
const ROWS_TO_SHARE = 96;

/** A matrix in memory: element (i, j) is at i * rowStride + j * colStride, in 4-byte words. */
export interface Matrix {
  readonly buffer: Buffer;
  readonly rowStride: number;
  readonly colStride: number;
}

/** Row-major with `cols` columns. */
export const rowMajor = (buffer: Buffer, cols: number): Matrix => ({ buffer, rowStride: cols, colStride: 1 });

export const transposed = ({ buffer, rowStride, colStride }: Matrix): Matrix => ({ buffer, rowStride: colStride, colStride: rowStride });

export interface ProductSizes {
  readonly rows: Count;
  readonly cols: number;
  readonly inner: Count;
}

/** y[rows, cols] = a[rows, inner] · b[inner, cols] + bias. With `packIn`, b is packed once in that span (for inference). */
export function product(
  builder: Builder,
  y: Buffer,
  a: Matrix,
  b: Matrix,
  { rows, cols, inner }: ProductSizes,
  { bias, packIn }: { bias?: Buffer; packIn?: Span } = {},
): void {
  const shared = {
    operands: { a: a.buffer, bias, y },
    sizes: {
      rows,
      cols,
      inner,
      aRowStride: a.rowStride * 4,
      aInnerStride: a.colStride * 4,
      bInnerStride: b.rowStride * 4,
      bColStride: b.colStride * 4,
      activation: abi.ACTIVATION_NONE,
      byPanels: 0,
    },
  };
  const isFew = packIn === undefined && builder.capacity <= FEW_ROWS && (b.rowStride === 1 || b.colStride === 1);
  if (isFew || (packIn === undefined && isSmall(countAt(rows, builder.capacity), cols, countAt(inner, builder.capacity)))) {
    builder.emit(isFew ? "matmulFew" : "matmulSmall", { ...shared.operands, b: b.buffer }, shared.sizes, { p: 0 });
    return;
  }
  const paddedCols = Math.ceil(cols / abi.GEMM_NR) * abi.GEMM_NR;
  const packed = builder.buffer(
    `${b.buffer.name.split("/").at(-1)}.panels`,
    typeof inner === "number" ? paddedCols * inner : { perRow: paddedCols * inner.perRow },
  );
  const pack = () =>
    builder.emit("packB", { b: b.buffer, packed }, { inner, cols, innerStride: b.rowStride * 4, colStride: b.colStride * 4 });
  if (packIn === undefined) pack();
  else builder.inSpan(packIn, pack);
  // Ranks share the rows, which are cheap to cut; few of them are worth packing more than once, each time for other columns.
  const rowsAtMost = countAt(rows, builder.capacity);
  const byPanels = rowsAtMost < ROWS_TO_SHARE && rowsAtMost <= cols ? 1 : 0;
  builder.emit("matmul", { ...shared.operands, b: packed }, { ...shared.sizes, byPanels }, { p: 0 });
}

/** With a longer inner, matmul rounds less: it adds blocks of sums. Such a b, filled up to whole vectors, fits into the scratch. */
function isSmall(rows: number, cols: number, inner: number): boolean {
  return rows * cols * inner <= SMALL && inner <= abi.GEMM_KC;
}
