/** Callbacks that change a run or save it, in a real one. */
import { describe, expect, test } from "vitest";
import { moons } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const data = moons({ samples: 64, noise: 0.1 });
const net = w.sequential(w.input(2), w.dense(6), w.tanh(), w.dense(2));
const loss = w.softmaxCrossEntropy();

describe.each(variants)("%s", (variant) => {
  const make = async () => w.build(net, { runtime: await runtimeOf(variant), seed: 2 });

  test("a learningRateFactor acts on all later steps, like a schedule with those rates", async () => {
    const rates = [0.5, 0.5, 0.125, 0.125, 0.0625];
    const factors = [undefined, 0.25, undefined, 0.5, 3];
    const changed = await make();
    const history = await changed.fit(data, {
      loss,
      optimizer: w.adam({ learningRate: 0.5 }),
      epochs: 5,
      batchSize: 16,
      callbacks: [{ onEpoch: ({ epoch }) => (factors[epoch] === undefined ? undefined : { learningRateFactor: factors[epoch] }) }],
    });
    expect(history.learningRate).toEqual(rates);
    const scheduled = await make();
    await scheduled.fit(data, {
      loss,
      optimizer: w.adam({ learningRate: { at: (step) => rates[Math.floor(step / 4)]! } }),
      epochs: 5,
      batchSize: 16,
    });
    expect(changed.stateDict()).toEqual(scheduled.stateDict());
    changed.dispose();
    scheduled.dispose();
  });

  test("within an epoch too, from several callbacks and promises; the next fit starts with the whole rate", async () => {
    const model = await make();
    const seen: number[] = [];
    const halve = { onStep: ({ step }: w.TrainingState) => (step === 2 ? { learningRateFactor: 0.5 } : undefined) };
    const later = { onStep: async ({ step }: w.TrainingState) => (step === 2 ? { learningRateFactor: 0.5 } : undefined) };
    const watch = { onStep: ({ learningRate }: w.TrainingState) => void seen.push(learningRate) };
    const options = { loss, optimizer: w.sgd({ learningRate: 0.5 }), epochs: 1, batchSize: 16, callbacks: [halve, later, watch] };
    await model.fit(data, options);
    expect(seen).toEqual([0.5, 0.5, 0.125, 0.125]);
    expect((await model.fit(data, { ...options, callbacks: [] })).learningRate).toEqual([0.5]);
    await expect(model.fit(data, { ...options, callbacks: [{ onEpoch: () => ({ learningRateFactor: Number.NaN }) }] })).rejects.toThrow(
      "fit: a callback's learningRateFactor must be a finite number, 0 or above, got NaN",
    );
    model.dispose();
  });

  test("reduceOnPlateau on a run that stands still", async () => {
    const model = await make();
    const callbacks = [w.reduceOnPlateau({ monitor: "loss", patience: 1, threshold: 0.5, factor: 0.5 })];
    const { learningRate } = await model.fit(data, { loss, optimizer: w.sgd({ learningRate: 1e-4 }), epochs: 5, callbacks });
    expect(learningRate).toEqual([1e-4, 1e-4, 1e-4, 5e-5, 5e-5]);
    model.dispose();
  });

  test("checkpoint saves the weights of that epoch: loaded, they predict the same", async () => {
    const model = await make();
    const saved: Uint8Array[] = [];
    const runs: Uint8Array[] = [];
    const callbacks = [
      w.checkpoint({ save: (bytes) => void saved.push(bytes), weightsOnly: true }),
      w.checkpoint({ save: (bytes) => void runs.push(bytes) }),
    ];
    await model.fit(data, { loss, optimizer: w.adam(), epochs: 3, callbacks });
    expect([saved.length, runs.length]).toEqual([3, 3]);
    expect(saved[2]).toEqual(model.save());
    expect(saved[1]).not.toEqual(saved[2]);
    for (const bytes of [saved[2]!, runs[2]!]) {
      const same = await w.load(bytes, { runtime: await runtimeOf(variant) });
      expect(same.stateDict()).toEqual(model.stateDict());
      expect(same.predict(data.x, { as: "probabilities" })).toEqual(model.predict(data.x, { as: "probabilities" }));
      same.dispose();
    }
    model.dispose();
  });

  test("timeLimit ends a run that would take hours; csvLog has a line per epoch", async () => {
    const model = await make();
    const lines: string[] = [];
    const callbacks = [w.timeLimit(0.05), w.csvLog((line) => void lines.push(line))];
    const history = await model.fit(data, { loss, optimizer: w.sgd(), epochs: 1e6, callbacks });
    expect(history.stopped).toBe("callback");
    expect(history.epochs).toBeLessThan(1e6);
    expect(Math.abs(lines.length - 1 - history.epochs)).toBeLessThanOrEqual(0);
    model.dispose();
  });
});
