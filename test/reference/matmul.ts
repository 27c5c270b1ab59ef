/** The matrix product in float64: the specification of packB, matmul, matmulFew and matmulSmall. */

export interface Product {
  rows: number;
  cols: number;
  inner: number;
  /** a(i, k) = a[i * aRow + k * aInner], b(k, j) = b[k * bInner + j * bCol]: strides in elements. */
  a: ArrayLike<number>;
  aRow: number;
  aInner: number;
  b: ArrayLike<number>;
  bInner: number;
  bCol: number;
  bias?: ArrayLike<number>;
}

/** y[i, j] = sum over k of a(i, k) b(k, j), + bias[j]; and the same sum of magnitudes, by which rounding errors are judged. */
export function matmul({ rows, cols, inner, a, aRow, aInner, b, bInner, bCol, bias }: Product) {
  const y = new Float64Array(rows * cols);
  const magnitude = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      let sum = 0;
      let size = 0;
      for (let k = 0; k < inner; k++) {
        const product = a[i * aRow + k * aInner] * b[k * bInner + j * bCol];
        sum += product;
        size += Math.abs(product);
      }
      y[i * cols + j] = sum + (bias ? bias[j] : 0);
      magnitude[i * cols + j] = size + (bias ? Math.abs(bias[j]) : 0);
    }
  }
  return { y, magnitude };
}

/** b as packed panels: blocks of `kc` of inner outermost, then panels of `nr` columns, then k, then the panel's columns; zeros beyond cols. */
export function packB({ cols, inner, b, bInner, bCol }: Product, nr: number, kc: number): Float64Array {
  const packed: number[] = [];
  for (let block = 0; block < inner; block += kc) {
    for (let panel = 0; panel < cols; panel += nr) {
      for (let k = block; k < Math.min(block + kc, inner); k++) {
        for (let j = panel; j < panel + nr; j++) packed.push(j < cols ? b[k * bInner + j * bCol] : 0);
      }
    }
  }
  return Float64Array.from(packed);
}

/** The same product in the float32 order that the portable matmul promises: products in order of k in blocks of `kc`, block sums in order, bias. */
export function matmulInOrder({ rows, cols, inner, a, aRow, aInner, b, bInner, bCol, bias }: Product, kc: number): Float32Array {
  const y = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      let total = 0;
      for (let block = 0; block < inner; block += kc) {
        let sum = 0;
        for (let k = block; k < Math.min(block + kc, inner); k++) {
          sum = Math.fround(sum + Math.fround(a[i * aRow + k * aInner] * b[k * bInner + j * bCol]));
        }
        total = block === 0 ? sum : Math.fround(total + sum);
      }
      y[i * cols + j] = bias ? Math.fround(total + bias[j]) : total;
    }
  }
  return y;
}
