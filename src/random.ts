/**
 * Random numbers of the facade: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"),
 * the generator of the kernels. A number depends on its place alone: key = seed, counter = (block, step, stream, run);
 * element 4 block + j is word j. Drawing needs no state beyond the place, so a run resumes from its step number.
 */
import { checkCount, fail } from "./check.ts";

// Streams of the facade. A layer's streams count from 0, so these never meet them.
export const STREAM_SHUFFLE = 0x80000000; // order of the rows; step = epoch
export const STREAM_SPLIT = 0x80000001; // split of a data set
export const STREAM_VALIDATION = 0x80000002; // rows that fit sets aside
export const STREAM_FOLDS = 0x80000003; // folds of cross-validation; run = repeat
export const STREAM_GENERATE = 0x80000004; // made-up data sets
export const STREAM_BUFFER = 0x80000005; // shuffling buffers and drawn batches; step = pass
export const STREAM_CHECK = 0x80000006; // entries of checkGradients

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9; // golden ratio
const WEYL_1 = 0xbb67ae85; // √3 - 1
const TWO_32 = 4294967296;

/** The four words that Philox4x32-10 gives for a counter c and a key k, both in u32 words. Written to `out` if given. */
export function philox(
  [c0, c1, c2, c3]: readonly [number, number, number, number],
  [k0, k1]: readonly [number, number],
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  let x0 = c0;
  let x1 = c1;
  let x2 = c2;
  let x3 = c3;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, x0);
    const low0 = Math.imul(MULTIPLIER_0, x0);
    const high1 = multiplyHigh(MULTIPLIER_1, x2);
    const low1 = Math.imul(MULTIPLIER_1, x2);
    x0 = high1 ^ x1 ^ (k0 + Math.imul(round, WEYL_0));
    x1 = low1;
    x2 = high0 ^ x3 ^ (k1 + Math.imul(round, WEYL_1));
    x3 = low0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
  return out;
}

/** Upper 32 bits of the product of two u32, from products of 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // All sums are below 2^32: said so, an engine keeps to integers.
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) >>> 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) >>> 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** Rejects what is no seed: seeds are integers from 0 to 2^53 - 1. */
export function checkSeed(where: string, seed: number): void {
  checkCount(where, seed, 0);
}

/** A seed as the key of the generator. */
export const seedWords = (seed: number): [low: number, high: number] => [seed >>> 0, Math.floor(seed / TWO_32)];

/** The numbers of one stream, one after the other. */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #counter: [number, number, number, number];
  readonly #words = new Uint32Array(4);
  #used = 4;

  /** seed: integer from 0 to 2^53 - 1; stream, run, step: u32. @throws OptionError for another seed. */
  constructor(seed: number, stream: number, run = 0, step = 0) {
    checkSeed("RandomStream: seed", seed);
    this.#key = seedWords(seed);
    this.#counter = [0, step >>> 0, stream >>> 0, run >>> 0];
  }

  /** 32 random bits as an integer. A stream repeats after 2^34 of them. */
  next(): number {
    if (this.#used === 4) {
      philox(this.#counter, this.#key, this.#words);
      this.#counter[0] = (this.#counter[0] + 1) >>> 0;
      this.#used = 0;
    }
    return this.#words[this.#used++]!;
  }

  /** Uniform in [0, 1) on a grid of 2^-53; takes two words, the upper bits first. */
  uniform(): number {
    const high = this.next() >>> 5;
    return (high * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }

  /** Uniform integer in [0, n), exactly: words that would favour small numbers are drawn again. n from 1 to 2^32. */
  below(n: number): number {
    if (!(Number.isSafeInteger(n) && n >= 1 && n <= TWO_32)) fail("RandomStream.below: n", "an integer from 1 to 2^32", n);
    if (n === TWO_32) return this.next();
    for (;;) {
      const word = this.next();
      const rest = word % n;
      if (word - rest <= TWO_32 - n) return rest;
    }
  }
}

/** 0..n-1 in random order, each order equally likely. */
export function permutation(n: number, stream: RandomStream): Uint32Array {
  const indices = new Uint32Array(n);
  for (let i = 0; i < n; i++) indices[i] = i;
  shuffleInto(indices, stream);
  return indices;
}

/** Puts `indices` in random order, in place (Fisher & Yates, from the end). */
export function shuffleInto(indices: Uint32Array, stream: RandomStream): void {
  for (let i = indices.length - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    const kept = indices[i]!;
    indices[i] = indices[j]!;
    indices[j] = kept;
  }
}
