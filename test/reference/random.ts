/** Random numbers in exact integers and float64, the specification of assembly/math/philox.ts, normal.ts, kernels/random.ts and dropout.ts. */
import { erfc } from "./math.ts";

/** Philox4x32-10 as Salmon et al. (2011) write it. */
export function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const word = (x: bigint) => x & 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const product0 = 0xd2511f53n * c0;
    const product1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(product1 >> 32n) ^ c1 ^ k0, word(product1), (product0 >> 32n) ^ c3 ^ k1, word(product0)];
    k0 = word(k0 + 0x9e3779b9n);
    k1 = word(k1 + 0xbb67ae85n);
  }
  return [c0, c1, c2, c3].map(Number);
}

export interface Place {
  seedLow: number;
  seedHigh: number;
  stream: number;
  step?: number;
  run?: number;
}

/** The words of elements 0 to count - 1. */
export function words(count: number, { seedLow, seedHigh, stream, step = 0, run = 0 }: Place): number[] {
  const all: number[] = [];
  for (let block = 0; 4 * block < count; block++) all.push(...philox([block, step, stream, run], [seedLow, seedHigh]));
  return all.slice(0, count);
}

/**
 * Which of the elements 0 to count - 1 dropout drops: those whose 32-bit draw is below the threshold. The draw's highest byte is a byte
 * of a word, the lowest one first; its other bytes, which matter only where the highest one equals the threshold's, are drawn apart.
 */
export function dropped(count: number, place: Place, threshold: number): boolean[] {
  const { seedLow, seedHigh, stream, step = 0, run = 0 } = place;
  return bytes(count, place).map((high, e) => {
    const low = () => philox([2 ** 31 + e, step, stream, run], [seedLow, seedHigh])[0] & 0xffffff;
    return high === threshold >>> 24 ? low() < (threshold & 0xffffff) : high < threshold >>> 24;
  });
}

/** The bytes of the words, the lowest of each first. */
export function bytes(count: number, place: Place): number[] {
  return words(Math.ceil(count / 4), place)
    .flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff))
    .slice(0, count);
}

export const normalCdf = (z: number) => erfc(-z / Math.SQRT2) / 2;

/** The z >= 0 with P(Z > z) = q, for q <= 1/2, by Newton's method on ln P(Z > z). */
function upperQuantile(q: number): number {
  let z = Math.sqrt(-2 * Math.log(2 * q));
  for (let i = 0; i < 12; i++) {
    const above = erfc(z / Math.SQRT2) / 2;
    z += (above / (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI))) * Math.log(above / q);
  }
  return z;
}

/** Standard normal deviate of one word: the quantile of (word + 1/2) / 2^32. */
export function normal(word: number): number {
  return word < 2 ** 31 ? -upperQuantile((word + 0.5) / 2 ** 32) : upperQuantile((2 ** 32 - 1 - word + 0.5) / 2 ** 32);
}

/** Deviate of the standard normal distribution within [-2, 2]. */
export function truncatedNormal(word: number): number {
  const x = (1 - erfc(Math.SQRT2)) * (2 * ((word + 0.5) / 2 ** 32) - 1);
  return Math.sign(x) * upperQuantile((1 - Math.abs(x)) / 2);
}
