/** Mean and biased variance of channels in float64. x: [rows, channels, positions]. */
type Numbers = ArrayLike<number>;

/** Which channel each of the values belongs to. */
export const channelOf = (k: number, channels: number, positions: number): number => Math.floor(k / positions) % channels;

export function channelSum(x: Numbers, channels: number, positions: number): number[] {
  const sums = new Array<number>(channels).fill(0);
  for (let k = 0; k < x.length; k++) sums[channelOf(k, channels, positions)] += x[k];
  return sums;
}

export function channelMoments(x: Numbers, channels: number, positions: number): { mean: number[]; variance: number[] } {
  const n = x.length / channels;
  const mean = channelSum(x, channels, positions).map((sum) => sum / n);
  const squares = Array.from(x, (v, k) => (v - mean[channelOf(k, channels, positions)]) ** 2);
  return { mean, variance: channelSum(squares, channels, positions).map((sum) => sum / n) };
}
