/** Penalties in training: each step against float64, exact zeros, penalties and norms of single layers, in memory and in files. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { expectNear } from "../kernels/compare.ts";
import { testNumbers } from "../kernels/harness.ts";
import { limitRowNorms } from "../reference/limitRowNorms.ts";
import { penalty, penaltyGrad, powerPenalty, powerPenaltyGrad } from "../reference/penalty.ts";
import { softThreshold } from "../reference/softThreshold.ts";
import { bitsOf, teamOf } from "../runtime/teams.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const next = testNumbers(11);
const batch = { x: Float32Array.from({ length: 12 * 5 }, next), y: Float32Array.from({ length: 12 * 3 }, next) };
const init = w.normal({ std: 0.6 });
const net = w.sequential(w.input(5), w.dense(7, { init }), w.tanh(), w.dense(3, { init }));
const loss = w.mse();
const RATE = 0.25;
const options = { loss, optimizer: w.sgd({ learningRate: RATE }) };

/** Value, gradient and what follows the update, in float64. */
interface Reference {
  value(w: ArrayLike<number>): number;
  gradient(w: ArrayLike<number>): number[];
  after?(w: number[], rate: number): number[];
}

const elastic = (l1: number, l2: number): Reference => ({ value: (v) => penalty(v, l1, l2), gradient: (v) => penaltyGrad(v, l1, l2) });
const power = (q: number, lambda: number): Reference => ({
  value: (v) => powerPenalty(v, lambda, q - 1),
  gradient: (v) => powerPenaltyGrad(v, lambda, q - 1),
});
const proximal = (l1: number, l2: number): Reference => ({
  value: (v) => penalty(v, l1, l2),
  gradient: (v) => penaltyGrad(v, 0, l2),
  after: (v, rate) => softThreshold(v, rate * l1),
});
const none = elastic(0, 0);

const cases: [string, w.Penalty, Reference][] = [
  ["lq(1.5)", w.lq(1.5, 0.3), power(1.5, 0.3)],
  ["lq(4)", w.lq(4, 0.2), power(4, 0.2)],
  ["lq(1)", w.lq(1, 0.3), elastic(0.3, 0)],
  ["lq(2)", w.lq(2, 0.3), elastic(0, 0.3)],
  ["proximal l1", w.l1(0.5, { proximal: true }), proximal(0.5, 0)],
  ["proximal elasticNet", w.elasticNet(0.5, 0.2, { proximal: true }), proximal(0.5, 0.2)],
];

/** Weights after a step of gradient descent, by float64 from the gradients of the loss alone. */
function stepped(model: w.Model, of: (name: string) => Reference, rate = RATE): { weights: Record<string, number[]>; penalty: number } {
  const { parameters } = model.gradients(batch, loss);
  let value = 0;
  const weights: Record<string, number[]> = {};
  for (const [name, { data, shape }] of Object.entries(model.stateDict())) {
    const { gradient, after, ...rest } = shape.length > 1 ? of(name) : none;
    const d = gradient(data);
    value += rest.value(data);
    const updated = Array.from(data, (v, i) => v - rate * (parameters[name].data[i] + d[i]));
    weights[name] = after ? after(updated, rate) : updated;
  }
  return { weights, penalty: value };
}

const expectWeights = (model: w.Model, want: Record<string, ArrayLike<number>>): void => {
  for (const [name, { data }] of Object.entries(model.stateDict())) expectNear(data, want[name], name, 3e-7, 1e-6);
};

/** Inputs of 0: the loss has no gradient in the weights of the first layer, and only a threshold moves them. */
const still = { x: new Float32Array(4 * 5), y: new Float32Array(4 * 3) };

describe.each(variants)("%s", (variant) => {
  const make = async (description: w.Net = net) => w.build(description, { runtime: await runtimeOf(variant), seed: 2 });

  test.each(cases)("%s: each of three steps, and the value", async (_, given, reference) => {
    const model = await make();
    const trainer = await w.createTrainer(model, { ...options, penalty: given });
    for (let step = 0; step < 3; step++) {
      const want = stepped(model, () => reference);
      trainer.step(batch);
      expectWeights(model, want.weights);
      expect(trainer.penalty / want.penalty).toBeCloseTo(1, 5);
    }
    model.dispose();
  });

  test("lq(1) is l1 and lq(2) is l2, bit for bit", async () => {
    for (const [a, b] of [
      [w.lq(1, 0.01), w.l1(0.01)],
      [w.lq(2, 0.01), w.l2(0.01)],
    ]) {
      const models = await Promise.all([make(), make()]);
      const fit = { ...options, optimizer: w.adam(), epochs: 4, batchSize: 4 };
      const [first, second] = await Promise.all([
        models[0].fit(batch, { ...fit, penalty: a }),
        models[1].fit(batch, { ...fit, penalty: b }),
      ]);
      expect(first).toEqual(second);
      expect(bitsOf(models[0])).toEqual(bitsOf(models[1]));
      for (const model of models) model.dispose();
    }
  });

  test("history.penalty is the value before each step; the smaller q, the more weights are small", async () => {
    const small: number[] = [];
    for (const q of [1, 2, 4]) {
      const model = await make();
      const before = model.stateDict();
      const at = ["0.weight", "2.weight"].reduce((sum, name) => sum + powerPenalty(before[name].data, 0.05, q - 1), 0);
      const history = await model.fit(batch, { ...options, batchSize: "full", penalty: w.lq(q, 0.05), epochs: 300 });
      expect(history.penalty.length).toBe(300);
      expect(Math.abs(history.penalty[0] - at)).toBeLessThan(1e-6);
      small.push(Object.values(model.stateDict()).flatMap(({ data }) => Array.from(data).filter((v) => Math.abs(v) < 0.02)).length);
      model.dispose();
    }
    expect(small[0]).toBeGreaterThan(small[1]);
    expect(small[1]).toBeGreaterThan(small[2]);
  });

  test("lbfgs finds where lq's gradient and the loss's cancel", async () => {
    const model = await make();
    const given = { loss, optimizer: w.lbfgs(), batchSize: "full" as const, penalty: w.lq(3, 0.1), epochs: 150 };
    const history = await model.fit(batch, given);
    expect(history.penalty.length).toBe(150);
    const { parameters } = model.gradients(batch, loss);
    for (const [name, { data, shape }] of Object.entries(model.stateDict())) {
      const d = shape.length > 1 ? powerPenaltyGrad(data, 0.1, 2) : [];
      parameters[name].data.forEach((g, i) => void expect(Math.abs(g + (d[i] ?? 0)), name).toBeLessThan(2e-3));
    }
    model.dispose();
  });

  test("proximal: zeros that are exact, where l1 in the gradient leaves weights near 0", async () => {
    // y needs the first two of five inputs.
    const x = Float32Array.from({ length: 64 * 5 }, next);
    const y = Float32Array.from({ length: 64 }, (_, i) => 2 * x[5 * i] - x[5 * i + 1]);
    const zeros: number[] = [];
    for (const given of [w.l1(0.1), w.l1(0.1, { proximal: true })]) {
      const model = await make(w.sequential(w.input(5), w.dense(1)));
      const history = await model.fit({ x, y }, { ...options, penalty: given, epochs: 60 });
      const { data } = model.stateDict()["0.weight"];
      expect(Math.abs(history.penalty.at(-1)! / penalty(data, 0.1, 0) - 1)).toBeLessThan(0.01);
      zeros.push(data.filter((v) => v === 0).length);
      expect(Math.abs(data[0])).toBeGreaterThan(1.5);
      model.dispose();
    }
    expect(zeros).toEqual([0, 3]);
  });

  test.each([w.sgd, w.adam, w.lion])("the threshold is λ times the learning rate of step, group and callback: %o", async (rule) => {
    const decay = w.stepDecay({ initial: 0.2, every: 1, factor: 0.5 });
    const groups = [{ match: "2.*", learningRate: 0.01 }];
    const given = { loss, optimizer: rule({ learningRate: decay }), groups, penalty: w.l1(0.25, { proximal: true }) };
    const halve: w.Callback = { onEpoch: ({ epoch }) => (epoch === 0 ? { learningRateFactor: 0.5 } : undefined) };
    const model = await make();
    const before = model.stateDict()["0.weight"].data;
    await model.fit(still, { ...given, epochs: 3, callbacks: [halve] });
    const total = 0.25 * (0.2 + 0.5 * 0.1 + 0.5 * 0.05);
    expectNear(model.stateDict()["0.weight"].data, softThreshold(before, total), "0.weight", 1e-7, 1e-6);
    model.dispose();
    const other = await make();
    const was = other.stateDict()["0.weight"].data;
    await other.fit(still, { ...given, groups: [{ match: "0.*", learningRate: 0.01 }], epochs: 3 });
    expectNear(other.stateDict()["0.weight"].data, softThreshold(was, 0.25 * 0.03), "0.weight in a group", 1e-7, 1e-6);
    other.dispose();
  });

  test("a layer's own penalty and maxNorm replace those of training, in steps, in files and after loading", async () => {
    const own = w.sequential(
      w.input(5),
      w.dense(7, { init, penalty: w.lq(1.5, 0.4), maxNorm: 1.2 }),
      w.tanh(),
      w.dense(6, { init, penalty: w.l1(0.3, { proximal: true }) }),
      w.tanh(),
      w.dense(3, { init, maxNorm: 0.9 }),
    );
    const references: Record<string, Reference> = {
      "0.weight": power(1.5, 0.4),
      "2.weight": proximal(0.3, 0),
      "4.weight": elastic(0, 0.1),
    };
    const model = await make(own);
    const same = await w.load(model.save(), { runtime: await runtimeOf(variant) });
    expect(same.net).toEqual(own);
    const given = { ...options, penalty: w.l2(0.1), constraint: w.maxNorm(0.5) };
    const [trainer, other] = [await w.createTrainer(model, given), await w.createTrainer(same, given)];
    for (let step = 0; step < 3; step++) {
      const want = stepped(model, (name) => references[name]);
      const limits: Record<string, number> = { "0.weight": 1.2, "2.weight": 0.5, "4.weight": 0.9 };
      for (const [name, max] of Object.entries(limits)) {
        want.weights[name] = limitRowNorms(want.weights[name], model.stateDict()[name].shape[1], max);
      }
      expect(trainer.step(batch)).toBe(other.step(batch));
      expectWeights(model, want.weights);
      expect(trainer.penalty / want.penalty).toBeCloseTo(1, 5);
    }
    expect(bitsOf(same, other)).toEqual(bitsOf(model, trainer));
    model.dispose();
    same.dispose();
  });

  test("without a penalty for the model, those of layers stand in the history; l2(0) takes a layer out", async () => {
    const model = await make(w.sequential(w.input(5), w.dense(4, { penalty: w.l1(0.1) }), w.dense(3)));
    const at = penalty(model.stateDict()["0.weight"].data, 0.1, 0);
    const history = await model.fit(batch, { ...options, batchSize: "full", epochs: 2 });
    expect(Math.abs(history.penalty[0] - at)).toBeLessThan(1e-6);
    model.dispose();
    const spared = await make(w.sequential(w.input(5), w.dense(4, { penalty: w.l2(0) }), w.dense(3)));
    const want = stepped(spared, (name) => (name === "0.weight" ? none : elastic(0, 0.5)));
    (await w.createTrainer(spared, { ...options, penalty: w.l2(0.5) })).step(batch);
    expectWeights(spared, want.weights);
    spared.dispose();
  });

  test("accumulated batches have one penalty and one threshold per update", async () => {
    for (const given of [w.lq(1.5, 0.3), w.elasticNet(0.2, 0.3, { proximal: true })]) {
      const [whole, halves] = await Promise.all([make(), make()]);
      const fit = { ...options, penalty: given, constraint: w.maxNorm(1.5), shuffle: false, epochs: 3 };
      const first = await whole.fit(batch, { ...fit, batchSize: 12 });
      const second = await halves.fit(batch, { ...fit, batchSize: 6, accumulate: 2 });
      const want = Object.fromEntries(Object.entries(whole.stateDict()).map(([name, { data }]) => [name, data]));
      expectWeights(halves, want);
      expectNear(second.penalty, first.penalty, "history", 0, 1e-5);
      whole.dispose();
      halves.dispose();
    }
  });

  test("frozen weights keep their bytes and count for nothing", async () => {
    const model = await make(w.sequential(w.input(5), w.dense(4, { penalty: w.l1(3, { proximal: true }), maxNorm: 0.01 }), w.dense(3)));
    model.freeze("0.*");
    const before = model.stateDict();
    const history = await model.fit(batch, { ...options, penalty: w.lq(3, 0.1), epochs: 2, batchSize: "full" });
    expect(model.stateDict()["0.weight"]).toEqual(before["0.weight"]);
    expect(model.stateDict()["1.weight"]).not.toEqual(before["1.weight"]);
    expect(Math.abs(history.penalty[0] - powerPenalty(before["1.weight"].data, 0.1, 2))).toBeLessThan(1e-6);
    model.dispose();
  });

  test("the same bits on 1 and 2 threads", async () => {
    const wide = w.sequential(
      w.input(5),
      w.dense(200, { penalty: w.lq(2.5, 1e-2), maxNorm: 1 }),
      w.relu(),
      w.dense(70, { penalty: w.elasticNet(1e-2, 1e-3, { proximal: true }) }),
      w.relu(),
      w.dense(3),
    );
    const runs = [];
    for (const threads of [1, 2]) {
      const model = await w.build(wide, { runtime: await teamOf(variant, threads), seed: 3 });
      const trainer = await w.createTrainer(model, { ...options, optimizer: w.adam({ learningRate: 0.01 }), penalty: w.lq(4, 0.1) });
      const steps = Array.from({ length: 5 }, () => [trainer.step(batch), trainer.penalty]);
      runs.push({ steps, bits: bitsOf(model, trainer) });
      model.dispose();
    }
    expect(runs[1]).toEqual(runs[0]);
  });
});

test("refusals", async () => {
  expect(() => w.lq(0.5, 1)).toThrow("lq: q must be 1 or above, got 0.5. Below 1 the derivative at 0 is infinite.");
  expect(() => w.lq(Infinity, 1)).toThrow("lq: q must be a finite number, got Infinity");
  expect(() => w.lq(3, -1)).toThrow("lq: λ must be a finite number, 0 or above, got -1");
  expect(() => w.l1(1, { proximate: true } as object)).toThrow('l1: unknown option "proximate". Did you mean "proximal"?');
  expect(() => w.elasticNet(1, 1, { proximal: 1 as never })).toThrow("elasticNet: proximal must be true or false, got 1");
  expect(() => w.dense(3, { penalty: 0.1 as never })).toThrow("dense: penalty must be made by l2(1e-4) or the like, got 0.1");
  for (const bad of [{ l1: -1 }, { l2: Number.NaN }, { q: 0.5, lq: 1 }, { lq: "1" }, { proximal: false }]) {
    const forged = { kind: "l1", l1: 0, l2: 0, ...bad } as unknown as w.Penalty;
    expect(() => w.dense(3, { penalty: forged })).toThrow("dense: penalty must be made by l2(1e-4)");
  }
  expect(() => w.dense(3, { maxNorm: 0 })).toThrow("dense: maxNorm must be a finite number above 0, got 0");
  const full = { loss, optimizer: w.lbfgs(), batchSize: "full" as const };
  const refuse = async (layer: w.DenseOptions, own: object, message: string) => {
    const model = await w.build(w.sequential(w.input(5), w.dense(3, layer)));
    const before = bitsOf(model);
    await expect(model.fit(batch, { ...full, ...own })).rejects.toThrow(message);
    expect(bitsOf(model)).toEqual(before);
    model.dispose();
  };
  const why = "fit: lbfgs searches along the gradient, and the proximal penalty of 0.weight is no part of the gradient. Use l1(λ)";
  await refuse({}, { penalty: w.l1(1, { proximal: true }) }, why);
  await refuse({ penalty: w.l1(1, { proximal: true }) }, {}, why);
  await refuse({ maxNorm: 1 }, {}, "fit: lbfgs searches along the gradient, and maxNorm on 0.weight bounds it.");
});
