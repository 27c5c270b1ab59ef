/** clipLayerNorm: each layer's step has the length that its own norm allows, whatever the others do. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { scaleToNorm } from "../reference/scaleToNorm.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const next = testNumbers(4);
const batch = { x: Float32Array.from({ length: 6 * 5 }, () => 3 * next()), y: Float32Array.from({ length: 6 * 2 }, next) };
const net = w.sequential(w.input(5), w.dense(9), w.batchNorm(), w.tanh(), w.dense(70), w.tanh(), w.dense(2));
const loss = w.mse();

describe.each(variants)("%s", (variant) => {
  test.each([undefined, w.l2(0.3)])("a step of gradient descent, penalty %o", async (penalty) => {
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 1 });
    const before = model.stateDict();
    const { parameters } = model.gradients(batch, loss);
    const max = 0.4;
    const trainer = await w.createTrainer(model, { loss, optimizer: w.sgd({ learningRate: 1 }), penalty, clip: w.clipLayerNorm(max) });
    trainer.step(batch);
    const after = model.stateDict();
    let clipped = 0;
    for (const layer of ["0", "1", "3", "5"]) {
      const names = [`${layer}.weight`, `${layer}.bias`];
      const gradients = names.map((name) =>
        Array.from(parameters[name].data, (g, i) => g + (penalty && before[name].shape.length > 1 ? 0.3 * before[name].data[i] : 0)),
      );
      const want = scaleToNorm(gradients, max);
      if (Math.abs(want[0][0] - gradients[0][0]) > 1e-9) clipped++;
      names.forEach((name, k) => {
        for (const [i, step] of want[k].entries()) {
          expect(Math.abs(before[name].data[i] - after[name].data[i] - step), name).toBeLessThan(2e-6);
        }
      });
    }
    expect(clipped).toBeGreaterThan(0);
    expect(clipped).toBeLessThan(4); // some layers are below the norm, and keep their gradient
    model.dispose();
  });

  test("frozen layers are left out; gradients that are not finite are still found", async () => {
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 1 });
    model.freeze("3.*", "0.weight");
    const before = model.stateDict();
    const trainer = await w.createTrainer(model, { loss, optimizer: w.sgd({ learningRate: 1 }), clip: w.clipLayerNorm(0.1) });
    expect(() => trainer.step({ x: batch.x.map((v) => v * 1e38), y: batch.y })).toThrow(w.NonFiniteError);
    expect(model.stateDict()).toEqual(before);
    trainer.step(batch);
    expect(model.stateDict()["3.weight"]).toEqual(before["3.weight"]);
    expect(model.stateDict()["5.weight"]).not.toEqual(before["5.weight"]);
    model.dispose();
  });
});

test("refuses a norm of 0", () => {
  expect(() => w.clipLayerNorm(0)).toThrow("clipLayerNorm: max must be a finite number above 0, got 0");
});
