import { describe, expect, test } from "vitest";
import { permutation, RandomStream, STREAM_SHUFFLE, seedWords } from "../../src/random.ts";
import { Kernels, variants } from "./harness.ts";

describe.each(variants)("shuffle, %s", (variant) => {
  const kernels = new Kernels(variant);
  const shuffle = (count: number, seed: number, run: number, step: number, isShuffled = true) => {
    kernels.reset();
    const words = kernels.alloc(128);
    const order = kernels.putU32(new Array(count + 2).fill(77));
    const [low, high] = seedWords(seed);
    kernels.call.shuffle(order + 4, count, isShuffled ? words : 0, low, high, STREAM_SHUFFLE, run, step);
    const all = [...kernels.u32(order, count + 2)];
    expect([all[0], all.at(-1)]).toEqual([77, 77]);
    return all.slice(1, -1);
  };

  test("the order that src/random.ts draws, of any number of rows", () => {
    for (const count of [0, 1, 2, 3, 4, 5, 31, 32, 33, 34, 150, 1000, 4097]) {
      for (const [seed, run, step] of [
        [0, 0, 0],
        [1, 2, 3],
        [2 ** 53 - 1, 2 ** 32 - 1, 7],
      ]) {
        expect(shuffle(count, seed, run, step), `${count} rows, seed ${seed}`).toEqual([
          ...permutation(count, new RandomStream(seed, STREAM_SHUFFLE, run, step)),
        ]);
      }
    }
  });

  test("words that would favour small numbers are drawn again", () => {
    const count = 300_000; // enough for some of them
    const stream = new RandomStream(5, STREAM_SHUFFLE, 0, 0);
    let refused = 0;
    for (let n = count; n > 1; n--) {
      for (let word = stream.next(); word - (word % n) > 2 ** 32 - n; word = stream.next()) refused++;
    }
    expect(refused).toBeGreaterThan(0);
    expect(shuffle(count, 5, 0, 0)).toEqual([...permutation(count, new RandomStream(5, STREAM_SHUFFLE, 0, 0))]);
  });

  test("the rows as they are, without words", () => {
    expect(shuffle(5, 1, 0, 0, false)).toEqual([0, 1, 2, 3, 4]);
    expect(shuffle(0, 1, 0, 0, false)).toEqual([]);
  });
});
