/** The scalars of an update: written when the step or the rate changes them, and one set for parameters that shrink alike. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { bitsOf } from "../runtime/teams.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const ROWS = 6;
const x = Float32Array.from({ length: 3 * ROWS }, (_, i) => ((i * 37) % 19) / 19 - 0.5);
const y = Int32Array.from({ length: ROWS }, (_, i) => (i * 5) % 4);
const net = w.sequential(w.input(3), w.dense(5), w.tanh(), w.dense(4));
const loss = w.softmaxCrossEntropy();

describe.each(variants)("scalars of a step, %s", (variant) => {
  const trainerOf = async (options: Partial<w.TrainerOptions> & { optimizer: w.Optimizer }) => {
    const model = await w.build(net, { seed: 1, runtime: await runtimeOf(variant) });
    return { model, trainer: await w.createTrainer(model, { loss, batchSize: ROWS, ...options }) };
  };
  const updatesOf = async (options: Parameters<typeof trainerOf>[0]) => {
    const { trainer } = await trainerOf(options);
    return trainer.profile(1).ops.filter(({ span }) => span === "update").length;
  };

  test("a rate that stays, changes, comes back and is 0 moves the weights as it says", async () => {
    const rates = [0.1, 0.1, 0.4, 0.4, 0.1, 0, 0, 0.1];
    const { model, trainer } = await trainerOf({ optimizer: w.sgd({ learningRate: { at: (step) => rates[step]! } }) });
    for (const rate of rates) {
      const { parameters } = model.gradients({ x, y }, loss);
      const before = model.stateDict();
      trainer.step({ x, y });
      for (const [name, { data }] of Object.entries(model.stateDict())) {
        const want = before[name]!.data.map((value, i) => value - rate * parameters[name]!.data[i]!);
        data.forEach((value, i) => {
          expect(Math.abs(value - want[i]!), `${name} at rate ${rate}`).toBeLessThan(1e-7);
        });
        expect(data.some((value, i) => value !== before[name]!.data[i])).toBe(rate > 0);
      }
    }
  });

  test("after restore() the scalars are those of the checkpoint", async () => {
    const optimizer = w.sgd({ learningRate: { at: (step) => (step < 2 ? 0.5 : 0.1) }, momentum: 0.9 });
    const { model, trainer } = await trainerOf({ optimizer });
    const start = trainer.checkpoint();
    for (let i = 0; i < 4; i++) trainer.step({ x, y });
    const bits = bitsOf(model, trainer);
    trainer.restore(start);
    for (let i = 0; i < 4; i++) trainer.step({ x, y });
    expect(bitsOf(model, trainer)).toEqual(bits);
  });

  test("dampening, which leaves out the first step, is no steady rule", async () => {
    const first = await trainerOf({ optimizer: w.sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.9 }) });
    const second = await trainerOf({ optimizer: w.sgd({ learningRate: 0.1, momentum: 0.9 }) });
    first.trainer.step({ x, y });
    second.trainer.step({ x, y });
    expect(bitsOf(first.model, first.trainer)).toEqual(bitsOf(second.model, second.trainer));
    const slots = () => first.trainer.checkpoint().slots[0]!;
    const before = slots();
    const { parameters } = first.model.gradients({ x, y }, loss);
    first.trainer.step({ x, y });
    const after = slots();
    const gradient = parameters["0.weight"]!.data;
    gradient.forEach((g, i) => {
      expect(after[i]!).toBeCloseTo(0.9 * before[i]! + 0.1 * g, 6);
    });
  });

  test("one op updates all that shrinks alike; weights that shrink have one of their own", async () => {
    expect(await updatesOf({ optimizer: w.adam() })).toBe(1);
    expect(await updatesOf({ optimizer: w.sgd({ momentum: 0.9 }) })).toBe(1);
    expect(await updatesOf({ optimizer: w.adamw() })).toBe(2);
    expect(await updatesOf({ optimizer: w.sgd({ weightDecay: 0.1 }) })).toBe(2);
    expect(await updatesOf({ optimizer: w.adam(), decay: w.decoupledDecay(0.01) })).toBe(2);
    expect(await updatesOf({ optimizer: w.adam(), penalty: w.l2(0.01) })).toBe(2);
    expect(await updatesOf({ optimizer: w.adam(), groups: [{ match: "2.*", weightDecay: 0.1 }] })).toBeGreaterThan(2);
  });

  test("weights shrink and biases do not, in the group that decays alone", async () => {
    const groups = [{ match: "2.*", weightDecay: 0.5 }];
    const { model, trainer } = await trainerOf({ optimizer: w.adamw({ learningRate: 0.1, weightDecay: 0, eps: 1e30 }), groups });
    const before = model.stateDict();
    trainer.step({ x, y });
    const after = model.stateDict();
    expect(after["0.weight"]!.data).toEqual(before["0.weight"]!.data);
    for (const name of ["0.bias", "2.bias"]) expect(Math.max(...after[name]!.data.map(Math.abs)), name).toBeLessThan(1e-30); // from 0
    expect(after["2.weight"]!.data).toEqual(before["2.weight"]!.data.map((value) => Math.fround(value * Math.fround(1 - 0.1 * 0.5))));
  });
});
