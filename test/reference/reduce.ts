/** Sums over rows and pieces in float64. */
type Numbers = ArrayLike<number>;

export function weightedMean(x: Numbers, weights: Numbers | undefined, scale: number): number {
  return scale * Array.from(x).reduce((sum, v, r) => sum + v * (weights?.[r] ?? 1), 0);
}

export function weightTotal(rows: number, weights?: Numbers, labels?: Numbers, classWeights?: Numbers): number {
  let sum = 0;
  for (let r = 0; r < rows; r++) sum += (weights?.[r] ?? 1) * (labels && classWeights ? classWeights[labels[r]] : 1);
  return sum;
}

/** Σ x² over each piece of `piece` elements. */
export function squareSums(x: Numbers, piece: number): number[] {
  const sums = new Array<number>(Math.ceil(x.length / piece)).fill(0);
  for (let i = 0; i < x.length; i++) sums[Math.floor(i / piece)] += x[i] * x[i];
  return sums;
}
