/** The elastic-net penalty and its gradient in float64. */
export function penalty(w: ArrayLike<number>, l1: number, l2: number): number {
  return Array.from(w).reduce((sum, v) => sum + l1 * Math.abs(v) + (l2 / 2) * v * v, 0);
}

export function penaltyGrad(w: ArrayLike<number>, l1: number, l2: number): number[] {
  return Array.from(w, (v) => l1 * Math.sign(v) + l2 * v);
}
