/**
 * The update kernels against the float64 reference over many steps, and what all of them must keep to: shares, pads,
 * clips, decays, NaN, denormals.
 */
import { describe, expect, it } from "vitest";
import { rateAt } from "../../src/optimizers/optimizer.ts";
import { sgd } from "../../src/optimizers/sgd.ts";
import { Kernels, variants } from "../kernels/harness.ts";
import { type Around, type Memory, type Options, updated } from "../reference/optimizers.ts";
import { KernelUpdate } from "./driver.ts";
import { changingGradients, fractions, numbers, rules } from "./rules.ts";

const STEPS = 60;
const SMALLEST_NORMAL = 2 ** -126;
const names = Object.keys(rules);

/** What surrounds step t: every kind of clip and decay, on and off. */
function aroundStep(t: number): Around {
  return { scale: 1 - 0.1 * (t % 7), limit: t % 3 === 0 ? Infinity : 0.4, keep: t % 5 === 0 ? 0.97 : undefined, decayed: t % 4 !== 1 };
}

const denormals = (values: Float32Array) => values.filter((value) => value !== 0 && Math.abs(value) < SMALLEST_NORMAL);

/** Parameters, and slots as the rule has them, after `steps` steps of the kernel. */
function trained(run: KernelUpdate, steps: number, around: Around, ranks = 1): KernelUpdate {
  for (const [step, gradient] of changingGradients(5, steps, run.x0.length).entries()) run.step(step, gradient, around, ranks);
  return run;
}

describe.each(variants)("%s", (variant) => {
  describe.each(names)("%s", (name) => {
    it(`follows the reference for ${STEPS} steps within 1e-5 + 1e-5 |want|, at every shape class`, () => {
      const kernels = new Kernels(variant);
      for (const [seed, count] of [0, 1, 3, 4, 5, 15, 16, 17, 48, 100].entries()) {
        kernels.reset();
        const optimizer = rules[name](fractions(seed + 1));
        const x0 = numbers(seed + 100, count);
        const run = new KernelUpdate(kernels, optimizer, x0);
        const want = [...x0];
        const memories: Memory[] = x0.map(() => ({}));
        for (const [step, gradient] of changingGradients(seed + 200, STEPS, count).entries()) {
          const around = aroundStep(step);
          run.step(step, gradient, around);
          const rate = rateAt(optimizer.learningRate, step);
          for (let i = 0; i < count; i++) {
            want[i] = updated(optimizer.kind, optimizer.options as Options, want[i], gradient[i], memories[i], step + 1, rate, around);
            const off = Math.abs(run.w[i] - want[i]);
            if (!(off <= 1e-5 + 1e-5 * Math.abs(want[i]))) expect.fail(`count ${count}, step ${step}, ${i}: ${run.w[i]}, not ${want[i]}`);
          }
        }
        // the pads held zeros, or the slot's initial value, and must hold them still
        expect(run.w.subarray(count).every((value) => value === 0)).toBe(true);
        for (const [k, slot] of run.slots.entries()) {
          expect(slot.subarray(count).every((value) => value === Math.fround(optimizer.slots[k]))).toBe(true);
        }
      }
    });

    it("gives the same bits in 1 to 4 shares", () => {
      const bitsOf = (count: number, ranks: number) => {
        const run = new KernelUpdate(new Kernels(variant), rules[name](fractions(9)), numbers(3, count));
        return trained(run, 12, { scale: 0.7, limit: 0.5 }, ranks).bits();
      };
      for (const count of [1, 16, 17, 100]) {
        const want = bitsOf(count, 1);
        for (const ranks of [2, 3, 4]) expect(bitsOf(count, ranks)).toEqual(want);
      }
    });

    it("writes nothing outside its share", () => {
      const kernels = new Kernels(variant);
      const run = new KernelUpdate(kernels, rules[name](fractions(4)), numbers(6, 48));
      const whole = new KernelUpdate(kernels, run.optimizer, run.x0);
      const parts = () => [run.w, ...run.slots].map((part) => Array.from(part));
      const before = parts();
      const [gradient] = changingGradients(8, 1, 48);
      run.step(0, gradient, {}, 1, [[80, 128]]);
      whole.step(0, gradient);
      for (const [k, part] of parts().entries()) {
        const want = Array.from([whole.w, ...whole.slots][k]);
        expect(part).toEqual([...before[k].slice(0, 20), ...want.slice(20, 32), ...before[k].slice(32)]);
      }
      expect(Array.from(run.w).slice(20, 32)).not.toEqual(before[0].slice(20, 32));
    });

    it("clips and decays in stretches as it does line by line, and leaves the gradient as it was", () => {
      const count = 2500; // two stretches of 4096 bytes and a part of one
      const [whole, lines] = [1, Math.ceil(count / 16)].map((ranks) => {
        const run = new KernelUpdate(new Kernels(variant), rules[name](fractions(14)), numbers(15, count));
        return trained(run, 3, { scale: 0.7, limit: 0.2 }, ranks);
      });
      expect(whole.bits()).toEqual(lines.bits());
      expect(Array.from(whole.g.subarray(0, count))).toEqual(Array.from(changingGradients(5, 3, count)[2]));
    });

    it("is moved by clip scale, limit, keep and decay, each by itself", () => {
      const kernels = new Kernels(variant);
      const optimizer = rules[name](fractions(12));
      const end = (around: Around) => {
        const run = new KernelUpdate(kernels, optimizer, numbers(21, 16));
        // a rule that divides by the size of all gradients hides a constant scale: it acts in every other step
        for (const [step, gradient] of changingGradients(22, 10, 16).entries()) run.step(step, gradient, step % 2 === 0 ? {} : around);
        return Array.from(run.w);
      };
      const plain = end({});
      const most = (other: number[]) => Math.max(...other.map((value, i) => Math.abs(value - plain[i])));
      expect(most(end({}))).toBe(0);
      for (const around of [{ scale: 0.1 }, { limit: 0.05 }, { keep: 0.9 }, { decayed: false }])
        expect(most(end(around))).toBeGreaterThan(1e-4);
    });

    it("does not clip NaN away", () => {
      const run = new KernelUpdate(new Kernels(variant), rules[name](fractions(2)), numbers(1, 8));
      run.step(0, [0.5, Number.NaN, 0.25, 0, 0, 0, 0, Number.NaN], { limit: 1, scale: 0.5 });
      expect(Array.from(run.w, Number.isNaN).slice(0, 8)).toEqual([false, true, false, false, false, false, false, true]);
    });

    it("moves nothing at learning rate 0", () => {
      const still = { ...rules[name](fractions(3)), learningRate: 0 };
      const run = trained(new KernelUpdate(new Kernels(variant), still, numbers(7, 20)), 5, {});
      expect(Array.from(run.w.subarray(0, 20))).toEqual(numbers(7, 20));
    });

    it("leaves no denormal in a slot: 20,000 steps without gradient, and tiny gradients", () => {
      const run = new KernelUpdate(new Kernels(variant), rules[name](fractions(7)), numbers(11, 16));
      const rest = new Float32Array(16);
      for (const [step, gradient] of changingGradients(13, 5, 16).entries()) run.step(step, gradient, { decayed: false });
      for (let step = 5; step < 20_000; step++) {
        run.step(step, rest, { decayed: false });
        for (const slot of run.slots) if (denormals(slot).length > 0) expect.fail(`step ${step}: ${denormals(slot)}`);
      }
      const small = new KernelUpdate(new Kernels(variant), { ...run.optimizer, slots: run.optimizer.slots.map(() => 0) }, numbers(11, 16));
      for (let step = 0; step < 50; step++) {
        small.step(step, rest.fill(10 ** (-19 - step / 2)), { decayed: false });
        for (const slot of small.slots) if (denormals(slot).length > 0) expect.fail(`step ${step}: ${denormals(slot)}`);
      }
    });
  });

  it("sgd by hand: keep 0.5, scale 0.5, limit 1, decay 0.25, rate 0.5", () => {
    const run = new KernelUpdate(new Kernels(variant), sgd({ learningRate: 0.5, weightDecay: 0.25 }), [2, 2, -2, 0]);
    run.step(0, [8, 1, -8, 1.5], { keep: 0.5, scale: 0.5, limit: 1 });
    // 1 - ½ (1 + ½),  1 - ½ (½ + ½),  -1 - ½ (-1 - ½),  -½ ¾
    expect(Array.from(run.w.subarray(0, 4))).toEqual([0.25, 0.5, -0.25, -0.375]);
  });

  it("rmsprop, centered: the root of the variance within 1e-6 |g| where gradients never change", () => {
    const optimizer = rules["rmsprop, centered"](fractions(1));
    const run = new KernelUpdate(new Kernels(variant), optimizer, [0, 0, 0, 0]);
    const gradient = Float32Array.of(0.1, -3, 1e-3, 700);
    const alpha = optimizer.options.alpha as number;
    for (let step = 0; step < 300; step++) {
      run.step(step, gradient, { decayed: false });
      const power = alpha ** (step + 1);
      for (const [i, g] of gradient.entries()) {
        // the means start at 0; in float32 the root of mean square minus m² would be noise of 2e-4 |g|, or NaN
        const off = Math.sqrt(run.slots[1][i]) - Math.sqrt(power * (1 - power)) * Math.abs(g);
        expect(Math.abs(off)).toBeLessThan(1e-6 * Math.abs(g));
      }
    }
    expect(run.w.every(Number.isFinite)).toBe(true);
  });
});
