/** Squared and absolute error of one row in float64, means over its columns, with their gradients. */

const meanOf = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

export const regressionLosses = {
  squaredError: {
    value: (x: readonly number[], t: readonly number[]) => meanOf(x.map((v, j) => (v - t[j]) ** 2)),
    grad: (x: readonly number[], t: readonly number[]) => x.map((v, j) => (2 * (v - t[j])) / x.length),
  },
  absoluteError: {
    value: (x: readonly number[], t: readonly number[]) => meanOf(x.map((v, j) => Math.abs(v - t[j]))),
    grad: (x: readonly number[], t: readonly number[]) => x.map((v, j) => Math.sign(v - t[j]) / x.length),
  },
};
