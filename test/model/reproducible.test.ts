/** The same bits: two models in turns, two runtimes, a row alone and in a batch, a batch smaller than its program. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { expectNear, expectSameBits } from "../kernels/compare.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, type Variant, variants } from "./runtimes.ts";

function numbers(seed: number, count: number): Float32Array {
  const next = testNumbers(seed);
  return Float32Array.from({ length: count }, next);
}

function expectSameModel(got: w.Model, want: w.Model): void {
  const state = want.stateDict();
  for (const [name, { data }] of Object.entries(got.stateDict())) expectSameBits(data, state[name].data, name);
}

const loss = w.softmaxCrossEntropy();
const net = w.sequential(w.input(7), w.dense(19), w.batchNorm(), w.gelu(), w.dropout(0.3), w.dense(11), w.tanh(), w.dense(5));
const x = numbers(1, 60 * 7);
const y = Int32Array.from({ length: 60 }, (_, i) => (i * i) % 5);
const batchAt = (step: number, size: number) => {
  const from = (step * 11) % (60 - size);
  return { x: x.slice(from * 7, (from + size) * 7), y: y.slice(from, from + size) };
};

async function start(runtime: w.Runtime, seed: number, options: Partial<w.TrainerOptions> = {}) {
  const model = await w.build(net, { runtime, seed });
  const trainer = await w.createTrainer(model, { loss, optimizer: w.adam({ learningRate: 0.01 }), batchSize: 16, ...options });
  return { model, trainer };
}

describe.each(variants)("%s", (variant) => {
  test("two models trained in turns have the bits that each has alone", async () => {
    const runtime = await runtimeOf(variant);
    const alone = [await start(runtime, 1), await start(runtime, 2, { optimizer: w.sgd({ momentum: 0.9 }), penalty: w.l1(1e-3) })];
    for (const { trainer } of alone) for (let step = 0; step < 30; step++) trainer.step(batchAt(step, 16));
    const turns = [await start(runtime, 1), await start(runtime, 2, { optimizer: w.sgd({ momentum: 0.9 }), penalty: w.l1(1e-3) })];
    for (let step = 0; step < 30; step++) {
      for (const { trainer, model } of turns) {
        trainer.step(batchAt(step, 16));
        model.predict(x.subarray(0, 21));
        if (step % 7 === 0) model.gradients(batchAt(step, 9), loss);
      }
    }
    turns.forEach(({ model }, i) => void expectSameModel(model, alone[i].model));
  });

  test("the same seeds give the same bits in another runtime, other seeds other bits", async () => {
    const runtimes = [await runtimeOf(variant), await w.createRuntime({ numerics: variant })];
    const runs: w.Model[] = [];
    for (const runtime of runtimes) {
      const model = await w.build(net, { runtime, seed: 12345678901234 });
      await model.fit({ x, y }, { loss, optimizer: w.adamw(), epochs: 3, batchSize: 16, seed: 99, validation: 0.2 });
      runs.push(model);
    }
    expectSameModel(runs[1], runs[0]);
    expectSameBits(runs[1].predict(x).data, runs[0].predict(x).data, "predictions");
    const other = await w.build(net, { runtime: runtimes[0], seed: 12345678901234 + 4294967296 }); // differs in the upper word only
    expect(other.stateDict()["0.weight"]).not.toEqual(
      (await w.build(net, { runtime: runtimes[0], seed: 12345678901234 })).stateDict()["0.weight"],
    );
    const reseeded = await w.build(net, { runtime: runtimes[0], seed: 12345678901234 });
    await reseeded.fit({ x, y }, { loss, optimizer: w.adamw(), epochs: 3, batchSize: 16, seed: 98, validation: 0.2 });
    expect(reseeded.stateDict()).not.toEqual(runs[0].stateDict());
    runtimes[1].dispose();
  });

  test("a smaller batch in a larger program: the bits of a program of its size, where both pack; near where one does not", async () => {
    const runtime = await runtimeOf(variant);
    const plain = w.sequential(w.input(7), w.dense(19), w.relu(), w.dropout(0.3), w.dense(5));
    const run = async (description: w.Net, batchSize: number, rows: number) => {
      const model = await w.build(description, { runtime, seed: 5 });
      const trainer = await w.createTrainer(model, { loss, optimizer: w.sgd({ learningRate: 0.1, momentum: 0.9 }), batchSize });
      const losses = Array.from({ length: 12 }, (_, step) => trainer.step(batchAt(step, rows)));
      return { model, losses };
    };
    for (const description of [plain, net]) {
      const same: [number, number, number][] = [
        [9, 33, 9],
        [12, 32, 12],
        [17, 300, 17],
        [3, 8, 3],
        [7, 8, 7],
      ];
      for (const [own, larger, rows] of same) {
        const [a, b] = [await run(description, own, rows), await run(description, larger, rows)];
        expect(b.losses).toEqual(a.losses);
        expectSameModel(b.model, a.model);
      }
      const [few, packed] = [await run(description, 7, 7), await run(description, 32, 7)];
      expectNear(packed.losses, few.losses, "losses", 1e-5, 1e-4);
      for (const [name, { data }] of Object.entries(packed.model.stateDict()))
        expectNear(data, few.model.stateDict()[name].data, name, 1e-4, 1e-3);
    }
  });

  describe("a row predicted alone has the bits that it has in a batch", () => {
    const nets: [string, w.Net][] = [
      ["every activation in an epilogue", w.sequential(w.input(7), ...activations().flatMap((layer) => [w.dense(13), layer]), w.dense(5))],
      ["every activation alone", w.sequential(w.input(7), w.dense(13), w.tanh(), ...activations(), w.softmax())],
      [
        "batch-norm folded, first, and last",
        w.sequential(w.input(7), w.batchNorm(), w.dense(33), w.batchNorm(), w.relu(), w.dense(9), w.batchNorm()),
      ],
      ["wide", w.sequential(w.input(7), w.dense(300), w.relu(), w.dense(270), w.silu(), w.dense(3), w.logSoftmax())],
      ["one column", w.sequential(w.input(7), w.dense(1))],
    ];
    test.each(nets)("%s", async (_, description) => {
      const model = await w.build(description, { runtime: await runtimeOf(variant), seed: 8 });
      const state = model.stateDict();
      for (const [name, { data }] of Object.entries(state)) {
        if (name.endsWith("running_var")) data.set(data.map((_, i) => 0.3 + i / 7));
        if (name.endsWith("running_mean")) data.set(numbers(3, data.length));
      }
      model.loadStateDict(state);
      model.state.link = "softmax";
      const rows = 600;
      const inputs = numbers(4, rows * 7);
      for (const as of ["raw", "probabilities"] as const) {
        const whole = model.predict(inputs, { as });
        const width = whole.data.length / rows;
        expect(new Set(whole.data).size).toBeGreaterThan(width === 1 && as === "probabilities" ? 0 : rows / 2);
        for (const count of [1, 2, 5, 8, 9, 255, 256, 257]) {
          for (const from of [0, 1, 299, rows - count]) {
            if (from + count > rows) continue;
            const part = model.predict(inputs.slice(from * 7, (from + count) * 7), { as });
            expectSameBits(part.data, whole.data.slice(from * width, (from + count) * width), `${as}, ${count} rows from ${from}`);
          }
        }
      }
    });
  });

  test("folding a batch-norm into the product before it changes nothing but rounding", async () => {
    const runtime = await runtimeOf(variant);
    const folded = await w.build(w.sequential(w.input(7), w.dense(11), w.batchNorm(), w.tanh()), { runtime });
    // dropout(0) between them forbids the folding, and does nothing itself
    const apart = await w.build(w.sequential(w.input(7), w.dense(11), w.dropout(0), w.batchNorm(), w.tanh()), { runtime });
    await folded.fit({ x, y: numbers(9, 60 * 11) }, { loss: w.mse(), optimizer: w.adam(), epochs: 5 });
    const moved = Object.entries(folded.stateDict()).map(([name, value]) => [name.replace(/^1/, "2"), value]);
    apart.loadStateDict(Object.fromEntries(moved));
    expectNear(folded.predict(x).data, apart.predict(x).data, "y");
  });

  test("inference follows the weights: after steps, loads, restores, reinitialization, another link", async () => {
    const runtime = await runtimeOf(variant);
    const { model, trainer } = await start(runtime, 3);
    const fresh = async () => {
      const copy = await w.build(net, { runtime, seed: 77 });
      copy.loadStateDict(model.stateDict());
      const prediction = copy.predict(x).data;
      copy.dispose();
      return prediction;
    };
    const seen = new Set<number>();
    const check = async (what: string) => {
      const prediction = model.predict(x).data;
      expectSameBits(prediction, await fresh(), what);
      seen.add(prediction[0]);
    };
    await check("at first");
    const checkpoint = trainer.checkpoint();
    trainer.step(batchAt(0, 16));
    await check("after a step");
    const state = model.stateDict();
    trainer.step(batchAt(1, 16));
    await check("after another");
    model.loadStateDict(state);
    await check("after loadStateDict");
    model.reinitialize("0.*", { seed: 4 });
    await check("after reinitialize");
    trainer.restore(checkpoint);
    await check("after restore");
    await model.fit({ x, y }, { loss, optimizer: w.adam(), epochs: 1 });
    await check("after fit");
    expect(seen.size).toBe(5); // two of the seven come back
  });

  test("a checkpoint goes on with the same bits, in another trainer and another model", async () => {
    const runtime = await runtimeOf(variant);
    const run = await start(runtime, 3, { seed: 21 });
    for (let step = 0; step < 7; step++) run.trainer.step(batchAt(step, 16));
    const checkpoint = run.trainer.checkpoint();
    const frozen = structuredClone(checkpoint);
    for (let step = 7; step < 15; step++) run.trainer.step(batchAt(step, 16));
    expect(checkpoint).toEqual(frozen);
    const other = await start(runtime, 55, { seed: 1 });
    other.trainer.step(batchAt(3, 16));
    other.trainer.restore(frozen);
    for (let step = 7; step < 15; step++) other.trainer.step(batchAt(step, 16));
    expect(other.trainer.steps).toBe(15);
    expectSameModel(other.model, run.model);
    expect(() => other.trainer.restore({ ...frozen, optimizer: "sgd" })).toThrow(w.FormatError);
    expect(() => other.trainer.restore({ ...frozen, slots: [] })).toThrow(w.FormatError);
    expect(() => other.trainer.restore({ ...frozen, weights: { ...frozen.weights, "0.bias": new Float32Array(3) } })).toThrow(
      w.FormatError,
    );
    expectSameModel(other.model, run.model);
  });
});

function activations() {
  return [
    w.relu(),
    w.leakyRelu(),
    w.elu(),
    w.selu(),
    w.gelu(),
    w.gelu({ approximate: "tanh" }),
    w.silu(),
    w.softplus(),
    w.sigmoid(),
    w.tanh(),
    w.softsign(),
    w.mish(),
  ];
}

test("portable and fast stay near each other for a while", async () => {
  if (variants.length < 2) return;
  const runs = await Promise.all((["portable", "fast"] as Variant[]).map(async (variant) => start(await runtimeOf(variant), 3)));
  for (let step = 0; step < 20; step++) for (const { trainer } of runs) trainer.step(batchAt(step, 16));
  expectNear(runs[1].model.predict(x).data, runs[0].model.predict(x).data, "predictions", 2e-2, 2e-2);
});
