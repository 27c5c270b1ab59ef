/** predict(x, { samples }): the mean over the masks that the generator's specification gives, in float64. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { forward, type Masks, type Parameters } from "../reference/network.ts";
import { dropped } from "../reference/random.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const next = testNumbers(11);
const ROWS = 9;
const x = Float32Array.from({ length: ROWS * 6 }, () => next());
const net = w.sequential(w.input(6), w.dropout(0.3), w.dense(8), w.relu(), w.dropout(0.5), w.dense(3));

/** Masks of one sample: streams 0 and 3 are the dropouts', a step is a sample. */
const masksOf =
  (seed: number, step: number): Masks =>
  (stream, rate, count) =>
    dropped(count, { seedLow: seed, seedHigh: 0, stream, step }, Math.round(rate * 2 ** 31) * 2).map((isDropped) =>
      isDropped ? 0 : 1 / (1 - rate),
    );

describe.each(variants)("%s", (variant) => {
  test.each([1, 2, 7])("%d samples: raw outputs and probabilities, each averaged after its own pass", async (samples) => {
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 5 });
    await model.fit(
      { x, y: Array.from({ length: ROWS }, (_, i) => i % 3) },
      { loss: w.softmaxCrossEntropy(), optimizer: w.adam({ learningRate: 0.05 }) },
    );
    const parameters = Object.fromEntries(Object.entries(model.stateDict()).map(([name, { data }]) => [name, [...data]])) as Parameters;
    const raw = new Float64Array(ROWS * 3);
    const probabilities = new Float64Array(ROWS * 3);
    for (let sample = 0; sample < samples; sample++) {
      const output = forward(net.layers.slice(1), parameters, masksOf(42, sample), [...x], 6);
      output.forEach((value, i) => {
        const row = output.slice(i - (i % 3), i - (i % 3) + 3);
        raw[i] = raw[i]! + value / samples;
        probabilities[i] = probabilities[i]! + Math.exp(value) / row.reduce((sum, v) => sum + Math.exp(v), 0) / samples;
      });
    }
    const got = model.predict(x, { samples, seed: 42 });
    expect(got.shape).toEqual([ROWS, 3]);
    got.data.forEach((value, i) => void expect(value, `raw ${i}`).toBeCloseTo(raw[i]!, 5));
    const shares = model.predict(x, { samples, seed: 42, as: "probabilities" }).data;
    shares.forEach((value, i) => void expect(value, `probability ${i}`).toBeCloseTo(probabilities[i]!, 6));
    const classes = Array.from({ length: ROWS }, (_, i) =>
      [0, 1, 2].reduce((best, c) => (probabilities[i * 3 + c]! > probabilities[i * 3 + best]! ? c : best), 0),
    );
    expect([...model.predict(x, { samples, seed: 42, as: "classes" }).data]).toEqual(classes);
    model.dispose();
  });
});
