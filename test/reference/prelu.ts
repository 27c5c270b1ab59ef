/** The rectifier with slope a below 0, in float64. */
export const prelu = (x: readonly number[], a: number): number[] => x.map((v) => (v > 0 ? v : a * v));

export const preluGrad = (dy: readonly number[], x: readonly number[], a: number): number[] => dy.map((d, i) => (x[i] > 0 ? d : a * d));

/** Gradient of the slope. */
export const preluSlopeGrad = (dy: readonly number[], x: readonly number[]): number =>
  dy.reduce((sum, d, i) => sum + (x[i] > 0 ? 0 : d * x[i]), 0);
