/** Linear least squares with a penalty, in closed form: the classical model that a net should beat. */
import { checkNotNegative } from "../check.ts";
import { DataError, ShapeError } from "../errors.ts";
import type { NumericData } from "./arrays.ts";
import { inFormOf, type Matrix, readRows, type Scaled } from "./rows.ts";

/**
 * w [columns] for t [rows], or [columns, targets] for t [rows, targets]: the least ‖x w - t‖² + λ ‖w‖², in the form of t.
 * Every column is penalized alike and there is no intercept: give x a column of ones for one (polynomialFeatures does).
 *   w = (λI + XᵀX)⁻¹ Xᵀt, or Xᵀ (λI + XXᵀ)⁻¹ t where there are more columns than rows; solved by Cholesky's factors.
 * @throws OptionError for a negative λ; ShapeError for different numbers of rows; DataError for values that are not finite, an
 * empty set, or columns that depend on each other where λ is 0.
 */
export function ridge<T extends NumericData>(x: NumericData, t: T, lambda: number): Scaled<T> {
  checkNotNegative("ridge: lambda", lambda);
  const design = readRows("ridge: x", x);
  const target = readRows("ridge: t", t);
  if (design.data.length === 0) throw new DataError("ridge: x must have at least one row and one column");
  if (design.rows !== target.rows) throw new ShapeError(`ridge: t must have as many rows as x, ${design.rows}, got ${target.rows}`);
  const isWide = design.width > design.rows;
  const w = isWide
    ? times(transposed(design), solve(gram(transposed(design), lambda), target))
    : solve(gram(design, lambda), times(transposed(design), target));
  return inFormOf(t, w.data, [design.width, ...target.shape.slice(1)]);
}

function transposed({ data, rows, width }: Matrix): Matrix {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) out[j * rows + i] = data[i * width + j]!;
  return { data: out, rows: width, width: rows };
}

function times(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.width);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.width; k++) {
      const factor = a.data[i * a.width + k]!;
      for (let j = 0; j < b.width; j++) data[i * b.width + j]! += factor * b.data[k * b.width + j]!;
    }
  }
  return { data, rows: a.rows, width: b.width };
}

/** xᵀx + λI. */
function gram(x: Matrix, lambda: number): Matrix {
  const product = times(transposed(x), x);
  for (let j = 0; j < x.width; j++) product.data[j * x.width + j]! += lambda;
  return product;
}

/** a⁻¹ b for a symmetric positive definite a, which is overwritten by its factor L (a = L Lᵀ). */
function solve({ data: a, rows: n }: Matrix, b: Matrix): Matrix {
  const scale = Math.max(...Array.from({ length: n }, (_, i) => a[i * n + i]!));
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      if (i > j) a[i * n + j] = sum / a[j * n + j]!;
      // Rounding leaves about n 2^-52 of the largest square where a column depends on others
      else if (sum > scale * n * 2.3e-16) a[j * n + j] = Math.sqrt(sum);
      else throw new DataError("ridge: the columns of x must not depend on each other where lambda is 0 or tiny. Raise lambda");
    }
  }
  const x = b.data.slice();
  const { width } = b;
  for (let column = 0; column < width; column++) {
    for (let i = 0; i < n; i++) {
      let sum = x[i * width + column]!;
      for (let k = 0; k < i; k++) sum -= a[i * n + k]! * x[k * width + column]!;
      x[i * width + column] = sum / a[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = x[i * width + column]!;
      for (let k = i + 1; k < n; k++) sum -= a[k * n + i]! * x[k * width + column]!;
      x[i * width + column] = sum / a[i * n + i]!;
    }
  }
  return { data: x, rows: n, width };
}
