/** Layers beside the first ones: the same bits of weights and slots for any number of threads, with every op shared. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { bitsOf, expectTeam, teamOf, type Variant, variants } from "../runtime/teams.ts";

const STEPS = 40;

async function train(net: w.Net, loss: w.Loss, variant: Variant, threads: number) {
  const runtime = await teamOf(variant, threads);
  const model = await w.build(net, { seed: 7, runtime });
  const trainer = await w.createTrainer(model, { loss, optimizer: w.adam({ learningRate: 3e-3 }), batchSize: 21 });
  const next = testNumbers(5);
  const start = bitsOf(model);
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const rows = 21 - (step % 3);
    const x = Float32Array.from({ length: rows * 17 }, next);
    const y = { data: Float32Array.from({ length: rows * 3 }, (_, i) => Math.abs(x[i]) * 2), shape: [rows, 3] };
    losses.push(trainer.step({ x, y }));
  }
  expect(losses.every(Number.isFinite)).toBe(true);
  const bits = { ...bitsOf(model, trainer), losses };
  expectTeam(runtime, variant, threads);
  expect(trainer.sharedOps > 0).toBe(threads > 1);
  const predicted = model.predict(new Float32Array(17 * 5).fill(0.5)).data;
  trainer.dispose();
  model.dispose();
  return { start, bits, predicted };
}

async function compare(net: w.Net, variant: Variant, loss: w.Loss = w.mse()): Promise<void> {
  const alone = await train(net, loss, variant, 1);
  for (const [name, values] of Object.entries(alone.start)) expect(alone.bits[name as "losses"], name).not.toEqual(values);
  expect(await train(net, loss, variant, 3)).toEqual(alone);
}

const nets: Record<string, w.Layer[]> = {
  "prelu layerNorm maxout": [w.dense(65), w.prelu(), w.layerNorm(), w.maxout(33, { pieces: 3 }), w.dense(3)],
  "residual, stochastic depth": [
    w.dense(33),
    w.residual([w.batchNorm(), w.relu(), w.dense(33), w.residual([w.dense(33), w.tanh()], { dropRate: 0.5 })], { dropRate: 0.4 }),
    w.residual([w.dense(7)], { dropRate: 0.5 }),
    w.parallel([w.dense(5), [], [w.dense(9), w.relu()]]),
    w.dense(3),
  ],
  "noise and masks": [
    w.dense(65, { dropConnect: 0.3 }),
    w.gaussianNoise({ std: 0.2 }),
    w.selu(),
    w.alphaDropout(0.2),
    w.dense(33),
    w.dropout(0.4, { scale: "test" }),
    w.dense(3),
  ],
  "batchNorm of channels": [
    w.dense(105),
    w.reshape(3, 5, 7),
    w.batchNorm(),
    w.relu(),
    w.residual([w.batchNorm(), w.dense(7)]),
    w.flatten(),
    w.dense(3),
  ],
  "hardtanh relu6 reshape": [
    w.dense(66),
    w.hardtanh(),
    w.reshape(6, 11),
    w.layerNorm({ axes: 2 }),
    w.dense(7),
    w.relu6(),
    w.flatten(),
    w.dense(3),
  ],
};

describe.each(variants)("%s", (variant) => {
  test.each(Object.keys(nets))("%s", (name) => compare(w.sequential(w.input(17), ...nets[name]), variant));
});

const losses: Record<string, w.Loss> = {
  huber: w.huber(),
  logCosh: w.logCosh(),
  hinge: w.hinge(),
  klDivergence: w.klDivergence(),
  "lp 1.5": w.lp({ p: 1.5 }),
};

describe.each(variants)("losses, %s", (variant) => {
  test.each(Object.keys(losses))("%s", (name) => {
    return compare(w.sequential(w.input(17), w.dense(33), w.tanh(), w.dense(3)), variant, losses[name]);
  });
});
