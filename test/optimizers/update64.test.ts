/**
 * The float64 form against the reference over many steps, with hyper-parameters that the golden paths do not have.
 */
import { expect, it } from "vitest";
import { rateAt } from "../../src/optimizers/optimizer.ts";
import { type Memory, type Options, updated } from "../reference/optimizers.ts";
import { changingGradients, fractions, numbers, rules } from "./rules.ts";

const STEPS = 200;

it.each(Object.keys(rules))(`%s: ${STEPS} steps within 1e-12 + 1e-12 |want|`, (name) => {
  for (let seed = 1; seed <= 5; seed++) {
    const optimizer = rules[name](fractions(seed));
    const x0 = numbers(seed, 7);
    const x = Float64Array.from(x0);
    const slots = optimizer.slots.map((initial) => new Float64Array(x.length).fill(initial));
    const want = [...x0];
    const memories: Memory[] = x0.map(() => ({}));
    for (const [step, gradient] of changingGradients(seed, STEPS, x.length).entries()) {
      const rate = rateAt(optimizer.learningRate, step);
      optimizer.update64(x, Float64Array.from(gradient), slots, step, rate);
      for (let i = 0; i < x.length; i++) {
        want[i] = updated(optimizer.kind, optimizer.options as Options, want[i], gradient[i], memories[i], step + 1, rate);
        const off = Math.abs(x[i] - want[i]);
        if (!(off <= 1e-12 + 1e-12 * Math.abs(want[i]))) expect.fail(`seed ${seed}, step ${step}, ${i}: ${x[i]}, not ${want[i]}`);
      }
    }
  }
});
