/** What the random kernels of a step depend on: each of seed, run, step and stream, and nothing else. */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { dropped as isDropped, normal, words } from "../reference/random.ts";
import { expectNear, expectSameBits, teams } from "./compare.ts";
import { Kernels, lineShares, variants } from "./harness.ts";

const COUNT = 256;

interface Place {
  seedLow: number;
  seedHigh: number;
  run: number;
  step: number;
  stream: number;
}

const here: Place = { seedLow: 1, seedHigh: 2, run: 3, step: 4, stream: 5 };

/** A call over the whole of x and y. */
const calls: Record<string, (kernels: Kernels, x: number, y: number, control: number, stream: number) => void> = {
  dropout: ({ call }, x, y, control, stream) => call.dropout(x, y, x + 8192, control, stream, 2 ** 31, 2, x + 12288, 0, COUNT * 4),
  alphaDropout: ({ call }, x, y, control, stream) =>
    call.alphaDropout(x, y, x + 8192, control, stream, 2 ** 31, 2, 1, -1, x + 12288, 0, COUNT * 4),
  gaussianNoise: ({ call }, x, y, control, stream) => call.gaussianNoise(x, y, control, stream, 1, 0, COUNT * 4),
};

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  function at(name: string, { seedLow, seedHigh, run, step, stream }: Place): number[] {
    kernels.reset();
    const control = kernels.alloc(abi.CONTROL_BYTES);
    const x = kernels.alloc(16384);
    const y = kernels.alloc(COUNT * 4);
    kernels.f32(x, COUNT).fill(1);
    const words = kernels.u32(control, abi.CONTROL_BYTES / 4);
    words[abi.CONTROL_SEED_LOW >>> 2] = seedLow;
    words[abi.CONTROL_SEED_HIGH >>> 2] = seedHigh;
    words[abi.CONTROL_RUN >>> 2] = run;
    words[abi.CONTROL_STEP >>> 2] = step;
    calls[name](kernels, x, y, control, stream);
    return [...kernels.f32(y, COUNT)];
  }

  test.each(Object.keys(calls))("%s", (name) => {
    const want = at(name, here);
    expect(new Set(want).size).toBeGreaterThan(1);
    expect(at(name, here)).toEqual(want);
    for (const part of Object.keys(here) as (keyof Place)[]) {
      expect(at(name, { ...here, [part]: here[part] + 1 }), part).not.toEqual(want);
    }
  });

  /** y, and the mask of alphaDropout, at one step, in shares. */
  function drawn(name: "alphaDropout" | "gaussianNoise", x: readonly number[], step: number, constants: readonly number[], ranks = 1) {
    kernels.reset();
    const control = kernels.alloc(abi.CONTROL_BYTES);
    kernels.u32(control, abi.CONTROL_BYTES / 4)[abi.CONTROL_STEP >>> 2] = step;
    const bytes = Math.ceil(x.length / 16) * 64;
    const [from, y, mask, scratch] = [kernels.put(x), kernels.alloc(bytes), kernels.alloc(bytes), kernels.alloc(128)];
    for (const [begin, end] of lineShares(x.length, ranks)) {
      if (name === "alphaDropout") kernels.call.alphaDropout(from, y, mask, control, 5, ...constants, scratch, begin, end);
      else kernels.call.gaussianNoise(from, y, control, 5, ...constants, begin, end);
    }
    return { y: kernels.f32(y, x.length).slice(), mask: kernels.f32(mask, x.length).slice() };
  }

  const place = (step: number) => ({ seedLow: 0, seedHigh: 0, stream: 5, step });
  const STEPS = 400;
  const values = Array.from({ length: 64 }, (_, i) => (i - 32) / 16);

  /** Over many masks, each element has this mean and variance within 4 standard errors, all elements taken together. */
  function expectMoments(
    draw: (step: number) => Float32Array,
    mean: (x: number) => number,
    variance: (x: number) => number,
    kurtosis: number,
  ) {
    const seen = Array.from({ length: STEPS }, (_, step) => draw(step));
    let sumOfMeans = 0;
    let sumOfVariances = 0;
    values.forEach((x, i) => {
      const column = seen.map((y) => y[i]);
      const average = column.reduce((a, b) => a + b, 0) / STEPS;
      sumOfMeans += (average - mean(x)) / Math.sqrt(variance(x) / STEPS);
      const spread = column.reduce((a, b) => a + (b - mean(x)) ** 2, 0) / STEPS;
      sumOfVariances += (spread / variance(x) - 1) / Math.sqrt((kurtosis - 1) / STEPS);
    });
    // Elements are independent: their standardized deviations add up to a normal one of variance 64.
    expect(Math.abs(sumOfMeans) / 8).toBeLessThan(4);
    expect(Math.abs(sumOfVariances) / 8).toBeLessThan(4);
  }

  test("gaussianNoise: x + std z of each element's word at every count, in 1 to 4 shares; mean x, variance std²", () => {
    for (const count of [0, 1, 3, 16, 17, 100]) {
      const x = values.concat(values).slice(0, count);
      const { y } = drawn("gaussianNoise", x, 3, [0.25]);
      const want = words(count, place(3)).map((word, i) => x[i] + 0.25 * normal(word));
      expectNear(y, want, `${count}`, 2e-6, 1e-6);
      for (const ranks of teams) expectSameBits(drawn("gaussianNoise", x, 3, [0.25], ranks).y, y, `${count}, ${ranks} ranks`);
    }
    expectMoments(
      (step) => drawn("gaussianNoise", values, step, [0.25]).y,
      (x) => x,
      () => 0.0625,
      3,
    );
  });

  test("alphaDropout: a x + b or the dropped value, by each element's draw, in 1 to 4 shares; mean and variance of a drawn mask", () => {
    const rate = 0.25;
    const [scale, shift, dropped] = [1.25, 0.5, -1.5];
    const constants = [rate * 2 ** 32, scale, shift, dropped];
    for (const count of [0, 1, 3, 16, 17, 100, 128, 200]) {
      const x = values.concat(values, values, values).slice(0, count);
      const got = drawn("alphaDropout", x, 3, constants);
      const isKept = isDropped(count, place(3), rate * 2 ** 32).map((value) => !value);
      expectNear(
        got.y,
        isKept.map((kept, i) => (kept ? scale * x[i] + shift : dropped)),
        `${count}`,
        1e-6,
        1e-6,
      );
      expect([...got.mask]).toEqual(isKept.map((kept) => (kept ? scale : 0)));
      for (const ranks of teams) {
        const shared = drawn("alphaDropout", x, 3, constants, ranks);
        expectSameBits(shared.y, got.y, `${count}, ${ranks} ranks`);
        expectSameBits(shared.mask, got.mask, `mask of ${count}, ${ranks} ranks`);
      }
    }
    // Two values, with probability 3/4 and 1/4: kurtosis (1 - 3 p q) / (p q).
    const kept = (x: number) => scale * x + shift;
    expectMoments(
      (step) => drawn("alphaDropout", values, step, constants).y,
      (x) => (1 - rate) * kept(x) + rate * dropped,
      (x) => (1 - rate) * rate * (kept(x) - dropped) ** 2,
      (1 - 3 * rate * (1 - rate)) / (rate * (1 - rate)),
    );
  });
});
