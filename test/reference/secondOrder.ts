/** Inverse Hessians as dense matrices, straight from the formulas of Nocedal & Wright, and the functions of minimize.json. */

export type Matrix = number[][];
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);

export const apply = (h: Matrix, x: readonly number[]): number[] => h.map((row) => dot(row, x));

export const identity = (n: number, scale: number): Matrix =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? scale : 0)));

/** (6.17): H ← (I - ρ s yᵗ) H (I - ρ y sᵗ) + ρ s sᵗ, ρ = 1 / (y · s). */
export function updatedInverse(h: Matrix, s: readonly number[], y: readonly number[]): Matrix {
  const n = s.length;
  const rho = 1 / dot(y, s);
  const left = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? 1 : 0) - rho * s[i] * y[j]));
  const times = (a: Matrix, b: Matrix): Matrix =>
    a.map((row) =>
      b[0].map((_, j) =>
        dot(
          row,
          b.map((other) => other[j]),
        ),
      ),
    );
  const right = left[0].map((_, j) => left.map((row) => row[j]));
  return times(times(left, h), right).map((row, i) => row.map((value, j) => value + rho * s[i] * s[j]));
}

export interface Case {
  readonly name: string;
  readonly function: string;
  readonly x0: { readonly data: readonly number[] };
  readonly x_min: { readonly data: readonly number[] };
  readonly f_min: number;
  readonly f0: number;
  readonly g0: { readonly data: readonly number[] };
  readonly A?: { readonly data: readonly number[] };
  readonly b?: { readonly data: readonly number[] };
  readonly scipy_tight: { readonly "nfev_to_1e-8": number };
}

type Values = Float32Array | Float64Array;
/** Returns f(x) and writes its gradient. */
export type Function = (x: Values, g: Values) => number;

export function rosenbrock(x: Values, g: Values): number {
  let value = 0;
  g.fill(0);
  for (let i = 0; i + 1 < x.length; i++) {
    const a = x[i + 1] - x[i] * x[i];
    const b = 1 - x[i];
    value += 100 * a * a + b * b;
    g[i] += -400 * a * x[i] - 2 * b;
    g[i + 1] += 200 * a;
  }
  return value;
}

export const quadratic =
  (a: readonly number[], b: readonly number[]): Function =>
  (x, g) => {
    let value = 0;
    for (let i = 0; i < x.length; i++) {
      let sum = 0;
      for (let j = 0; j < x.length; j++) sum += a[i * x.length + j] * x[j];
      g[i] = sum - b[i];
      value += x[i] * (sum / 2 - b[i]);
    }
    return value;
  };

export function beale(x: Values, g: Values): number {
  const [a, b] = x;
  const r = [1.5 - a + a * b, 2.25 - a + a * b ** 2, 2.625 - a + a * b ** 3];
  g[0] = 2 * (r[0] * (b - 1) + r[1] * (b ** 2 - 1) + r[2] * (b ** 3 - 1));
  g[1] = 2 * a * (r[0] + 2 * b * r[1] + 3 * b ** 2 * r[2]);
  return dot(r, r);
}

export function booth([a, b]: Values, g: Values): number {
  const p = a + 2 * b - 7;
  const q = 2 * a + b - 5;
  g[0] = 2 * p + 4 * q;
  g[1] = 4 * p + 2 * q;
  return p * p + q * q;
}

export function functionOf({ function: name, A, b }: Case): Function {
  if (name === "quadratic") return quadratic(A!.data, b!.data);
  return { rosenbrock, beale, booth }[name]!;
}
