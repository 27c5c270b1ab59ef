/** accumulate: the gradients of n batches make one update, which is that of one batch of all their rows. */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { expectNear, numbers } from "../kernels/compare.ts";
import { cauchy, ownCrossEntropy } from "../losses/ownLosses.ts";
import { bitsOf, expectTeam, teamOf } from "../runtime/teams.ts";
import { runtimeOf, type Variant, variants } from "./runtimes.ts";

const ROWS = 75; // two steps of 32 rows, and 11 rows: one batch of 8 and one of 3
const x = Float32Array.from(numbers(3, ROWS * 4));
const weights = Float32Array.from(numbers(5, ROWS), (v) => 1.25 + v);
const y = Int32Array.from({ length: ROWS }, (_, i) => {
  const sum = x[4 * i] + x[4 * i + 1];
  return sum < -0.4 ? 0 : sum < 0.4 ? 1 : 2;
});
const values = Float32Array.from({ length: ROWS * 3 }, (_, i) => x[(i * 5) % x.length]);
const net = w.sequential(w.input(4), w.dense(9), w.tanh(), w.residual([w.dense(5), w.gelu()]), w.layerNorm(), w.dense(3));
const normalized = w.sequential(w.input(4), w.dense(6, { bias: false }), w.batchNorm(), w.tanh(), w.dropout(0.3), w.dense(3));
const loss = w.softmaxCrossEntropy();
const rowsOf = (from: number, to: number, isWeighted = false) => ({
  x: x.slice(from * 4, to * 4),
  y: y.slice(from, to),
  weights: isWeighted ? weights.slice(from, to) : undefined,
});

const make = async (variant: Variant, description: w.Net = net) => w.build(description, { runtime: await runtimeOf(variant), seed: 4 });

function expectNearModel(got: w.Model, want: w.Model, tolerance: number): void {
  for (const [name, { data }] of Object.entries(want.stateDict())) {
    expectNear(got.stateDict()[name].data, data, name, tolerance, tolerance);
  }
}

describe.each(variants)("%s", (variant) => {
  const momentum = w.sgd({ learningRate: 0.1, momentum: 0.9 });
  const cases: [string, Partial<w.FitOptions>, object?][] = [
    ["sgd", { optimizer: momentum }],
    ["weights of rows", { optimizer: momentum }, { weights }],
    [
      "weights of rows, 0 in whole batches",
      { optimizer: momentum, shuffle: false },
      { weights: weights.map((v, i) => (i % 32 < 16 ? 0 : v)) },
    ],
    ["weights of classes", { optimizer: momentum, loss: w.softmaxCrossEntropy({ classWeights: [0, 1, 5] }) }, { weights }],
    ["penalty and clipNorm", { optimizer: momentum, penalty: w.elasticNet(1e-3, 1e-2), clip: w.clipNorm(0.2) }, { weights }],
    [
      "clipLayerNorm, maxNorm, decay",
      { optimizer: momentum, clip: w.clipLayerNorm(0.1), constraint: w.maxNorm(1), decay: w.decoupledDecay(0.01) },
    ],
    [
      "clipValue, groups",
      { optimizer: momentum, clip: w.clipValue(0.01), groups: [{ match: "0.*", learningRate: 0.02, weightDecay: 0.1 }] },
    ],
    [
      "schedule by steps, bias correction, average",
      {
        optimizer: w.adam({ learningRate: w.warmup(3, w.exponentialDecay({ initial: 0.01, factor: 0.9 })) }),
        callbacks: [w.ema({ decay: 0.7 })],
      },
      { weights },
    ],
    ["schedule by epochs", { optimizer: w.sgd({ learningRate: w.exponentialDecay({ initial: 0.1, factor: 0.5, per: "epoch" }) }) }],
    ["a loss of one's own", { optimizer: momentum, loss: cauchy() }, { y: values, weights }],
    ["4 batches of rows that 4 does not divide", { optimizer: momentum, accumulate: 3 }],
  ]; // prettier-ignore
  test.each(cases)("as batches 4 times as large: %s", async (_, given, own = {}) => {
    const options = { loss, optimizer: momentum, epochs: 4, metrics: given.loss?.takesLabels === false ? {} : { accuracy }, ...given };
    const data = { x, y, ...own };
    const [one, other] = [await make(variant), await make(variant)];
    const accumulate = given.accumulate ?? 4;
    const want = await one.fit(data, { ...options, accumulate: 1, batchSize: 8 * accumulate });
    const steps: number[][] = [];
    const count = {
      onStep: ({ step, stepInEpoch, stepsPerEpoch, rows }: w.TrainingState) => void steps.push([step, stepInEpoch, stepsPerEpoch, rows]),
    };
    const got = await other.fit(data, { ...options, accumulate, batchSize: 8, callbacks: [...(options.callbacks ?? []), count] });
    expectNearModel(other, one, 2e-4);
    expect(got.learningRate).toEqual(want.learningRate);
    expectNear(got.penalty, want.penalty, "penalty", 1e-5, 1e-4);
    if (!("weights" in own)) expectNear(got.loss, want.loss, "loss", 1e-4, 1e-4);
    if ("accuracy" in options.metrics) expectNear(got.accuracy as number[], want.accuracy as number[], "accuracy", 0.02);
    const each = 8 * accumulate;
    const perEpoch = Math.ceil(ROWS / each);
    const rows = Array.from({ length: perEpoch }, (_, i) => Math.min(ROWS, (i + 1) * each));
    const wanted = Array.from({ length: 4 * perEpoch }, (_, i) => [i + 1, (i % perEpoch) + 1, perEpoch, rows[i % perEpoch]]);
    expect(steps).toEqual(wanted);
    one.dispose();
    other.dispose();
  });

  test("one step: the gradient of all rows, whatever the sizes of the batches; update() makes that of a remainder", async () => {
    const options = { loss, optimizer: w.sgd({ learningRate: 1 }), batchSize: 75 };
    const [one, other] = [await make(variant), await make(variant)];
    const whole = await w.createTrainer(one, options);
    const parts = await w.createTrainer(other, { ...options, batchSize: 32, accumulate: 3 });
    const before = other.stateDict();
    const losses = [rowsOf(0, 30, true), rowsOf(30, 33, true)].map((batch) => parts.step(batch));
    expect([parts.steps, other.stateDict()]).toEqual([0, before]);
    losses.push(parts.step(rowsOf(33, 34, true)));
    expect(parts.steps).toBe(1);
    const all = whole.step(rowsOf(0, 34, true));
    const sums = [0, 30, 33, 34].map((to) => weights.slice(0, to).reduce((a, b) => a + b, 0));
    expect(losses.reduce((sum, each, i) => sum + each * (sums[i + 1] - sums[i]), 0) / sums[3]).toBeCloseTo(all, 5);
    expectNearModel(other, one, 1e-6);
    parts.step(rowsOf(34, 50));
    parts.step(rowsOf(50, 60));
    parts.update();
    whole.step(rowsOf(34, 60));
    expectNearModel(other, one, 2e-6);
    expect(parts.steps).toBe(2);
    const after = bitsOf(other, parts);
    parts.update();
    expect([parts.steps, bitsOf(other, parts)]).toEqual([2, after]);
    for (const each of [whole, parts, one, other]) each.dispose();
  });

  test("each batch has masks of its own: those of as many steps", async () => {
    const dropped = w.sequential(w.input(4), w.dense(40), w.dropout(0.5), w.residual([w.dense(40)], { dropRate: 0.5 }), w.dense(3));
    const [one, other] = [await make(variant, dropped), await make(variant, dropped)];
    const options = { loss, optimizer: w.sgd({ learningRate: 0 }), batchSize: 8 };
    const plain = await w.createTrainer(one, options);
    const parts = await w.createTrainer(other, { ...options, accumulate: 3 });
    const [want, got] = [plain, parts].map((trainer) => Array.from({ length: 9 }, () => trainer.step(rowsOf(0, 8))));
    expect(got).toEqual(want);
    expect(new Set(got).size).toBe(9);
    expect([plain.steps, parts.steps]).toEqual([9, 3]);
    for (const each of [plain, parts, one, other]) each.dispose();
  });

  test("running statistics move with each batch, as without; swa measures them on the same masks", async () => {
    const models = [];
    for (const accumulate of [1, 2, 5]) {
      for (const callbacks of [[], [w.swa({ start: 0 })]]) {
        const model = await make(variant, normalized);
        const optimizer = w.sgd({ learningRate: 0 });
        await model.fit({ x, y }, { loss, optimizer, batchSize: 8, epochs: 2, accumulate, callbacks });
        models.push(bitsOf(model));
        model.dispose();
      }
    }
    expect(models[0]).not.toEqual(models[1]);
    for (const i of [2, 4]) expect([models[i], models[i + 1]]).toEqual([models[0], models[1]]);
  });

  test("the same bits on 1 to 4 threads", async () => {
    const train = async (threads: number) => {
      const runtime = await teamOf(variant, threads);
      const model = await w.build(normalized, { seed: 7, runtime });
      const options = { loss, optimizer: w.adam(), batchSize: 16, accumulate: 3, clip: w.clipNorm(0.5), penalty: w.l2(0.01) };
      const history = await model.fit({ x, y, weights }, { ...options, epochs: 3 });
      expectTeam(runtime, variant, threads);
      const bits = { ...bitsOf(model), loss: history.loss };
      model.dispose();
      return bits;
    };
    const alone = await train(1);
    for (const threads of [2, 3, 4]) expect(await train(threads), `${threads} threads`).toEqual(alone);
  });

  test("a batch that is not finite is named, and forgets its step's other batches: the model is as after the last update", async () => {
    const [one, other] = [await make(variant, normalized), await make(variant, normalized)];
    const options = { loss, optimizer: w.adam(), batchSize: 8, accumulate: 3 };
    const trainer = await w.createTrainer(one, options);
    const sound = await w.createTrainer(other, options);
    const huge = { x: new Float32Array(32).fill(3e38), y: new Int32Array(8) };
    const steps = (each: w.Trainer, from: number) => [0, 1, 2].map((i) => each.step(rowsOf(from + 8 * i, from + 8 * i + 8)));
    expect(steps(trainer, 0)).toEqual(steps(sound, 0));
    for (const good of [0, 1, 2]) {
      for (let i = 0; i < good; i++) trainer.step(rowsOf(0, 8));
      if (good > 0) expect(bitsOf(one)["1.running_mean"]).not.toEqual(bitsOf(other)["1.running_mean"]);
      expect(() => trainer.step(huge)).toThrow(/^step 1: layer 0 \(dense\) is -?Infinity\./);
      expect(bitsOf(one, trainer)).toEqual(bitsOf(other, sound));
    }
    expect(steps(trainer, 24)).toEqual(steps(sound, 24));
    expect(bitsOf(one, trainer)).toEqual(bitsOf(other, sound));
    // an input that is refused is none of the batches
    trainer.step(rowsOf(0, 8));
    expect(() => trainer.step({ x: [[NaN, 1, 1, 1]], y: [0] })).toThrow(w.DataError);
    trainer.step(rowsOf(8, 16));
    trainer.step(rowsOf(16, 24));
    steps(sound, 0);
    expect(bitsOf(one, trainer)).toEqual(bitsOf(other, sound));
    for (const each of [trainer, sound, one, other]) each.dispose();
  });

  test("a thrown error of a loss of one's own leaves its batch out; a lost thread forgets the step's batches", async () => {
    let trick: (() => never) | undefined;
    const own = ownCrossEntropy();
    const tricky = w.customLoss<Int32Array | w.Tensor>({
      link: "softmax",
      targets: "labels",
      value: (t, p, given) => trick?.() ?? own.callbacks!.value(t, p, given),
      gradient: (t, p, given) => own.callbacks!.gradient(t, p, given),
    });
    const [one, other] = [await make(variant, normalized), await make(variant, normalized)];
    const options = { optimizer: w.adam(), batchSize: 8, accumulate: 3 };
    const [trainer, sound] = [
      await w.createTrainer(one, { ...options, loss: tricky }),
      await w.createTrainer(other, { ...options, loss: own }),
    ];
    for (const from of [0, 8, 16, 24]) {
      trick = () => {
        throw new RangeError("mine");
      };
      expect(() => trainer.step(rowsOf(40, 48))).toThrow("mine");
      trick = undefined;
      expect(trainer.step(rowsOf(from, from + 8))).toBe(sound.step(rowsOf(from, from + 8)));
    }
    trainer.update();
    sound.update();
    expect(bitsOf(one, trainer)).toEqual(bitsOf(other, sound));
    // the forward pass is run again; what comes after it in the second batch is not
    const before = one.stateDict();
    trainer.step(rowsOf(0, 8));
    const { run } = one.runtime;
    let calls = 0;
    one.runtime.run = (...given) => (++calls === 3 ? abi.STATUS_LOST : run.apply(one.runtime, given));
    expect(() => trainer.step(rowsOf(8, 16))).toThrow("step 2: a thread was lost within a training step of this model");
    one.runtime.run = run;
    expect(calls).toBe(3);
    expect(() => trainer.update()).toThrow(w.WorkerError);
    one.loadStateDict(before);
    trainer.update();
    for (const from of [0, 8, 16]) expect(trainer.step(rowsOf(from, from + 8))).toBe(sound.step(rowsOf(from, from + 8)));
    expect(bitsOf(one, trainer)).toEqual(bitsOf(other, sound));
    for (const each of [trainer, sound, one, other]) each.dispose();
  });

  test("fit that ends within a step's batches, by an error or an abort, has the weights and statistics of its last update", async () => {
    for (const way of ["error", "abort"] as const) {
      const [one, other] = [await make(variant, normalized), await make(variant, normalized)];
      const options = { loss, optimizer: w.adam(), batchSize: 8, epochs: 1, accumulate: 3, shuffle: false };
      await other.fit(rowsOf(0, 24), options);
      const abort = new AbortController();
      function* source() {
        for (const from of [0, 8, 16, 24, 32]) yield rowsOf(from, from + 8);
        if (way === "error") throw new Error("the source has failed");
        abort.abort(new Error("the user has had enough"));
        yield rowsOf(40, 48);
      }
      const slow = { onStep: () => abort.signal.throwIfAborted() };
      const run = one.fit(source(), { ...options, stepsPerEpoch: 9, signal: abort.signal, callbacks: [slow] });
      await expect(run).rejects.toThrow(way === "error" ? "the source has failed" : "the user has had enough");
      if (way === "error") expect(bitsOf(one)).toEqual(bitsOf(other));
      one.dispose();
      other.dispose();
    }
  });

  test("an iterable: stepsPerEpoch counts its batches", async () => {
    const [one, other] = [await make(variant), await make(variant)];
    const sizes = [32, 32, 11];
    const cut = (each: number[]) =>
      each.map((size, i) =>
        rowsOf(
          each.slice(0, i).reduce((a, b) => a + b, 0),
          each.slice(0, i).reduce((a, b) => a + b, 0) + size,
          i % 2 === 0,
        ),
      ); // prettier-ignore
    const options = { loss, optimizer: momentum, epochs: 2 };
    const seen: number[] = [];
    await one.fit(cut(sizes), { ...options, stepsPerEpoch: 3 });
    await other.fit(
      cut([20, 12, 20, 12, 11].map((size) => size)).map((batch, i) => ({
        ...batch,
        weights: i < 2 || i === 4 ? weights.slice([0, 20, 0, 0, 64][i], [20, 32, 0, 0, 75][i]) : undefined,
      })),
      {
        ...options,
        stepsPerEpoch: 5,
        accumulate: 2,
        callbacks: [{ onStep: ({ rows }) => void seen.push(rows) }],
      },
    );
    expectNearModel(other, one, 1e-5);
    expect(seen).toEqual([32, 64, 75, 32, 64, 75]);
    one.dispose();
    other.dispose();
  });

  test("costs nothing where it is not used: memory and ops", async () => {
    const used: number[] = [];
    const ops: string[][] = [];
    let lines = 0;
    for (const accumulate of [undefined, 1, 2]) {
      const model = await make(variant, normalized);
      const trained = model.parameters().filter(({ trainable }) => trainable);
      lines = trained.reduce((sum, { shape }) => sum + Math.ceil(shape.reduce((a, b) => a * b, 1) / 16) * 64, 0);
      const before = model.runtime.info.memory.used;
      const trainer = await w.createTrainer(model, { loss, optimizer: w.adam(), accumulate });
      used.push(model.runtime.info.memory.used - before);
      ops.push(trainer.profile(1).ops.map(({ op }) => op));
      trainer.dispose();
      model.dispose();
    }
    expect(used[1]).toBe(used[0]);
    expect(ops[1]).toEqual(ops[0]);
    expect(ops[0]).not.toContain("accumulate");
    expect(ops[2].filter((op) => op !== "accumulate")).toEqual(ops[0]);
    // a gradient more of every parameter, in whole lines, and a record
    expect(used[2] - used[0]).toBe(lines + 128);
  });
});

test("what it refuses", async () => {
  const model = await w.build(net, { runtime: await runtimeOf("portable") });
  const data = { x, y };
  const options = { loss, optimizer: w.sgd() };
  for (const accumulate of [0, 1.5, "4", NaN]) {
    const given = { ...options, accumulate: accumulate as number };
    await expect(model.fit(data, given)).rejects.toThrow("fit: accumulate must be an integer of at least 1, got");
    await expect(w.createTrainer(model, given)).rejects.toThrow("createTrainer: accumulate must be an integer of at least 1, got");
  }
  await expect(model.fit(data, { ...options, batchSize: "full", accumulate: 2 })).rejects.toThrow(
    'fit: accumulate needs batches, and batchSize "full" makes one of all rows. Give a number of rows',
  );
  await expect(model.fit(data, { ...options, optimizer: w.lbfgs(), batchSize: "full", accumulate: 2 })).rejects.toThrow(
    "fit: accumulate is not for lbfgs, whose line search needs all rows at once",
  );
  await expect(w.findLearningRate(model, data, { ...options, accumulate: 2 } as w.FindLearningRateOptions)).rejects.toThrow(
    'findLearningRate: unknown option "accumulate"',
  );
  const trainer = await w.createTrainer(model, { ...options, accumulate: 2, batchSize: 8 });
  const start = trainer.checkpoint();
  trainer.step(rowsOf(0, 8));
  for (const name of ["checkpoint", "profile"] as const)
    expect(() => trainer[name]()).toThrow("trainer.checkpoint: 1 batches wait for their update. Call trainer.update() before");
  trainer.restore(start); // forgets them
  trainer.update();
  expect(trainer.steps).toBe(0);
  expect(trainer.checkpoint()).toEqual(start);
  trainer.dispose();
  model.dispose();
});
