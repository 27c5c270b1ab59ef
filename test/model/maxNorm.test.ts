/** maxNorm in training: every unit's weights within the ball after every step, biases as they would be, frozen weights untouched. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { limitRowNorms } from "../reference/limitRowNorms.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const next = testNumbers(4);
const batch = { x: Float32Array.from({ length: 6 * 5 }, () => 3 * next()), y: Float32Array.from({ length: 6 * 2 }, next) };
const net = w.sequential(w.input(5), w.dense(9), w.batchNorm(), w.tanh(), w.dense(7), w.tanh(), w.dense(2));
const options = { loss: w.mse(), optimizer: w.sgd({ learningRate: 0.5 }) };

describe.each(variants)("%s", (variant) => {
  const make = async () => w.build(net, { runtime: await runtimeOf(variant), seed: 1 });

  test("a step, and then the constraint on the rows of every weight", async () => {
    const [free, bound] = await Promise.all([make(), make()]);
    (await w.createTrainer(free, options)).step(batch);
    const trainer = await w.createTrainer(bound, { ...options, constraint: w.maxNorm(0.8) });
    trainer.step(batch);
    const [wanted, got] = [free.stateDict(), bound.stateDict()];
    let limited = 0;
    for (const [name, { data, shape }] of Object.entries(wanted)) {
      const want = shape.length > 1 ? limitRowNorms(data, shape[1], 0.8) : Array.from(data);
      want.forEach((value, i) => {
        if (Math.abs(value - data[i]) > 1e-6) limited++;
        expect(Math.abs(got[name].data[i] - value), name).toBeLessThan(1e-6);
      });
    }
    expect(limited).toBeGreaterThan(5);
    for (let step = 0; step < 20; step++) {
      trainer.step(batch);
      for (const { data, shape } of Object.values(bound.stateDict())) {
        for (let r = 0; shape.length > 1 && r < shape[0]; r++) {
          expect(Math.sqrt(data.slice(r * shape[1], (r + 1) * shape[1]).reduce((sum, v) => sum + v * v, 0))).toBeLessThan(0.8 + 1e-6);
        }
      }
    }
    free.dispose();
    bound.dispose();
  });

  test("fit takes it too; frozen weights stay, however long", async () => {
    const model = await make();
    model.freeze("0.weight");
    const before = model.stateDict();
    await model.fit(batch, { ...options, epochs: 2, constraint: w.maxNorm(0.01) });
    const after = model.stateDict();
    expect(after["0.weight"]).toEqual(before["0.weight"]);
    for (const name of ["3.weight", "5.weight"]) expect(Math.max(...after[name].data.map(Math.abs))).toBeLessThanOrEqual(0.010001);
    model.dispose();
  });
});

test("refusals", async () => {
  expect(() => w.maxNorm(0)).toThrow("maxNorm: max must be a finite number above 0, got 0");
  const model = await w.build(net);
  await expect(model.fit(batch, { ...options, constraint: 3 as never })).rejects.toThrow(
    "fit: constraint must be made by maxNorm(3), got 3",
  );
  const full = { loss: w.mse(), optimizer: w.lbfgs(), batchSize: "full" as const, constraint: w.maxNorm(1) };
  await expect(model.fit(batch, full)).rejects.toThrow("fit: constraint is not for lbfgs");
  model.dispose();
});
