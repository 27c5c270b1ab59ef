/** The vector functions in float64, the specification of assembly/math. */

/** Abramowitz & Stegun 7.1.6: 2 / sqrt(π) e^(-x²) (x + 2x³/3 + 4x⁵/15 + ...), no cancellation; for |x| up to 6. */
export function erf(x: number): number {
  let term = x;
  let sum = 0;
  for (let n = 1; n < 200; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return Math.abs(x) > 6 ? Math.sign(x) : (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** 1 - erf x; in the tail by the continued fraction 1 / (x + ½ / (x + 1 / (x + 3/2 / (x + ...)))), A & S 7.1.14. */
export function erfc(x: number): number {
  if (x < 2) return 1 - erf(x);
  let fraction = x;
  for (let n = 150; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const functions: Record<string, (x: number) => number> = {
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  erf,
  sigmoid,
  expm1: Math.expm1,
  log1p: Math.log1p,
};
