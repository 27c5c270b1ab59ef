/** Layer-wise pre-training against autoencoders trained by hand, and on digits: a deep sigmoid net that else does not train. */
import { describe, expect, test } from "vitest";
import { digits } from "../../examples/notes/data.ts";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const next = testNumbers(3);
const x = Float32Array.from({ length: 60 * 6 }, () => next());
const bytesOf = (tensor: w.Tensor | undefined) => [...tensor!.data];

describe.each(variants)("%s", (variant) => {
  test("each layer is the encoder of an autoencoder on the outputs below it; the last layer is as build made it", async () => {
    const runtime = await runtimeOf(variant);
    const net = w.sequential(w.input(6), w.dropout(0.1), w.dense(5), w.batchNorm(), w.sigmoid(), w.dense(4), w.tanh(), w.dense(3));
    const settings = { epochs: 3, batchSize: 16, optimizer: w.sgd({ learningRate: 0.3 }), penalty: w.l2(1e-3) };
    const { model, layers } = await w.pretrainLayers(net, x, { ...settings, seed: 7, runtime });
    const fresh = (await w.build(net, { seed: 7, runtime })).stateDict();

    const first = await w.build(w.sequential(w.input(6), w.dense(5), w.batchNorm(), w.sigmoid(), w.dense(6)), { seed: 7, runtime });
    first.loadStateDict({ "0.weight": fresh["1.weight"]!, "0.bias": fresh["1.bias"]! }, { strict: false });
    const one = await first.fit({ x, y: x }, { ...settings, loss: w.mse(), seed: 7 });
    const below = w.sequential(w.input(6), w.dense(5), w.batchNorm(), w.sigmoid());
    const encoder = await w.build(below, { runtime });
    encoder.loadStateDict(Object.fromEntries(Object.entries(first.stateDict()).filter(([name]) => !name.startsWith("3."))));
    const coded = encoder.predict(x).data;
    const second = await w.build(w.sequential(w.input(5), w.dense(4), w.tanh(), w.dense(5)), { seed: 7, runtime });
    second.loadStateDict({ "0.weight": fresh["4.weight"]!, "0.bias": fresh["4.bias"]! }, { strict: false });
    const two = await second.fit({ x: coded, y: coded }, { ...settings, loss: w.mse(), seed: 7 });

    const got = model.stateDict();
    const want: Record<string, w.Tensor | undefined> = {};
    for (const part of ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"])
      want[`${Number(part[0]) + 1}${part.slice(1)}`] = first.stateDict()[part];
    for (const part of ["weight", "bias"]) {
      want[`4.${part}`] = second.stateDict()[`0.${part}`];
      want[`6.${part}`] = fresh[`6.${part}`];
    }
    expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
    for (const [name, tensor] of Object.entries(got)) expect(bytesOf(tensor), name).toEqual(bytesOf(want[name]));
    expect(bytesOf(got["1.weight"])).not.toEqual(bytesOf(fresh["1.weight"]));
    expect(layers).toEqual([
      { name: "1", loss: one.loss },
      { name: "4", loss: two.loss },
    ]);
    for (const each of [model, first, encoder, second]) each.dispose();
  });

  test("layers: so many; a residual block is one, and its parameters keep their names", async () => {
    const runtime = await runtimeOf(variant);
    const net = w.sequential(w.input(6), w.residual([w.dense(4), w.tanh()]), w.dense(5), w.relu(), w.dense(2));
    const fresh = (await w.build(net, { runtime })).stateDict();
    const { model, layers } = await w.pretrainLayers(net, x, { layers: 1, epochs: 2, runtime });
    expect(layers.map(({ name }) => name)).toEqual(["0"]);
    const got = model.stateDict();
    const moved = Object.keys(got).filter((name) => JSON.stringify(bytesOf(got[name])) !== JSON.stringify(bytesOf(fresh[name])));
    expect(moved).toEqual(["0.0.weight", "0.0.bias", "0.shortcut.weight"]);
    const all = await w.pretrainLayers(net, x, { layers: 3, epochs: 1, runtime });
    expect(all.layers.map(({ name }) => name)).toEqual(["0", "1", "3"]);
    for (const each of [model, all.model]) each.dispose();
  });

  test("digits: three sigmoid layers from N(0, 0.01²) stay at chance, and learn after pre-training", async () => {
    const runtime = await runtimeOf(variant);
    const { train, test: held } = await digits(1400, 0);
    const small = { init: w.normal({ std: 0.01 }) };
    const hidden = () => [w.dense(64, small), w.sigmoid()];
    const net = w.sequential(w.input(64), ...hidden(), ...hidden(), ...hidden(), w.dense(10, small));
    const loss = w.softmaxCrossEntropy();
    const options = { loss, optimizer: w.sgd({ learningRate: 0.1, momentum: 0.9 }), epochs: 15 };
    const plain = await w.build(net, { seed: 1, runtime });
    await plain.fit(train as w.Data<[64]>, options);
    const { model, layers } = await w.pretrainLayers(net, train.x.data, {
      epochs: 20,
      optimizer: w.adam({ learningRate: 3e-3 }),
      seed: 1,
      runtime,
    });
    await model.fit(train as w.Data<[64]>, options);
    const score = (of: w.Model) => of.evaluate(held, { loss, metrics: { accuracy } });
    expect(score(plain as w.Model).accuracy).toBeLessThan(0.15);
    expect(score(plain as w.Model).loss).toBeGreaterThan(2.29); // ln 10: it knows nothing
    expect(score(model as w.Model).accuracy).toBeGreaterThan(0.9);
    for (const { loss: losses } of layers) expect(losses.at(-1)!).toBeLessThan(losses[0]! / 5);
    for (const each of [plain, model]) each.dispose();
  });

  test("the same bits for one thread and for two; after a refusal or an abort no memory is kept", async () => {
    const net = w.sequential(w.input(6), w.dense(5), w.sigmoid(), w.dense(4), w.sigmoid(), w.dense(3));
    const results: unknown[] = [];
    for (const threads of [1, 2]) {
      const runtime = await w.createRuntime({ numerics: variant, threads, share: "always" });
      const { model } = await w.pretrainLayers(net, x, { epochs: 2, runtime });
      results.push(Object.values(model.stateDict()).map(bytesOf));
      model.dispose();
      const before = runtime.arena.usedBytes;
      const controller = new AbortController();
      const stop = { onEpoch: () => controller.abort(new Error("enough")) };
      await expect(w.pretrainLayers(net, x, { runtime, callbacks: [stop], signal: controller.signal })).rejects.toThrow("enough");
      await expect(w.pretrainLayers(net, [[1]] as never, { runtime })).rejects.toThrow("pretrainLayers: x");
      expect(runtime.arena.usedBytes).toBe(before);
      await runtime.dispose();
    }
    expect(results[1]).toEqual(results[0]);
  });
});

test("what can't be pre-trained is refused", async () => {
  const net = w.sequential(w.input(6), w.dense(5), w.sigmoid(), w.dense(3));
  const run = (options: object, of: w.Net<[6], w.Tensor["shape"]> = net) => w.pretrainLayers(of as typeof net, x, options);
  await expect(run({ epoch: 3 })).rejects.toThrow('pretrainLayers: unknown option "epoch". Did you mean "epochs"?');
  await expect(run({ layers: 3 })).rejects.toThrow("pretrainLayers: layers must be a count from 1 to 2, the layers with weights, got 3");
  await expect(run({}, w.sequential(w.input(6), w.dense(3)))).rejects.toThrow(
    "pretrainLayers: net must have two layers with weights at least",
  );
});
