/** Rows of w scaled down to the norm max where theirs is larger, in float64. */
export function limitRowNorms(w: ArrayLike<number>, cols: number, max: number): number[] {
  return Array.from(w, (value, i) => {
    const start = i - (i % cols);
    let square = 0;
    for (let j = start; j < start + cols; j++) square += w[j] * w[j];
    return square > max * max ? (value * max) / Math.sqrt(square) : value;
  });
}
