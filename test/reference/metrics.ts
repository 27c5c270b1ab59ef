/** Metrics by their definitions, as slow as they are plain. */

/** The chance that a positive row scores higher than a negative one, over all pairs; a tie is half a win. */
export function rocAuc(isTrue: readonly boolean[], scores: readonly number[]): number {
  let wins = 0;
  let pairs = 0;
  for (let i = 0; i < scores.length; i++) {
    for (let j = 0; j < scores.length; j++) {
      if (!isTrue[i] || isTrue[j]) continue;
      pairs++;
      wins += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
    }
  }
  return wins / pairs;
}

/** The mean over positive rows of the precision among the rows that score as high or higher. */
export function averagePrecision(isTrue: readonly boolean[], scores: readonly number[]): number {
  const precisions = scores
    .filter((_, i) => isTrue[i])
    .map((score) => {
      const above = isTrue.filter((_, j) => scores[j]! >= score);
      return above.filter(Boolean).length / above.length;
    });
  return precisions.reduce((sum, value) => sum + value, 0) / precisions.length;
}

/** Correlation of the one-hot rows of both sides: covariance over the root of the variances, summed over classes. */
export function matthews(truth: readonly number[], guess: readonly number[], classes: number): number {
  const covariance = (a: readonly number[], b: readonly number[]) => {
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const inA = a.map((label) => Number(label === k));
      const inB = b.map((label) => Number(label === k));
      const mean = (values: number[]) => values.reduce((total, value) => total + value, 0) / values.length;
      sum += mean(inA.map((value, i) => value * inB[i]!)) - mean(inA) * mean(inB);
    }
    return sum;
  };
  return covariance(truth, guess) / Math.sqrt(covariance(truth, truth) * covariance(guess, guess));
}
