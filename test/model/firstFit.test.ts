/** The first fit of a process that has built nothing: what trains is loaded after the call, and the data are those of the call. */
import { expect, test, vi } from "vitest";

type Whetstone = typeof import("../../src/index.ts");

const data = () => ({
  x: Float32Array.from({ length: 40 }, (_, i) => Math.fround(((i * 37) % 11) / 11)),
  y: Int32Array.from({ length: 20 }, (_, i) => i % 3),
  weights: Float32Array.from({ length: 20 }, (_, i) => 1 + (i % 2)),
});

/** The modules as a new process has them. */
async function fresh(): Promise<Whetstone> {
  vi.resetModules();
  return import("../../src/index.ts");
}

/** Weights after a fit of a model from a file, whose data `change` as soon as fit has been called. */
async function fitted(bytes: Uint8Array, change: (given: ReturnType<typeof data>) => void): Promise<number[]> {
  const { load, createRuntime, softmaxCrossEntropy, sgd } = await fresh();
  const { loadedTraining } = await import("../../src/model/loadTraining.ts");
  const model = await load(bytes, { runtime: await createRuntime({ threads: 1, numerics: "portable" }) });
  expect(loadedTraining()).toBeUndefined();
  const given = data();
  const fit = model.fit(given, { loss: softmaxCrossEntropy(), optimizer: sgd({ learningRate: 0.1 }), epochs: 3, batchSize: 8 });
  change(given);
  await fit;
  expect(loadedTraining()).toBeDefined();
  return [...model.stateDict()["0.weight"].data];
}

test("data that change while it is loaded are not seen", async () => {
  const { build, sequential, input, dense, createRuntime } = await fresh();
  const model = await build(sequential(input(2), dense(3)), {
    seed: 1,
    runtime: await createRuntime({ threads: 1, numerics: "portable" }),
  });
  const bytes = model.save();
  const want = await fitted(bytes, () => {});
  expect(want).not.toEqual([...model.stateDict()["0.weight"].data]);
  const changed = await fitted(bytes, ({ x, y, weights }) => {
    x.fill(9);
    y.fill(0);
    weights.fill(0);
  });
  expect(changed).toEqual(want);
});
