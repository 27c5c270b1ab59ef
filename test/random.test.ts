import { describe, expect, it } from "vitest";
import { OptionError } from "../src/errors.ts";
import { permutation, philox, RandomStream, STREAM_SHUFFLE, STREAM_SPLIT, STREAM_VALIDATION, shuffleInto } from "../src/random.ts";

/** Philox4x32-10 in BigInt, line by line from the paper. */
function reference(counter: number[], key: number[]): number[] {
  let [a, b, c, d] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const low = (x: bigint) => BigInt.asUintN(32, x);
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * a;
    const p1 = 0xcd9e8d57n * c;
    [a, b, c, d] = [(p1 >> 32n) ^ b ^ k0, low(p1), (p0 >> 32n) ^ d ^ k1, low(p0)];
    k0 = low(k0 + 0x9e3779b9n);
    k1 = low(k1 + 0xbb67ae85n);
  }
  return [a, b, c, d].map(Number);
}

const hex = (words: ArrayLike<number>) => Array.from(words, (word) => word.toString(16).padStart(8, "0"));

describe("philox", () => {
  it("gives the published answers", () => {
    const f = 0xffffffff;
    expect(hex(philox([0, 0, 0, 0], [0, 0]))).toEqual(["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
    expect(hex(philox([f, f, f, f], [f, f]))).toEqual(["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"]);
    expect(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toEqual([
      "d16cfe09",
      "94fdcceb",
      "5001e420",
      "24126ea1",
    ]);
  });
  it("equals the reference in BigInt on its own output", () => {
    let words = [1, 2, 3, 4, 5, 6, 7, 8];
    for (let i = 0; i < 500; i++) {
      const counter = words.slice(0, 4) as [number, number, number, number];
      const key = words.slice(4, 6) as [number, number];
      const got = Array.from(philox(counter, key));
      expect(got).toEqual(reference(counter, key));
      words = [...got, got[0]! ^ 0xffff, got[2]!].map((word) => word >>> 0);
    }
  });
});

describe("RandomStream", () => {
  it("word 4 block + j is word j of the block at (block, step, stream, run), keyed by both halves of the seed", () => {
    const seed = 0x123456789abc;
    const stream = new RandomStream(seed, STREAM_SPLIT, 7, 9);
    for (let block = 0; block < 5; block++) {
      const want = reference([block, 9, STREAM_SPLIT, 7], [0x56789abc, 0x1234]);
      expect([stream.next(), stream.next(), stream.next(), stream.next()]).toEqual(want);
    }
    expect(new RandomStream(Number.MAX_SAFE_INTEGER, 0).next()).toBe(reference([0, 0, 0, 0], [0xffffffff, 0x1fffff])[0]);
  });
  it("named streams differ and lie above a layer's", () => {
    const named = [STREAM_SHUFFLE, STREAM_SPLIT, STREAM_VALIDATION];
    expect(new Set(named).size).toBe(named.length);
    for (const stream of named) {
      expect(stream).toBeGreaterThanOrEqual(0x80000000);
      expect(stream).toBeLessThan(2 ** 32);
    }
  });
  it("uniform is made of 53 bits of two words and has the moments of a uniform number", () => {
    const words = new RandomStream(3, 1);
    const stream = new RandomStream(3, 1);
    let sum = 0;
    let squares = 0;
    const n = 20_000;
    for (let i = 0; i < n; i++) {
      const value = stream.uniform();
      const want = ((BigInt(words.next()) >> 5n) << 26n) | (BigInt(words.next()) >> 6n);
      expect(value * 2 ** 53).toBe(Number(want));
      sum += value;
      squares += value * value;
    }
    expect(Math.abs(sum / n - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(squares / n - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / n));
  });
  it("below(n) is uniform, also where 2^32 is not a multiple of n", () => {
    const stream = new RandomStream(5, 2);
    const n = 3 * 2 ** 30; // a plain remainder would give the lower third twice as often
    let lower = 0;
    for (let i = 0; i < 30_000; i++) {
      const value = stream.below(n);
      expect(value).toBeLessThan(n);
      if (value < 2 ** 30) lower++;
    }
    expect(Math.abs(lower / 30_000 - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / 30_000));
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[stream.below(7)]!++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(22.5); // six degrees of freedom, p = 0.001
    expect(stream.below(1)).toBe(0);
    expect(stream.below(2 ** 32)).toBeLessThan(2 ** 32);
  });
  it("rejects what is no seed and no range", () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53, Infinity]) {
      expect(() => new RandomStream(seed, 0)).toThrow(OptionError);
    }
    expect(() => new RandomStream(1.5, 0)).toThrow("RandomStream: seed must be an integer of at least 0, got 1.5");
    const stream = new RandomStream(0, 0);
    for (const n of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) expect(() => stream.below(n)).toThrow(OptionError);
  });
});

describe("permutation", () => {
  it("holds every number once, for any size, and repeats for a seed", () => {
    for (const n of [0, 1, 2, 3, 100, 1797]) {
      const order = permutation(n, new RandomStream(11, STREAM_SHUFFLE));
      expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(permutation(n, new RandomStream(11, STREAM_SHUFFLE))).toEqual(order);
    }
    const first = permutation(100, new RandomStream(11, STREAM_SHUFFLE));
    expect(permutation(100, new RandomStream(12, STREAM_SHUFFLE))).not.toEqual(first);
    expect(permutation(100, new RandomStream(11, STREAM_SPLIT))).not.toEqual(first);
    expect(permutation(100, new RandomStream(11, STREAM_SHUFFLE, 0, 1))).not.toEqual(first);
    expect(permutation(100, new RandomStream(11, STREAM_SHUFFLE, 1, 0))).not.toEqual(first);
  });
  it("is fixed for all versions: saved runs resume with the same order", () => {
    expect(Array.from(permutation(12, new RandomStream(42, STREAM_SHUFFLE)))).toEqual([6, 3, 10, 4, 8, 5, 11, 0, 2, 9, 1, 7]);
  });
  it("gives each of the 24 orders of 4 equally often", () => {
    const counts = new Map<string, number>();
    const stream = new RandomStream(1, 3);
    for (let i = 0; i < 24_000; i++) {
      const key = permutation(4, stream).join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    let chiSquare = 0;
    for (const count of counts.values()) chiSquare += (count - 1000) ** 2 / 1000;
    expect(chiSquare).toBeLessThan(49.7); // 23 degrees of freedom, p = 0.001
  });
  it("shuffleInto keeps what it is given", () => {
    const values = Uint32Array.of(7, 7, 9, 1000);
    shuffleInto(values, new RandomStream(1, 4));
    expect(Array.from(values).sort((a, b) => a - b)).toEqual([7, 7, 9, 1000]);
  });
});
