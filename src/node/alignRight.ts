/** Rows of cells as lines with a column under each other, the first row being their names. */
export function alignRight(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, j) => Math.max(...cells.map((row) => row[j]!.length)));
  return cells.map((row) => row.map((cell, j) => cell.padStart(widths[j]!)).join("  ")).join("\n");
}
