/** Layers that change the shape of rows, and what new layers refuse. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { runtimeOf } from "../model/runtimes.ts";

const build = async (...layers: w.Layer[]) => w.build(w.sequential(w.input(2, 3), ...layers), { runtime: await runtimeOf("portable") });

test("flatten and reshape keep the values and rename the axes", async () => {
  const x = { data: Float32Array.from({ length: 12 }, (_, i) => i), shape: [2, 2, 3] };
  for (const [layers, shape] of [
    [[w.flatten()], [2, 6]],
    [[w.reshape(3, 2)], [2, 3, 2]],
    [
      [w.reshape(6), w.reshape(1, 3, 2)],
      [2, 1, 3, 2],
    ],
  ] as const) {
    const model = await build(...layers);
    expect(model.predict(x)).toEqual({ data: x.data, shape });
    expect(model.parameters()).toEqual([]);
    model.dispose();
  }
});

test("parameters: names, shapes, initial values", async () => {
  const model = await build(w.prelu(), w.layerNorm({ axes: 2 }), w.maxout(4, { pieces: 5 }));
  expect(model.parameters().map(({ name, shape }) => [name, shape])).toEqual([
    ["0.weight", [1]],
    ["1.weight", [2, 3]],
    ["1.bias", [2, 3]],
    ["2.weight", [20, 3]],
    ["2.bias", [20]],
  ]);
  const state = model.stateDict();
  expect([...state["0.weight"].data]).toEqual([0.25]);
  expect(new Set(state["1.weight"].data)).toEqual(new Set([1]));
  model.dispose();
});

test("a layerNorm over two axes is not decayed", async () => {
  const model = await build(w.layerNorm({ axes: 2 }), w.dense(2));
  const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: w.sgd({ learningRate: 0 }), decay: w.decoupledDecay(0.5) });
  const before = model.stateDict();
  trainer.step({ x: new Float32Array(6), y: { data: new Float32Array(4), shape: [1, 2, 2] } });
  const after = model.stateDict();
  expect(after["0.weight"]).toEqual(before["0.weight"]);
  expect(after["1.weight"].data).toEqual(before["1.weight"].data.map((v) => v / 2));
  model.dispose();
});

describe("errors", () => {
  test("options out of range, unknown, or of another shape", async () => {
    expect(() => w.maxout(0)).toThrow("maxout: units must be an integer of at least 1, got 0");
    expect(() => w.maxout(2, { pieces: 1 })).toThrow("maxout: pieces must be an integer of at least 2, got 1");
    expect(() => w.layerNorm({ axes: 0 })).toThrow("layerNorm: axes must be an integer of at least 1, got 0");
    expect(() => w.layerNorm({ eps: 0 })).toThrow("layerNorm: eps must be a finite number above 0, got 0");
    expect(() => w.layerNorm({ ep: 1 } as object)).toThrow('layerNorm: unknown option "ep". Did you mean "eps"?');
    expect(() => w.reshape(2, 0)).toThrow("reshape: extent must be an integer of at least 1, got 0");
    await expect(build(w.layerNorm({ axes: 3 }))).rejects.toThrow(
      "layer 0 (layerNorm): layerNorm over 3 axes needs rows of at least 3 axes, got [2, 3]",
    );
    await expect(build(w.reshape(5))).rejects.toThrow("layer 0 (reshape): reshape to [5] needs rows of 5 values, got [2, 3], which are 6");
  });
});
