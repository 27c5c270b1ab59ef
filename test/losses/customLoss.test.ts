/** customLoss: what it trains like, everywhere a loss goes, what its callbacks are given, and what they must not do. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { expectNear, numbers } from "../kernels/compare.ts";
import { runtimeOf, type Variant, variants } from "../model/runtimes.ts";
import { bitsOf, teamOf } from "../runtime/teams.ts";
import { cauchy, ownCrossEntropy, ownMse } from "./ownLosses.ts";

const ROWS = 45;
const x = Float32Array.from(numbers(3, ROWS * 4));
const weights = Float32Array.from(numbers(5, ROWS), (v) => 1.25 + v);
const labels = Int32Array.from({ length: ROWS }, (_, i) => {
  const sum = x[4 * i] + x[4 * i + 1];
  return sum < -0.4 ? 0 : sum < 0.4 ? 1 : 2;
});
const numbersOf = (cols: number) => Float32Array.from({ length: ROWS * cols }, (_, i) => x[(i * 5) % x.length] * 1.5);
const classifier = w.sequential(w.input(4), w.dense(9, { bias: false }), w.batchNorm(), w.tanh(), w.dropout(0.2), w.dense(3));
/** Rows of probabilities. */
const shares = numbersOf(3)
  .map((v) => Math.abs(v) + 0.1)
  .map((v, i, all) => v / (all[i - (i % 3)] + all[i - (i % 3) + 1] + all[i - (i % 3) + 2]));
const regressor = w.sequential(w.input(4), w.dense(9), w.tanh(), w.dense(2));

const make = async (variant: Variant, net: w.Net, seed = 4) => w.build(net, { runtime: await runtimeOf(variant), seed });

function expectNearModel(got: w.Model, want: w.Model, tolerance: number): void {
  for (const [name, { data }] of Object.entries(want.stateDict())) {
    expectNear(got.stateDict()[name].data, data, name, tolerance, tolerance);
  }
}

describe.each(variants)("%s", (variant) => {
  const pairs: [string, w.Net, w.Loss, w.Loss, Int32Array | Float32Array][] = [
    ["mse", regressor, w.mse(), ownMse(), numbersOf(2)],
    ["softmaxCrossEntropy, labels", classifier, w.softmaxCrossEntropy(), ownCrossEntropy(), labels],
    ["softmaxCrossEntropy, rows", classifier, w.softmaxCrossEntropy(), ownCrossEntropy(), shares],
  ];
  test.each(pairs)("50 steps as the library's %s, with smaller batches and weights", async (_, net, built, own, y) => {
    const cols = y.length / ROWS;
    const [one, other] = [await make(variant, net), await make(variant, net)];
    const options = { optimizer: w.adam({ learningRate: 0.01 }), batchSize: 16, penalty: w.l2(1e-3), clip: w.clipNorm(1) };
    const trainers = [await w.createTrainer(one, { ...options, loss: built }), await w.createTrainer(other, { ...options, loss: own })];
    for (let step = 0; step < 50; step++) {
      const rows = [16, 16, 7][step % 3];
      const from = (step * 11) % (ROWS - rows);
      const batch = {
        x: x.slice(from * 4, (from + rows) * 4),
        y: y.slice(from * cols, (from + rows) * cols),
        weights: step % 2 === 0 ? weights.slice(from, from + rows) : undefined,
      };
      const [want, got] = trainers.map((trainer) => trainer.step(batch));
      expect(Math.abs(got - want), `loss of step ${step}`).toBeLessThan(1e-5);
    }
    expectNearModel(other, one, 1e-4);
    for (const each of [...trainers, one, other]) each.dispose();
  });

  test("fit, evaluate and what they record are the library's own: validation, metrics, groups, constraint, early stopping", async () => {
    const options = {
      optimizer: w.adam({ learningRate: w.exponentialDecay({ initial: 0.03, factor: 0.99 }) }),
      batchSize: 8,
      epochs: 6,
      validation: 0.3,
      metrics: { accuracy },
      penalty: w.l2(1e-3),
      clip: w.clipLayerNorm(1),
      constraint: w.maxNorm(3),
      groups: [{ match: "0.*", learningRate: 0.005 }],
      callbacks: [w.earlyStopping({ patience: 3 })],
    };
    const [one, other] = [await make(variant, classifier), await make(variant, classifier)];
    const data = { x, y: labels, weights };
    const want = await one.fit(data, { ...options, loss: w.softmaxCrossEntropy() });
    const got = await other.fit(data, { ...options, loss: ownCrossEntropy(), callbacks: [w.earlyStopping({ patience: 3 })] });
    expect(Object.keys(got)).toEqual(Object.keys(want));
    expect(got.epochs).toBe(want.epochs);
    expect(got.bestEpoch).toBe(want.bestEpoch);
    for (const key of ["loss", "valLoss", "penalty", "accuracy", "valAccuracy", "learningRate"]) {
      expectNear(got[key] as number[], want[key] as number[], key, 1e-4, 1e-4);
    }
    expectNearModel(other, one, 1e-3);
    // 450 rows: more than an inference program takes at once
    const many = { x: Float32Array.from(numbers(8, 450 * 4)), y: Int32Array.from({ length: 450 }, (_, i) => i % 3) };
    const weighted = { ...many, weights: Float32Array.from({ length: 450 }, (_, i) => 1 + (i % 4)) };
    for (const each of [many, weighted]) {
      const metrics = { accuracy };
      const [a, b] = [w.softmaxCrossEntropy(), ownCrossEntropy()].map((loss) => one.evaluate(each, { loss, metrics }));
      expect(Math.abs(a.loss - b.loss)).toBeLessThan(1e-6);
      expect(b.accuracy).toBe(a.accuracy);
    }
    one.dispose();
    other.dispose();
  });

  test("lbfgs takes it: the optimum that it finds with the library's loss", async () => {
    const net = w.sequential(w.input(4), w.dense(2));
    const options = { optimizer: w.lbfgs(), batchSize: "full" as const, epochs: 25, penalty: w.l2(0.01) };
    const [one, other] = [await make(variant, net), await make(variant, net)];
    const data = { x, y: numbersOf(2), weights };
    const want = await one.fit(data, { ...options, loss: w.mse() });
    const got = await other.fit(data, { ...options, loss: ownMse() });
    expect(Math.abs(got.loss.at(-1)! - want.loss.at(-1)!)).toBeLessThan(1e-6);
    expectNearModel(other, one, 1e-3);
    one.dispose();
    other.dispose();
  });

  test("gradientFlow, ema and swa see what they see with the library's loss", async () => {
    const net = w.sequential(w.input(4), w.dense(6, { bias: false }), w.batchNorm(), w.tanh(), w.dense(2));
    for (const average of [() => w.ema({ decay: 0.8 }), () => w.swa({ start: 1 })]) {
      const runs = [];
      for (const loss of [w.mse(), ownMse()]) {
        const model = await make(variant, net);
        const flow = w.gradientFlow();
        const callbacks = [flow, average()];
        await model.fit({ x, y: numbersOf(2), weights }, { loss, optimizer: w.adam(), batchSize: 16, epochs: 3, callbacks });
        runs.push({ rows: flow.rows, model });
      }
      const [want, got] = runs;
      expectNearModel(got.model, want.model, 1e-4);
      expect(got.rows.length).toBe(want.rows.length);
      want.rows.forEach((row, i) => {
        const [a, b] = [row, got.rows[i]].map(({ layer: _, ...values }) => Object.values(values).map((value) => value ?? 0));
        expectNear(b, a, `${row.layer} after epoch ${row.epoch}`, 1e-4, 1e-3);
      });
      for (const { model } of runs) model.dispose();
    }
  });

  test("checkGradients tells a gradient that is that of the value from one that is not; ensembles evaluate it", async () => {
    const model = await make(variant, regressor);
    const data = { x, y: numbersOf(2), weights };
    expect(w.checkGradients(model, data, cauchy())).toMatchObject({ passed: true });
    const { value, gradient } = cauchy().callbacks!;
    const twice = w.customLoss({
      value,
      gradient: (t, p, given) => Array.from(gradient(t, p, given), (v) => 2 * v),
    } as w.CustomLossOptions);
    expect(w.checkGradients(model, data, twice)).toMatchObject({ passed: false });
    const both = w.ensemble([model, await make(variant, regressor, 5)]);
    const [want, got] = [w.mse(), ownMse()].map((loss) => both.evaluate(data, { loss }).loss);
    expect(Math.abs(got - want)).toBeLessThan(1e-6);
    for (const each of both.models) each.dispose();
  });

  test("the finder of rates takes it", async () => {
    const model = await make(variant, regressor);
    const data = { x, y: numbersOf(2) };
    const [want, got] = [
      await w.findLearningRate(model, data, { loss: w.mse(), optimizer: w.sgd(), steps: 30 }),
      await w.findLearningRate(model, data, { loss: ownMse(), optimizer: w.sgd(), steps: 30 }),
    ];
    expectNear(got.losses.slice(0, 20), want.losses.slice(0, 20), "losses", 1e-5, 1e-4);
    model.dispose();
  });

  test("callbacks get outputs before the link, targets as given, weights, and may keep them", async () => {
    const model = await make(variant, w.sequential(w.input(4), w.dense(3)));
    const seen: unknown[][] = [];
    const spy = w.customLoss<Int32Array | w.Tensor>({
      link: "softmax",
      targets: "labels",
      value: (t, p, given) => {
        seen.push([t, p, given]);
        return 0;
      },
      gradient: (t, p, given) => {
        expect([t, p, given]).toEqual(seen.at(-1));
        return { data: new Float32Array(p.data.length), shape: p.shape };
      },
    });
    const few = x.slice(0, 8);
    const raw = model.predict(few);
    const trainer = await w.createTrainer(model, { loss: spy, optimizer: w.sgd(), batchSize: 5 });
    trainer.step({ x: few, y: [2, 0] });
    trainer.step({
      x: few,
      y: [
        [0, 1, 0],
        [0.5, 0.5, 0],
      ],
      weights: [2, 0.5],
    }); // prettier-ignore
    model.evaluate({ x: few, y: [1, 1], weights: [3, 4] }, { loss: spy });
    expect(seen[0]).toEqual([Int32Array.of(2, 0), { data: expect.any(Float32Array), shape: [2, 3] }, undefined]);
    expectNear((seen[0][1] as w.Tensor).data, raw.data, "outputs", 1e-6, 1e-6);
    expect(seen[1][0]).toEqual({ data: Float32Array.of(0, 1, 0, 0.5, 0.5, 0), shape: [2, 3] });
    expect(seen[1][2]).toEqual(Float32Array.of(2, 0.5));
    expect(seen[2]).toEqual([Int32Array.of(1, 1), { data: raw.data, shape: [2, 3] }, Float32Array.of(3, 4)]);
    trainer.dispose();
    model.dispose();
  });

  test("targets of another shape than the outputs: survival times with their events, one number for three quantiles, labels of sequences", async () => {
    // exponential survival: rate e^z; value = mean(event·-z + time·e^z), whose optimum is the rate of the data
    const survival = w.customLoss({
      targets: [2],
      value: (t, p) => p.data.reduce((sum, z, i) => sum + t.data[2 * i] * Math.exp(z) - t.data[2 * i + 1] * z, 0) / p.data.length,
      gradient: (t, p) => p.data.map((z, i) => (t.data[2 * i] * Math.exp(z) - t.data[2 * i + 1]) / p.data.length),
    });
    const rate = await make(variant, w.sequential(w.input(1), w.dense(1)));
    const events = Array.from({ length: 20 }, (_, i) => [1 + (i % 5), i % 3 === 0 ? 0 : 1]);
    const metrics = { shape: (t: Int32Array | w.Tensor) => (t as w.Tensor).shape[1] };
    const history = await rate.fit(
      { x: new Float32Array(20), y: events },
      { loss: survival, optimizer: w.lbfgs(), batchSize: "full", epochs: 20, metrics, validation: { x: [[0]], y: [[2, 1]] } },
    );
    const [times, dead] = [0, 1].map((k) => events.reduce((sum, row) => sum + row[k], 0));
    expect(rate.predict([[0]]).data[0]).toBeCloseTo(Math.log(dead / times), 4);
    expect(history.shape).toEqual(new Array(20).fill(2));
    expect(history.valShape).toEqual(new Array(20).fill(2));
    const slope = 3 * Math.exp(rate.predict([[0.5]]).data[0]) - 1;
    const { input } = rate.gradients({ x: [[0.5]], y: [[3, 1]] }, survival);
    expect(input.data[0]).toBeCloseTo(slope * rate.stateDict()["0.weight"].data[0], 5);
    expect(() => rate.evaluate({ x: [[0]], y: [[3]] }, { loss: survival })).toThrow(
      "evaluate: y must have shape [1, 2], as x has 1 rows, got shape [1, 1]",
    );
    rate.dispose();

    const taus = [0.1, 0.5, 0.9];
    const pinball = w.customLoss({
      name: "pinball",
      targets: [],
      value: (t, p) =>
        p.data.reduce(
          (sum, v, i) => sum + Math.max(taus[i % 3] * (t.data[Math.floor(i / 3)] - v), (taus[i % 3] - 1) * (t.data[Math.floor(i / 3)] - v)),
          0,
        ) / t.data.length,
      gradient: (t, p) => p.data.map((v, i) => (t.data[Math.floor(i / 3)] > v ? -taus[i % 3] : 1 - taus[i % 3]) / t.data.length),
    });
    const quantiles = await make(variant, w.sequential(w.input(1), w.dense(3)));
    const spread = Float32Array.from({ length: 101 }, (_, i) => i / 100);
    const trainer = await w.createTrainer(quantiles, {
      loss: pinball,
      optimizer: w.adam({ learningRate: w.exponentialDecay({ initial: 0.02, factor: 0.997 }) }),
      batchSize: 101,
    });
    for (let step = 0; step < 1500; step++) trainer.step({ x: new Float32Array(101), y: spread });
    expectNear(quantiles.predict([[0]]).data, taus, "quantiles", 0.02);
    trainer.dispose();
    quantiles.dispose();

    // [2 words, 4 classes]: a label for each word
    const tagger = await make(variant, w.sequential(w.input(2, 3), w.dense(4)));
    const tags: unknown[] = [];
    const nothing = w.customLoss<Int32Array | w.Tensor>({
      targets: "labels",
      value: (t) => 0 * tags.push(t),
      gradient: (_, p) => p.data.fill(0),
    });
    const step = {
      x: new Float32Array(30),
      y: [
        [0, 1],
        [2, 3],
        [3, 0],
        [1, 1],
        [2, 2],
      ],
    }; // prettier-ignore
    await tagger.fit(step, {
      loss: nothing,
      optimizer: w.sgd(),
      batchSize: 3,
      epochs: 1,
      shuffle: false,
      metrics: { first: (t) => (t as Int32Array)[9] },
    });
    tagger.gradients(step, nothing);
    tagger.evaluate(step, { loss: nothing });
    const all = Int32Array.of(0, 1, 2, 3, 3, 0, 1, 1, 2, 2);
    expect(tags).toEqual([all.slice(0, 6), all.slice(6), all, all]);
    tagger.dispose();
  });

  test("the same bits on 1 to 4 threads", async () => {
    const train = async (threads: number) => {
      const model = await w.build(classifier, { seed: 7, runtime: await teamOf(variant, threads) });
      const history = await model.fit(
        { x, y: labels, weights },
        { loss: ownCrossEntropy(), optimizer: w.adam(), batchSize: 16, epochs: 4 },
      );
      const bits = { ...bitsOf(model), loss: history.loss };
      model.dispose();
      return bits;
    };
    const alone = await train(1);
    for (const threads of [2, 3, 4]) expect(await train(threads), `${threads} threads`).toEqual(alone);
  });

  test("a thrown error, a wrong result, and calls into the same runtime leave model and trainer as they were", async () => {
    const model = await make(variant, classifier);
    const plain = await make(variant, classifier);
    const bystander = await make(variant, regressor);
    const own = ownCrossEntropy();
    let trick: ((p: w.Tensor) => unknown) | undefined;
    let place: "value" | "gradient" = "value";
    const tricky = w.customLoss<Int32Array | w.Tensor>({
      name: "tricky",
      link: "softmax",
      targets: "labels",
      value: (t, p, given) => (trick && place === "value" ? (trick(p) as number) : own.callbacks!.value(t, p, given)),
      gradient: (t, p, given) => (trick && place === "gradient" ? (trick(p) as number[]) : own.callbacks!.gradient(t, p, given)),
    });
    const options = { optimizer: w.adam({ learningRate: 0.01 }), batchSize: 16 };
    const trainer = await w.createTrainer(model, { ...options, loss: tricky });
    const untouched = await w.createTrainer(plain, { ...options, loss: own });
    const other = await w.createTrainer(bystander, { ...options, loss: w.mse() });
    const batch = { x: x.slice(0, 64), y: labels.slice(0, 16) };
    const next = { x: x.slice(64, 128), y: labels.slice(16, 32) };
    const isBusy = "a callback of a loss is running, and can't use its own runtime";
    const cases: [() => (p: w.Tensor) => unknown, string][] = [
      [
        () => () => {
          throw new RangeError("mine");
        },
        "mine",
      ], // prettier-ignore
      [() => () => undefined, "tricky: "],
      [() => () => Promise.resolve(1), "tricky: "],
      [() => () => "1", "tricky: "],
      [() => (p) => [...p.data, 1], "tricky: "],
      [() => () => model.predict(x), `predict: ${isBusy}`],
      [() => () => trainer.step(next), `trainer.step: ${isBusy}`],
      [() => () => trainer.checkpoint(), `trainer.checkpoint: ${isBusy}`],
      [() => () => model.evaluate(next, { loss: own }), `evaluate: ${isBusy}`],
      [() => () => model.gradients(next, own), `gradients: ${isBusy}`],
      [() => () => bystander.predict(x), `predict: ${isBusy}`],
      [() => () => other.step({ x: next.x, y: next.x.slice(0, 32) }), `trainer.step: ${isBusy}`],
      [() => () => NaN, "tricky"],
      [() => (p) => p.data.map(() => -Infinity), "tricky"],
    ];
    for (place of ["value", "gradient"] as const) {
      for (const [make, message] of cases) {
        trick = make();
        expect(() => trainer.step(batch), `${place}: ${message}`).toThrow(message);
        expect(trainer.steps).toBe(untouched.steps);
        // caught by the callback itself, such calls have done nothing either
        if (message.endsWith(isBusy)) {
          const attempt = trick;
          const real = place === "value" ? own.callbacks!.value : own.callbacks!.gradient;
          trick = (p) => {
            expect(() => attempt(p)).toThrow(isBusy);
            return real(batch.y, p, undefined);
          };
          expect(trainer.step(batch)).toBe(untouched.step(batch));
        }
        trick = undefined;
        expect(bitsOf(model, trainer)).toEqual(bitsOf(plain, untouched));
      }
    }
    for (let step = 0; step < 3; step++) expect(trainer.step(next)).toBe(untouched.step(next));
    expect(bitsOf(model, trainer)).toEqual(bitsOf(plain, untouched));
    for (const each of [trainer, untouched, other, model, plain, bystander]) each.dispose();
  });

  test("what is wrong is said: results, their number, values that are not finite and where", async () => {
    const model = await make(variant, regressor);
    const before = model.stateDict();
    const attempt = (value: () => unknown, gradient: (p: w.Tensor) => unknown = (p) => p.data) => {
      const loss = w.customLoss({ name: "mine", value: value as () => number, gradient: (_, p) => gradient(p) as number[] });
      return model.fit({ x, y: numbersOf(2) }, { loss, optimizer: w.sgd(), epochs: 1 }).catch((error: unknown) => error);
    };
    expect(await attempt(() => undefined)).toMatchObject({
      code: "OptionError",
      message: "mine: value's result must be a number, got undefined",
    });
    expect(await attempt(async () => 1)).toMatchObject({
      message: "mine: value's result must be a number, got {  }. A step can't wait: make it synchronous",
    });
    const wrong = "mine: gradient's result must be 64 numbers, one for each output, got";
    expect(
      await attempt(
        () => 1,
        () => [1, 2],
      ),
    ).toMatchObject({ code: "ShapeError", message: `${wrong} 2` }); // prettier-ignore
    expect(
      await attempt(
        () => 1,
        () => undefined,
      ),
    ).toMatchObject({ code: "ShapeError", message: `${wrong} undefined` }); // prettier-ignore
    expect(
      await attempt(
        () => 1,
        (p) => [p.data],
      ),
    ).toMatchObject({ epochs: 1 }); // prettier-ignore
    model.loadStateDict(before);
    expect(await attempt(() => NaN)).toMatchObject({ code: "NonFiniteError", step: 0, layer: "loss (mine)", value: NaN });
    expect(
      await attempt(
        () => 1,
        (p) => p.data.fill(Infinity, 5, 6),
      ),
    ).toMatchObject({ code: "NonFiniteError", layer: "gradient of loss (mine)", value: Infinity }); // prettier-ignore
    expect(
      await attempt(
        () => 1,
        (p) => p.data.fill(3e38),
      ),
    ).toMatchObject({ code: "NonFiniteError", layer: "gradient of layer 2 (dense)" }); // prettier-ignore
    expect(model.stateDict()).toEqual(before);
    // the net went wrong before the loss did
    const huge = { x: new Float32Array(8).fill(3e38), y: new Float32Array(4) };
    const plain = await make(variant, w.sequential(w.input(4), w.dense(2, { init: w.constant(2) })));
    const error = await plain.fit(huge, { loss: ownMse(), optimizer: w.sgd() }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "NonFiniteError", layer: "layer 0 (dense)" });
    model.dispose();
    plain.dispose();
  });

  test("a model file keeps link and name: predictions are the same after load", async () => {
    const model = await make(variant, classifier);
    await model.fit({ x, y: labels }, { loss: ownCrossEntropy(), optimizer: w.adam(), epochs: 2 });
    const bytes = model.save();
    const loaded = await w.load(bytes, { runtime: await runtimeOf(variant) });
    for (const as of ["probabilities", "classes"] as const) expect(loaded.predict(x, { as })).toEqual(model.predict(x, { as }));
    expect(new TextDecoder().decode(bytes)).toContain('\\"loss\\":\\"ownCrossEntropy\\"');
    expect(loaded.save()).toEqual(bytes);
    await loaded.fit({ x, y: numbersOf(3) }, { loss: cauchy(), optimizer: w.adam(), epochs: 1 });
    expect(() => loaded.predict(x, { as: "classes" })).toThrow("the loss that trained the model has no link (cauchy)");
    model.dispose();
    loaded.dispose();
  });
});

test("options are checked", async () => {
  const [value, gradient] = [() => 0, () => []];
  const attempt = (options: unknown) => () => w.customLoss(options as w.CustomLossOptions);
  expect(attempt(undefined)).toThrow("customLoss must be given { value, gradient }, got undefined");
  expect(attempt(value)).toThrow("customLoss must be given { value, gradient }, got a function");
  expect(attempt({ value })).toThrow("customLoss: gradient must be a function (yTrue, yPred, weights), got undefined");
  expect(attempt({ value: 1, gradient })).toThrow("customLoss: value must be a function (yTrue, yPred, weights), got 1");
  expect(attempt({ value, gradients: gradient })).toThrow('customLoss: unknown option "gradients". Did you mean "gradient"?');
  expect(attempt({ value, gradient, link: "logit" })).toThrow(
    'customLoss: link must be one of "identity", "softmax", "sigmoid", got "logit"',
  );
  expect(attempt({ value, gradient, targets: "label" })).toThrow('Did you mean "labels"?');
  expect(attempt({ value, gradient, targets: [2, 0] })).toThrow("customLoss: targets must be a shape of positive integers, got [2, 0]");
  expect(attempt({ value, gradient, name: "" })).toThrow('customLoss: name must be a text, got ""');

  const model = await w.build(w.sequential(w.input(2, 2), w.softmax()), { runtime: await runtimeOf("portable") });
  const soft = w.customLoss({ value, gradient, link: "softmax", name: "soft" });
  const data = {
    x: [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    y: [
      [
        [1, 0],
        [0, 1],
      ],
    ],
  }; // prettier-ignore
  expect(() => model.gradients(data, soft)).toThrow('soft: link "softmax" needs an output of shape [classes], got [2, 2]');
  const forgetful = w.customLoss({ value: (t, p) => t.data[0] - p.data[0], gradient: (_, p) => p.data });
  const message = "customLoss: the data has weights, which value and gradient must take as third parameter, without a default";
  const weighted = { ...data, weights: [2] };
  expect(() => model.gradients(weighted, forgetful)).toThrow(message);
  expect(() => model.evaluate(weighted, { loss: forgetful })).toThrow(message);
  await expect(model.fit(weighted, { loss: forgetful, optimizer: w.sgd() })).rejects.toThrow(message);
  expect(model.evaluate(data, { loss: forgetful }).loss).toBeCloseTo(1 - 1 / (1 + Math.E), 6);
  model.dispose();
});

test("frozen as a whole, a net still has a loss; a net of input alone has its gradient", async () => {
  const runtime = await runtimeOf("portable");
  const frozen = await w.build(regressor, { runtime });
  frozen.freeze("*");
  const before = frozen.stateDict();
  const history = await frozen.fit({ x, y: numbersOf(2) }, { loss: cauchy(), optimizer: w.sgd(), epochs: 1, batchSize: 45 });
  expect(history.loss[0]).toBeCloseTo(frozen.evaluate({ x, y: numbersOf(2) }, { loss: cauchy() }).loss, 6);
  expect(frozen.stateDict()).toEqual(before);
  const identity = await w.build(w.sequential(w.input(2)), { runtime });
  const { loss, input } = identity.gradients({ x: [[1, 2]], y: [[0, 4]] }, ownMse());
  expect([loss, ...input.data]).toEqual([2.5, 1, -2]);
  frozen.dispose();
  identity.dispose();
});
