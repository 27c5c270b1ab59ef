/** Layer normalization of rows in float64; x, dy: lists of rows. */
const mean = (row: readonly number[]) => row.reduce((a, b) => a + b, 0) / row.length;

export function moments(row: readonly number[], eps: number): { mean: number; inverse: number } {
  const average = mean(row);
  return { mean: average, inverse: 1 / Math.sqrt(mean(row.map((v) => (v - average) ** 2)) + eps) };
}

export function normalizeRows(x: readonly number[][], weight: readonly number[], bias: readonly number[], eps: number): number[][] {
  return x.map((row) => {
    const { mean: average, inverse } = moments(row, eps);
    return row.map((v, j) => (v - average) * inverse * weight[j] + bias[j]);
  });
}

export function normalizeRowsGrad(dy: readonly number[][], x: readonly number[][], weight: readonly number[], eps: number) {
  const hats = x.map((row) => {
    const { mean: average, inverse } = moments(row, eps);
    return row.map((v) => (v - average) * inverse);
  });
  const dx = x.map((row, i) => {
    const { inverse } = moments(row, eps);
    const g = dy[i].map((d, j) => d * weight[j]);
    const along = mean(g.map((v, j) => v * hats[i][j]));
    return g.map((v, j) => inverse * (v - mean(g) - hats[i][j] * along));
  });
  const dweight = weight.map((_, j) => dy.reduce((sum, row, i) => sum + row[j] * hats[i][j], 0));
  const dbias = weight.map((_, j) => dy.reduce((sum, row) => sum + row[j], 0));
  return { dx, dweight, dbias };
}
