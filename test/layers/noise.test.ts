/** Layers that disturb values: exactly what their random words say, mean and variance as theory has them, nothing in inference. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { expectNear } from "../kernels/compare.ts";
import { runtimeOf, type Variant, variants } from "../model/runtimes.ts";
import { dropped, normal, words } from "../reference/random.ts";

const WIDTH = 50;
const ROWS = 20;
const SIZE = WIDTH * ROWS;
const LIMIT = -1.0507009873554805 * 1.6732632423543772;

/** What a net puts out in the steps of a fit at learning rate 0: [step][value]. */
async function outputs(model: w.Model, x: Float32Array, epochs: number, cols = WIDTH): Promise<number[][]> {
  const seen: number[][] = [];
  const watch = (_: unknown, prediction: w.Tensor) => {
    seen.push(Array.from(prediction.data));
    return 0;
  };
  const options = { loss: w.mse(), optimizer: w.sgd({ learningRate: 0 }), batchSize: ROWS, shuffle: false, metrics: { watch } };
  await model.fit({ x, y: { data: new Float32Array(ROWS * cols), shape: [ROWS, cols] } }, { ...options, epochs, seed: 3 });
  return seen;
}

const build = async (variant: Variant, ...layers: w.Layer[]) =>
  w.build(w.sequential(w.input(WIDTH), ...layers), { runtime: await runtimeOf(variant) });
const wordsOf = (count: number, step: number) => words(count, { seedLow: 3, seedHigh: 0, stream: 0, step });
const droppedOf = (count: number, step: number, rate: number) =>
  dropped(count, { seedLow: 3, seedHigh: 0, stream: 0, step }, Math.round(rate * 2 ** 31) * 2);

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

describe.each(variants)("%s", (variant) => {
  const x = Float32Array.from({ length: SIZE }, (_, i) => normal((i + 0.5) * (2 ** 32 / SIZE)));

  test("gaussianNoise: x + std z of its words; mean and variance within 4 standard errors; the gradient passes", async () => {
    const std = 0.25;
    const model = await build(variant, w.gaussianNoise({ std }));
    const seen = await outputs(model, x, 100);
    for (const step of [0, 99])
      expectNear(
        seen[step],
        wordsOf(SIZE, step).map((word, i) => x[i] + std * normal(word)),
        `step ${step}`,
      );
    const { mean, variance } = moments(seen.flatMap((values) => values.map((value, i) => value - x[i])));
    const n = 100 * SIZE;
    expect(Math.abs(mean)).toBeLessThan((4 * std) / Math.sqrt(n));
    expect(Math.abs(variance - std * std)).toBeLessThan(4 * std * std * Math.sqrt(2 / n));
    expect(model.predict(x).data).toEqual(x);
    const y = new Float32Array(SIZE);
    const { input } = model.gradients({ x, y }, w.mse());
    const noisy = words(SIZE, { seedLow: 0, seedHigh: 0, stream: 0 }).map((word, i) => x[i] + std * normal(word));
    expectNear(
      input.data,
      noisy.map((value) => (2 * value) / SIZE),
      "gradient",
    );
    model.dispose();
  });

  test.each([0.1, 0.5])("alphaDropout(%f): mean 0 and variance 1 stay within 4 standard errors", async (rate) => {
    const model = await build(variant, w.alphaDropout(rate));
    const seen = await outputs(model, x, 100);
    const a = (1 - rate + LIMIT ** 2 * rate * (1 - rate)) ** -0.5;
    const b = -a * rate * LIMIT;
    const want = droppedOf(SIZE, 7, rate).map((isDropped, i) => a * (isDropped ? LIMIT : x[i]) + b);
    expectNear(seen[7], want, "step 7");
    const { mean, variance } = moments(seen.flat());
    const n = 100 * SIZE;
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(3 / n));
    expect(model.predict(x).data).toEqual(x);
    model.dispose();
  });

  test("classic dropout keeps values as they are in training and scales them in inference", async () => {
    const rate = 0.3;
    const model = await build(variant, w.dropout(rate, { scale: "test" }));
    const [first] = await outputs(model, x, 1);
    expect(first).toEqual(droppedOf(SIZE, 0, rate).map((isDropped, i) => (isDropped ? 0 : x[i])));
    expectNear(
      model.predict(x).data,
      Array.from(x, (value) => value * (1 - rate)),
      "inference",
      0,
      1e-6,
    );
    const sampled = model.predict(x, { samples: 2000, seed: 1 }).data;
    const error = (value: number) => Math.abs(value) * Math.sqrt((rate * (1 - rate)) / 2000);
    sampled.forEach((value, i) => expect(Math.abs(value - x[i] * (1 - rate))).toBeLessThan(5 * error(x[i]) + 1e-6));
    model.dispose();
  });

  test("dropConnect: one mask of weights for all rows of a step, another in the next; inference has whole weights", async () => {
    const rate = 0.4;
    const net = [w.dense(4, { dropConnect: rate }), w.batchNorm()];
    const model = await build(variant, net[0]);
    const { data: weight } = model.stateDict()["0.weight"];
    const product = (weights: ArrayLike<number>) =>
      Array.from({ length: ROWS * 4 }, (_, k) => {
        const [row, unit] = [Math.floor(k / 4), k % 4];
        return Array.from({ length: WIDTH }, (__, i) => x[row * WIDTH + i] * weights[unit * WIDTH + i]).reduce((s, v) => s + v, 0);
      });
    const seen = await outputs(model, x, 300, 4);
    for (const step of [0, 1]) {
      const masked = droppedOf(4 * WIDTH, step, rate).map((isDropped, i) => (isDropped ? 0 : weight[i] / (1 - rate)));
      expectNear(seen[step], product(masked), `step ${step}`, 1e-5, 1e-5);
    }
    const whole = product(weight);
    expectNear(model.predict(x).data, whole, "inference");
    // The variance of one output: rate / (1 - rate) Σ (x w)².
    whole.forEach((want, k) => {
      const [row, unit] = [Math.floor(k / 4), k % 4];
      const squares = Array.from({ length: WIDTH }, (_, i) => (x[row * WIDTH + i] * weight[unit * WIDTH + i]) ** 2).reduce(
        (s, v) => s + v,
        0,
      );
      const spread = (rate / (1 - rate)) * squares;
      const { mean, variance } = moments(seen.map((values) => values[k]));
      expect(Math.abs(mean - want)).toBeLessThan(4 * Math.sqrt(spread / 300));
      expect(Math.abs(variance - spread)).toBeLessThan(4 * spread * Math.sqrt(2 / 300));
    });
    model.dispose();
    // Averaging over masks does not fold the normalization into weights that change.
    const normalized = await build(variant, ...net);
    normalized.loadStateDict({ ...normalized.stateDict(), "1.running_mean": [5, 5, 5, 5] });
    const [sampled, inferred] = [normalized.predict(x, { samples: 3000, seed: 2 }).data, normalized.predict(x).data];
    sampled.forEach((value, k) => expect(Math.abs(value - inferred[k])).toBeLessThan(0.5));
    normalized.dispose();
  });
});

test("options out of range", () => {
  expect(() => w.alphaDropout(1)).toThrow("alphaDropout: rate must be in [0, 1), got 1");
  expect(() => w.gaussianNoise({ std: -1 })).toThrow("gaussianNoise: std must be a finite number, 0 or above, got -1");
  expect(() => w.dropout(0.5, { scale: "both" } as object)).toThrow('dropout: scale must be one of "train", "test", got "both"');
  expect(() => w.dense(2, { dropConnect: 1 })).toThrow("dense: dropConnect must be in [0, 1), got 1");
});
