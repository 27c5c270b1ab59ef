import { describe, expect, it } from "vitest";
import { PIECE } from "../../assembly/abi.ts";
import { squareSums, weightedMean, weightTotal } from "../reference/reduce.ts";
import { expectNear, numbers, teams } from "./compare.ts";
import { Kernels, shares, variants } from "./harness.ts";

const positive = (seed: number, count: number) => numbers(seed, count).map((v) => Math.abs(v));

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);
  const { call } = kernels;

  function sumsOf(x: number[], ranks = 1, skew = 0): Float64Array {
    kernels.reset();
    const pieces = Math.ceil(x.length / PIECE);
    const input = kernels.alloc(x.length * 4 + 64, skew);
    kernels.f32(input, x.length + 16).fill(1e9); // past the count: must not be read
    kernels.f32(input, x.length).set(x);
    const sums = kernels.alloc(pieces * 8 + 8);
    for (const [begin, end] of shares(pieces, ranks)) call.squareSums(input, sums, x.length, begin, end);
    return new Float64Array(kernels.memory.buffer, sums, pieces).slice();
  }

  it("weightedMean: scale Σ x weights in float64, with and without weights, over 0 rows and more", () => {
    for (const rows of [0, 1, 3, 4, 5, 100]) {
      kernels.reset();
      const x = numbers(rows, rows, 5);
      const weights = positive(2, rows);
      const [a, b] = [kernels.put(x), kernels.put(weights, 4)];
      const scale = Math.fround(0.3);
      expect(call.weightedMean(a, b, rows, scale)).toBe(Math.fround(weightedMean(x, weights, scale)));
      expect(call.weightedMean(a, 0, rows, scale)).toBe(Math.fround(weightedMean(x, undefined, scale)));
    }
  });

  it("weightTotal: rows, row weights, class weights of the labels, or both", () => {
    for (const rows of [0, 1, 5, 100]) {
      kernels.reset();
      const weights = positive(1, rows);
      const labels = positive(2, rows).map((v) => Math.floor(v * 4));
      const classWeights = positive(3, 4);
      const [w, l, c] = [kernels.put(weights), kernels.putU32(labels), kernels.put(classWeights)];
      expect(call.weightTotal(0, 0, 0, rows)).toBe(rows);
      expect(call.weightTotal(0, l, 0, rows)).toBe(rows);
      expect(call.weightTotal(0, 0, c, rows)).toBe(rows);
      expect(call.weightTotal(w, 0, 0, rows)).toBe(weightTotal(rows, weights));
      expect(call.weightTotal(0, l, c, rows)).toBe(weightTotal(rows, undefined, labels, classWeights));
      expect(call.weightTotal(w, l, c, rows)).toBe(weightTotal(rows, weights, labels, classWeights));
    }
  });

  it("squareSums: one float64 per piece, to the last element and not past it, the same bits in 1 to 4 shares", () => {
    for (const count of [0, 1, 2, 7, 8, 9, 100, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 13]) {
      const x = numbers(count, count, 3);
      const want = sumsOf(x);
      expectNear(want, squareSums(x, PIECE), `${count}`, 0, 1e-13);
      for (const ranks of teams) expect([...sumsOf(x, ranks, 4 * ranks)], `${count}, ${ranks} ranks`).toEqual([...want]);
    }
  });

  it("squares neither overflow nor vanish: 1e30 and 1e-30 keep their digits", () => {
    for (const size of [1e30, 1e-30, 1e-42]) {
      const x = numbers(1, 100, size);
      expectNear(sumsOf(x), squareSums(x, PIECE), `${size}`, 0, 1e-13);
    }
  });

  it("NaN and Infinity at any place make the sum NaN or infinite", () => {
    for (const place of [0, 3, 9, 4095, 4096, 4099]) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const x = numbers(1, 4100);
        x[place] = bad;
        const sums = sumsOf(x);
        expect([...sums].map(Number.isFinite)).toEqual(place < 4096 ? [false, true] : [true, false]);
        const address = kernels.alloc(16);
        new Float64Array(kernels.memory.buffer, address, 2).set(sums);
        expect(call.sumPieces(address, 2)).toBe(Number.isNaN(bad) ? Number.NaN : Number.POSITIVE_INFINITY);
        const losses = kernels.put([1, bad, 2]);
        expect(call.weightedMean(losses, 0, 3, 1)).toBe(bad);
      }
    }
  });

  it("areFinite: huge and tiny numbers are, one NaN or infinity anywhere is not; nothing past the count is read", () => {
    for (const count of [0, 1, 3, 7, 8, 9, 31, 100]) {
      for (const skew of [0, 4, 12]) {
        kernels.reset();
        const address = kernels.alloc(count * 4 + 64, skew);
        const x = kernels.f32(address, count + 8).fill(Number.NaN);
        x.set(Array.from({ length: count }, (_, i) => [3.4e38, -3.4e38, 1e-45, 0][i % 4]));
        expect(call.areFinite(address, count)).toBe(1);
        for (let i = 0; i < count; i++) {
          const before = x[i];
          for (const value of [Number.NaN, Infinity, -Infinity]) {
            x[i] = value;
            expect(call.areFinite(address, count), `${value} at ${i} of ${count}`).toBe(0);
          }
          x[i] = before;
        }
      }
    }
  });

  it("finiteSums: 0 for a piece of finite numbers, huge and tiny ones too, NaN if any is not; nothing past the count is read", () => {
    for (const count of [1, 7, 8, 9, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 13]) {
      const pieces = Math.ceil(count / PIECE);
      for (const place of [-1, 0, count >> 1, count - 1]) {
        for (const bad of place < 0 ? [0] : [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          kernels.reset();
          const x = numbers(count, count, 3e38);
          x[0] = 1e-45;
          if (place >= 0) x[place] = bad;
          const address = kernels.put([...x, Number.NaN]);
          const sums = kernels.alloc(8 * pieces + 8);
          for (const [begin, end] of shares(pieces, 2)) call.finiteSums(address, sums, count, begin, end);
          const got = [...new Float64Array(kernels.memory.buffer, sums, pieces)];
          const want = got.map((_, i) => (place >= 0 && Math.floor(place / PIECE) === i ? Number.NaN : 0));
          expect(
            got.map((sum) => sum + 0),
            `${count}, ${bad} at ${place}`,
          ).toEqual(want);
        }
      }
    }
  });

  it("sumPieces adds in order", () => {
    kernels.reset();
    const values = [1e16, 1, 1, -1e16, 0.5];
    const address = kernels.alloc(40);
    new Float64Array(kernels.memory.buffer, address, 5).set(values);
    for (let pieces = 0; pieces <= 5; pieces++) {
      expect(call.sumPieces(address, pieces)).toBe(values.slice(0, pieces).reduce((a, b) => a + b, 0));
    }
  });
});
