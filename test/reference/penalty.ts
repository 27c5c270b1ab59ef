/** The penalties and their gradients in float64. */
export function penalty(w: ArrayLike<number>, l1: number, l2: number): number {
  return Array.from(w).reduce((sum, v) => sum + l1 * Math.abs(v) + (l2 / 2) * v * v, 0);
}

export function penaltyGrad(w: ArrayLike<number>, l1: number, l2: number): number[] {
  return Array.from(w, (v) => l1 * Math.sign(v) + l2 * v);
}

export function powerPenalty(w: ArrayLike<number>, factor: number, p: number): number {
  return Array.from(w).reduce((sum, v) => sum + (factor / (p + 1)) * Math.abs(v) ** (p + 1), 0);
}

export function powerPenaltyGrad(w: ArrayLike<number>, factor: number, p: number): number[] {
  return Array.from(w, (v) => factor * Math.sign(v) * Math.abs(v) ** p);
}
