/**
 * y_ij = x_ij for a block of columns of two matrices, bit for bit. x, y: address of the block's first element, 4-byte aligned;
 * cols: columns of the block; xCols, yCols: columns of the whole matrices. begin, end: rows; nothing beside the block is written. =
 */
export function copyColumns(x: usize, y: usize, cols: u32, xCols: u32, yCols: u32, begin: u32, end: u32): void {
  for (let i = begin; i < end; i++) {
    memory.copy(y + ((<usize>i * yCols) << 2), x + ((<usize>i * xCols) << 2), <usize>cols << 2);
  }
}
