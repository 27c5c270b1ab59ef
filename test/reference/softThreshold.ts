/** sign(w) max(|w| - t, 0) in float64. */
export const softThreshold = (w: ArrayLike<number>, t: number): number[] =>
  Array.from(w, (v) => Math.sign(v) * Math.max(Math.abs(v) - t, 0));
