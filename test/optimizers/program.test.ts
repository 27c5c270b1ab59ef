/**
 * Every optimizer through a step program: its record carries the parameters, the gradients and each slot to the kernel. The
 * kernels themselves are held to more by kernels.test.ts and golden.test.ts.
 */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { rateAt } from "../../src/optimizers/optimizer.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "../model/runtimes.ts";
import { type Memory, type Options, updated } from "../reference/optimizers.ts";
import { fractions, rules } from "./rules.ts";

const STEPS = 12;
const ROWS = 9;

describe.each(variants)("the updates of a trainer, %s", (variant) => {
  test.each(Object.keys(rules))("%s: each step within 2e-5 of the rule on the gradients of the batch", async (name) => {
    const optimizer = rules[name]!(fractions(3));
    const loss = w.mse();
    const net = w.sequential(w.input(5), w.dense(7), w.tanh(), w.dense(3));
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 4 });
    const trainer = await w.createTrainer(model, { loss, optimizer, batchSize: ROWS });
    const next = testNumbers(8);
    const memories = new Map<string, Memory>();
    for (let step = 0; step < STEPS; step++) {
      const numbers = (count: number) => Float32Array.from({ length: count }, () => 3 * next());
      const batch = { x: numbers(ROWS * 5), y: numbers(ROWS * 3) };
      const before = model.stateDict();
      const { parameters: gradients } = model.gradients(batch, loss);
      trainer.step(batch);
      const rate = rateAt(optimizer.learningRate, step);
      for (const [key, { data }] of Object.entries(model.stateDict())) {
        data.forEach((value, i) => {
          const memory = memories.get(`${key} ${i}`) ?? {};
          memories.set(`${key} ${i}`, memory);
          const decayed = before[key]!.shape.length > 1;
          const w0 = before[key]!.data[i]!;
          const want = updated(optimizer.kind, optimizer.options as Options, w0, gradients[key]!.data[i]!, memory, step + 1, rate, {
            decayed,
          });
          const off = Math.abs(value - want);
          if (!(off <= 2e-5 + 2e-5 * Math.abs(want))) expect.fail(`step ${step}, ${key}[${i}]: ${value}, not ${want}, from ${w0}`);
        });
      }
    }
    trainer.dispose();
    model.dispose();
  });
});
