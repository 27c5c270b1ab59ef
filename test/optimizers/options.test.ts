/**
 * What the factories return, what they refuse and in which words, and the learning rate of a step.
 */
import { describe, expect, it } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { OptionError } from "../../src/errors.ts";
import { adadelta } from "../../src/optimizers/adadelta.ts";
import { adagrad } from "../../src/optimizers/adagrad.ts";
import { adam } from "../../src/optimizers/adam.ts";
import { adamax } from "../../src/optimizers/adamax.ts";
import { adamw } from "../../src/optimizers/adamw.ts";
import { lion } from "../../src/optimizers/lion.ts";
import { nadam } from "../../src/optimizers/nadam.ts";
import type { LearningRate, Optimizer } from "../../src/optimizers/optimizer.ts";
import { rateAt } from "../../src/optimizers/optimizer.ts";
import { radam } from "../../src/optimizers/radam.ts";
import { rmsprop } from "../../src/optimizers/rmsprop.ts";
import { sgd } from "../../src/optimizers/sgd.ts";

// the public types refuse most of this when code is compiled; plain JavaScript does not
type Loose = (options?: unknown) => Optimizer;
const factories = { sgd, adagrad, rmsprop, adadelta, adam, adamw, adamax, nadam, radam, lion } as unknown as Record<string, Loose>;

/** Message of the OptionError that f throws. */
function refusal(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    return (error as Error).message;
  }
  return expect.fail("nothing was thrown");
}

const scalarsOf = (optimizer: Optimizer, step: number, rate: number, decayed: boolean) => {
  const scalars = new Map<number, number>();
  optimizer.writeScalars(step, rate, decayed, (offset, value) => scalars.set(offset, value));
  return scalars;
};

describe("defaults", () => {
  it.each([
    ["sgd", { learningRate: 0.01, momentum: 0, dampening: 0, nesterov: false, form: "velocity", weightDecay: 0 }],
    ["adagrad", { learningRate: 0.01, learningRateDecay: 0, eps: 1e-10, epsInside: false, initialAccumulator: 0, weightDecay: 0 }],
    ["rmsprop", { learningRate: 0.01, alpha: 0.99, eps: 1e-8, epsInside: false, momentum: 0, centered: false, weightDecay: 0 }],
    ["adadelta", { learningRate: 1, rho: 0.9, eps: 1e-6, weightDecay: 0 }],
    ["adam", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, amsgrad: false, biasCorrection: true }],
    ["adamw", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, amsgrad: false }],
    ["adamax", { learningRate: 0.002, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 }],
    ["nadam", { learningRate: 0.002, beta1: 0.9, beta2: 0.999, eps: 1e-8, momentumDecay: 0.004, weightDecay: 0 }],
    ["radam", { learningRate: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 }],
    ["lion", { learningRate: 0.0001, beta1: 0.9, beta2: 0.99, weightDecay: 0 }],
  ])("%s", (name, options) => {
    for (const optimizer of [factories[name](), factories[name]({}), factories[name](options)]) {
      expect(optimizer.kind).toBe(name);
      expect(optimizer.options).toEqual(options);
      expect(optimizer.learningRate).toBe(options.learningRate);
      expect(JSON.parse(JSON.stringify(optimizer.options))).toEqual(options);
    }
  });
});

describe("kernel and slots follow from the options", () => {
  it.each([
    [sgd(), "sgd", []],
    [sgd({ momentum: 0.9 }), "sgdMomentum", [0]],
    [sgd({ momentum: 0.9, nesterov: true }), "sgdMomentum", [0]],
    [sgd({ momentum: 0.9, form: "displacement" }), "sgdMomentum", [0]],
    [adagrad({ initialAccumulator: 0.5 }), "adagrad", [0.5]],
    [rmsprop(), "rmsprop", [0]],
    [rmsprop({ momentum: 0.5 }), "rmspropMomentum", [0, 0]],
    [rmsprop({ centered: true }), "rmspropCentered", [0, 0]],
    [rmsprop({ centered: true, momentum: 0.5 }), "rmspropCenteredMomentum", [0, 0, 0]],
    [adadelta(), "adadelta", [0, 0]],
    [adam(), "adam", [0, 0]],
    [adam({ amsgrad: true }), "adamAmsgrad", [0, 0, 0]],
    [adamw(), "adam", [0, 0]],
    [adamax({ eps: 1e-6 }), "adamax", [0, 1e-6]],
    [nadam(), "nadam", [0, 0]],
    [radam(), "adam", [0, 0]],
    [lion(), "lion", [0]],
    [adamw({ amsgrad: true }), "adamAmsgrad", [0, 0, 0]],
  ])("%#: $op", (optimizer, op, slots) => {
    expect(optimizer.op).toBe(op);
    expect(optimizer.slots).toEqual(slots);
  });
});

describe("scalars", () => {
  it("only weights are decayed", () => {
    for (const name of Object.keys(factories)) {
      const optimizer = factories[name]({ weightDecay: 0.5 });
      const weights = scalarsOf(optimizer, 3, 0.1, true);
      const others = scalarsOf(optimizer, 3, 0.1, false);
      expect([others.get(abi.UPDATE_KEEP), others.get(abi.UPDATE_DECAY)]).toEqual([1, 0]);
      expect([weights.get(abi.UPDATE_KEEP), weights.get(abi.UPDATE_DECAY)]).toEqual(
        name === "adamw" || name === "lion" ? [0.95, 0] : [1, 0.5],
      );
    }
  });

  it("rate and bias corrections: by hand at step 1, without effect after ten million", () => {
    const optimizer = adam({ beta1: 0.5, beta2: 0.75 });
    const second = scalarsOf(optimizer, 1, 0.3, true);
    expect(second.get(abi.UPDATE_RATE)).toBeCloseTo(0.3 / 0.75, 15);
    expect(second.get(abi.ADAM_V_SCALE)).toBeCloseTo(1 / Math.sqrt(1 - 0.5625), 15);
    const late = scalarsOf(adam(), 1e7, 0.3, true);
    expect([late.get(abi.UPDATE_RATE), late.get(abi.ADAM_V_SCALE)]).toEqual([0.3, 1]);
    expect(scalarsOf(adagrad({ learningRateDecay: 0.5 }), 2, 0.3, true).get(abi.UPDATE_RATE)).toBe(0.15);
  });

  it("nadam: the scalars of a step depend on nothing but its number, in whatever order steps are asked for", () => {
    const fresh = (step: number) => [...scalarsOf(nadam(), step, 0.3, true).values()];
    const one = nadam();
    for (const step of [0, 1, 2, 3, 50, 49, 7, 7, 2000, 100_000, 0, 3]) {
      expect([...scalarsOf(one, step, 0.3, true).values()]).toEqual(fresh(step));
    }
    // a momentum near 1 makes the product last longer than any other
    const slow = () => nadam({ beta1: 0.9999, momentumDecay: 10 });
    const walked = slow();
    for (let step = 0; step < 3000; step++) scalarsOf(walked, step, 1, true);
    expect(scalarsOf(walked, 3000, 1, true)).toEqual(scalarsOf(slow(), 3000, 1, true));
  });

  it("the same displacement and velocity while the rate stays, not when it changes", () => {
    const walk = (form: "velocity" | "displacement", nesterov: boolean, rates: number[]) => {
      const rule = sgd({ momentum: 0.5, nesterov, form });
      const x = Float64Array.of(1);
      const slot = [Float64Array.of(0)];
      for (const [step, rate] of rates.entries()) rule.update64(x, Float64Array.of(1), slot, step, rate);
      return x[0];
    };
    for (const nesterov of [false, true]) {
      expect(walk("displacement", nesterov, [0.5, 0.5, 0.5])).toBe(walk("velocity", nesterov, [0.5, 0.5, 0.5]));
    }
    // v = -1, then v = -0.5 - 0.25: the step of the first rate goes on
    expect(walk("displacement", false, [1, 0.25])).toBe(1 - 1 - 0.75);
    expect(walk("velocity", false, [1, 0.25])).toBe(1 - 1 - 0.25 * 1.5);
    // with nesterov the steps are ½v - rate: -1.5, then -0.375 - 0.25
    expect(walk("displacement", true, [1, 0.25])).toBe(1 - 1.5 - 0.625);
  });

  it("the first gradient joins the velocity whole", () => {
    const optimizer = sgd({ momentum: 0.9, dampening: 0.25 });
    expect([0, 1, 2].map((step) => scalarsOf(optimizer, step, 1, true).get(abi.SGD_GAIN))).toEqual([1, 0.75, 0.75]);
  });
});

describe("refused", () => {
  it.each(Object.keys(factories))("%s: unknown options, by name", (name) => {
    const factory = factories[name];
    expect(refusal(() => factory({ learningrate: 0.1 }))).toBe(`${name}: unknown option "learningrate". Did you mean "learningRate"?`);
    expect(refusal(() => factory({ lr: 0.1 }))).toMatch(`${name}: unknown option "lr". `);
    expect(refusal(() => factory(0.1))).toBe(`${name}: options must be an object, got 0.1`);
    expect(refusal(() => factory(null))).toBe(`${name}: options must be an object, got null`);
  });

  it.each(Object.keys(factories))("%s: learning rates that are none", (name) => {
    const factory = factories[name];
    for (const bad of [Number.NaN, -0.1, Infinity]) {
      expect(refusal(() => factory({ learningRate: bad }))).toBe(`${name}: learningRate must be a finite number, 0 or above, got ${bad}`);
    }
    const rule = `${name}: learningRate must be a finite number, 0 or above, or a schedule with at(step), got`;
    expect(refusal(() => factory({ learningRate: "0.1" }))).toBe(`${rule} "0.1"`);
    expect(refusal(() => factory({ learningRate: null }))).toBe(`${rule} null`);
    expect(refusal(() => factory({ learningRate: { rate: 1 } }))).toBe(`${rule} { rate }`);
    expect(factory({ learningRate: 0 }).learningRate).toBe(0);
  });

  const factors: [string, string][] = [
    ["sgd", "momentum"],
    ["rmsprop", "alpha"],
    ["rmsprop", "momentum"],
    ["adadelta", "rho"],
    ["adam", "beta1"],
    ["adam", "beta2"],
    ["adamw", "beta1"],
    ["adamw", "beta2"],
    ["adamax", "beta1"],
    ["adamax", "beta2"],
    ["nadam", "beta1"],
    ["nadam", "beta2"],
    ["radam", "beta1"],
    ["radam", "beta2"],
    ["lion", "beta1"],
    ["lion", "beta2"],
  ];
  it.each(factors)("%s: %s outside [0, 1)", (name, option) => {
    for (const bad of [1, 1.5, -0.1, Number.NaN]) {
      expect(refusal(() => factories[name]({ [option]: bad }))).toBe(`${name}: ${option} must be in [0, 1), got ${bad}`);
    }
    expect(factories[name]({ [option]: 0 }).options[option]).toBe(0);
  });

  it.each(["adagrad", "rmsprop", "adadelta", "adam", "adamw", "adamax", "nadam", "radam"])(
    "%s: eps that is not positive, in float32 too",
    (name) => {
      const factory = factories[name];
      for (const bad of [0, -1e-8, Number.NaN, Infinity]) {
        expect(refusal(() => factory({ eps: bad }))).toBe(`${name}: eps must be a finite number above 0, got ${bad}`);
      }
      for (const bad of [1e-46, 1e39]) {
        expect(refusal(() => factory({ eps: bad }))).toBe(`${name}: eps must be a finite number above 0 in float32 too, got ${bad}`);
      }
    },
  );

  it("negative decays and accumulators, switches that are not boolean", () => {
    for (const name of Object.keys(factories)) {
      expect(refusal(() => factories[name]({ weightDecay: -1 }))).toBe(`${name}: weightDecay must be a finite number, 0 or above, got -1`);
    }
    expect(refusal(() => adagrad({ learningRateDecay: -1 }))).toBe(
      "adagrad: learningRateDecay must be a finite number, 0 or above, got -1",
    );
    expect(refusal(() => adagrad({ initialAccumulator: -1 }))).toBe(
      "adagrad: initialAccumulator must be a finite number, 0 or above, got -1",
    );
    for (const [name, option] of [
      ["sgd", "nesterov"],
      ["rmsprop", "centered"],
      ["rmsprop", "epsInside"],
      ["adagrad", "epsInside"],
      ["adam", "biasCorrection"],
      ["adam", "amsgrad"],
      ["adamw", "amsgrad"],
    ]) {
      expect(refusal(() => factories[name]({ [option]: 1 }))).toBe(`${name}: ${option} must be true or false, got 1`);
    }
  });

  it("sgd: dampening outside [0, 1], Nesterov without momentum or with dampening", () => {
    expect(refusal(() => sgd({ momentum: 0.9, dampening: 1.1 }))).toBe("sgd: dampening must be in [0, 1], got 1.1");
    expect(refusal(() => sgd({ nesterov: true }))).toBe(
      "sgd: momentum must be above 0 with nesterov, got 0. Nesterov's form looks ahead along the velocity.",
    );
    expect(refusal(() => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }))).toBe("sgd: dampening must be 0 with nesterov, got 0.1");
  });

  it("sgd: a form that is none, displacements without momentum; nadam: a negative momentumDecay", () => {
    expect(refusal(() => factories.sgd({ momentum: 0.9, form: "displacment" }))).toBe(
      'sgd: form must be one of "velocity", "displacement", got "displacment". Did you mean "displacement"?',
    );
    expect(refusal(() => sgd({ form: "displacement" }))).toBe(
      'sgd: momentum must be above 0 with form "displacement", got 0. Without momentum both forms are the same.',
    );
    expect(refusal(() => nadam({ momentumDecay: -1 }))).toBe("nadam: momentumDecay must be a finite number, 0 or above, got -1");
  });
});

describe("rateAt", () => {
  it("takes numbers and schedules, which count steps from 0", () => {
    expect(rateAt(0.25, 7)).toBe(0.25);
    expect(rateAt(0, 7)).toBe(0);
    expect([0, 1, 2].map((step) => rateAt({ at: (t) => 8 / 2 ** t }, step))).toEqual([8, 4, 2]);
  });

  it("refuses what a schedule must not give, with the step", () => {
    for (const bad of [Number.NaN, -1, Infinity, undefined]) {
      const schedule = { at: () => bad } as unknown as LearningRate;
      expect(refusal(() => rateAt(schedule, 5))).toBe(
        `learningRate: the schedule's rate at step 5 must be a finite number, 0 or above, got ${bad}`,
      );
    }
  });

  it("a schedule shows in options as a word", () => {
    expect(adam({ learningRate: { at: () => 0.1 } }).options.learningRate).toBe("schedule");
  });
});
