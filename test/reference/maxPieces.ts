/** Largest of each run of `pieces` values, in float64. */
export function maxPieces(x: readonly number[], pieces: number): number[] {
  return Array.from({ length: x.length / pieces }, (_, i) => Math.max(...x.slice(i * pieces, (i + 1) * pieces)));
}

/** dy goes to the first largest. */
export function maxPiecesGrad(dy: readonly number[], x: readonly number[], pieces: number): number[] {
  const largest = maxPieces(x, pieces);
  return x.map((_, k) => {
    const i = Math.floor(k / pieces);
    return k === x.indexOf(largest[i], i * pieces) ? dy[i] : 0;
  });
}
