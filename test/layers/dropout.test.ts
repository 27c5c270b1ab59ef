/** Dropout in training: how often and how much, what a mask depends on, and that inference has none. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { runtimeOf, type Variant, variants } from "../model/runtimes.ts";
import { dropped } from "../reference/random.ts";

const WIDTH = 50;
const ROWS = 20;
const ones = new Float32Array(WIDTH * ROWS).fill(1);

/** What a net puts out in the steps of a fit at learning rate 0: [step][value]. */
async function outputs(model: w.Model, epochs: number, seed = 0): Promise<number[][]> {
  const seen: number[][] = [];
  const watch = (_: unknown, prediction: w.Tensor) => {
    seen.push(Array.from(prediction.data));
    return 0;
  };
  const options = { loss: w.mse(), optimizer: w.sgd({ learningRate: 0 }), batchSize: ROWS, shuffle: false };
  await model.fit({ x: ones, y: ones }, { ...options, epochs, seed, metrics: { watch } });
  return seen;
}

const make = async (variant: Variant, ...layers: w.Layer[]) =>
  w.build(w.sequential(w.input(WIDTH), ...layers), { runtime: await runtimeOf(variant) });

describe.each(variants)("%s", (variant) => {
  test.each([0.1, 0.5, 0.8])("rate %f: values are 0 or 1/(1 - rate); mean and variance within 4 standard errors", async (rate) => {
    const model = await make(variant, w.dropout(rate));
    const values = (await outputs(model, 300)).flat();
    const kept = Math.fround(1 / (1 - rate));
    expect(new Set(values)).toEqual(new Set([0, kept]));
    const n = values.length;
    const share = values.filter((value) => value !== 0).length / n;
    const error = Math.sqrt((rate * (1 - rate)) / n);
    expect(Math.abs(share - (1 - rate))).toBeLessThan(4 * error);
    const mean = values.reduce((a, b) => a + b, 0) / n;
    expect(Math.abs(mean - 1)).toBeLessThan((4 * error) / (1 - rate));
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    const want = rate / (1 - rate); // of a value that is 1 without dropout
    // the standard error of the variance of two values a apart, at p: a² |1 - 2p| √(p(1-p)/n), and a term in 1/n
    const spread = (Math.abs(1 - 2 * rate) * error) / (1 - rate) ** 2;
    expect(Math.abs(variance - want)).toBeLessThan(4 * spread + 50 / n);
    // no value is dropped more often than chance allows, and neighbours do not go together
    const drops = new Float64Array(WIDTH * ROWS);
    values.forEach((value, i) => {
      if (value === 0) drops[i % drops.length] += 1 / 300;
    });
    for (const drop of drops) expect(Math.abs(drop - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / 300));
    const together = values.filter((value, i) => value === 0 && values[i + 1] === 0).length / n;
    expect(Math.abs(together - rate * rate)).toBeLessThan(5 * Math.sqrt((rate * rate) / n));
    model.dispose();
  });

  test("masks are Philox draws of (element, step, layer, run) and the seed", async () => {
    const model = await make(variant, w.dropout(0.3));
    const threshold = Math.round(0.3 * 2 ** 31) * 2;
    for (const [run, seed] of [5, 6, 7 + 2 ** 32].entries()) {
      const seen = await outputs(model, 3, seed);
      for (const [step, values] of seen.entries()) {
        const place = { seedLow: seed >>> 0, seedHigh: Math.floor(seed / 2 ** 32), stream: 0, step, run };
        expect(values.map((value) => value === 0)).toEqual(dropped(ROWS * WIDTH, place, threshold));
      }
    }
    model.dispose();
  });

  test("two layers have masks of their own; the same seed gives the same ones", async () => {
    const [a, b] = [await make(variant, w.dropout(0.5), w.dropout(0.5)), await make(variant, w.dropout(0.5), w.dropout(0.5))];
    const values = (await outputs(a, 40)).flat();
    const share = values.filter((value) => value !== 0).length / values.length;
    expect(Math.abs(share - 0.25)).toBeLessThan(4 * Math.sqrt(0.1875 / values.length));
    expect((await outputs(b, 40)).flat()).toEqual(values);
    expect((await outputs(b, 40)).flat()).not.toEqual(values); // another run
    a.dispose();
    b.dispose();
  });

  test("the gradient goes through the same mask", async () => {
    const model = await make(variant, w.dropout(0.4));
    const { input } = model.gradients({ x: ones, y: new Float32Array(WIDTH * ROWS) }, w.mse());
    const threshold = Math.round(0.4 * 2 ** 31) * 2;
    const isDropped = dropped(ROWS * WIDTH, { seedLow: 0, seedHigh: 0, stream: 0 }, threshold);
    input.data.forEach((value, i) => {
      const want = isDropped[i] ? 0 : (2 * (1 / 0.6) ** 2) / (ROWS * WIDTH);
      expect(Math.abs(value - want)).toBeLessThan(1e-9);
    });
    model.dispose();
  });

  test("neither rate 0 nor inference drops anything", async () => {
    const [none, half] = [await make(variant, w.dropout(0)), await make(variant, w.dropout(0.5))];
    expect((await outputs(none, 1))[0]).toEqual(Array.from(ones));
    expect(half.predict(ones).data).toEqual(ones);
    expect(half.evaluate({ x: ones, y: ones }, { loss: w.mse() }).loss).toBe(0);
    none.dispose();
    half.dispose();
  });
});
