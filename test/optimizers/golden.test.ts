/**
 * PyTorch's paths, every step: the kernels of both binaries, and the float64 form.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { adadelta } from "../../src/optimizers/adadelta.ts";
import { adagrad } from "../../src/optimizers/adagrad.ts";
import { adam } from "../../src/optimizers/adam.ts";
import { adamax } from "../../src/optimizers/adamax.ts";
import { adamw } from "../../src/optimizers/adamw.ts";
import { nadam } from "../../src/optimizers/nadam.ts";
import type { Optimizer } from "../../src/optimizers/optimizer.ts";
import { rateAt } from "../../src/optimizers/optimizer.ts";
import { radam } from "../../src/optimizers/radam.ts";
import { rmsprop } from "../../src/optimizers/rmsprop.ts";
import { sgd } from "../../src/optimizers/sgd.ts";
import { Kernels, variants } from "../kernels/harness.ts";
import { KernelUpdate } from "./driver.ts";

interface Tensor {
  shape: number[];
  data: number[];
}
interface Case {
  name: string;
  optimizer: string;
  options: Record<string, number | boolean | [number, number]>;
  x0: Tensor;
  grads: Tensor;
  params: Tensor;
}

const factories: Record<string, (options: object) => Optimizer> = { sgd, adagrad, rmsprop, adadelta, adam, adamw, adamax, nadam, radam };
const ours: Record<string, string> = {
  lr: "learningRate",
  lr_decay: "learningRateDecay",
  weight_decay: "weightDecay",
  initial_accumulator_value: "initialAccumulator",
  momentum_decay: "momentumDecay",
};

function optimizerOf({ optimizer, options }: Case): Optimizer {
  const entries = Object.entries(options).flatMap(([name, value]) =>
    Array.isArray(value) ? [["beta1", value[0]] as const, ["beta2", value[1]] as const] : [[ours[name] ?? name, value] as const],
  );
  return factories[optimizer](Object.fromEntries(entries));
}

const file = JSON.parse(readFileSync(new URL("../vectors/optimizers.json", import.meta.url), "utf8")) as { cases: Case[] };
const cases = file.cases.filter(({ optimizer }) => optimizer in factories);

it("there are golden paths of all but lion", () => {
  expect([...new Set(cases.map(({ optimizer }) => optimizer))].sort()).toEqual(Object.keys(factories).sort());
  expect(cases.length).toBe(file.cases.length);
});

function rows({ shape, data }: Tensor): number[][] {
  return Array.from({ length: shape[0] }, (_, t) => data.slice(t * shape[1], (t + 1) * shape[1]));
}

function expectNear(got: ArrayLike<number>, want: number[], absolute: number, relative: number, step: number): void {
  for (const [i, value] of want.entries()) {
    const off = Math.abs(got[i] - value);
    if (!(off <= absolute + relative * Math.abs(value))) expect.fail(`step ${step}, parameter ${i}: ${got[i]}, not ${value}`);
  }
}

for (const variant of variants) {
  describe(`kernels, ${variant}: every step within 1e-5 + 1e-5 |want|`, () => {
    it.each(cases)("$name", (golden) => {
      const run = new KernelUpdate(new Kernels(variant), optimizerOf(golden), golden.x0.data);
      const wanted = rows(golden.params);
      for (const [step, gradient] of rows(golden.grads).entries()) {
        run.step(step, gradient);
        expectNear(run.w, wanted[step], 1e-5, 1e-5, step);
      }
    });
  });
}

// the vectors are rounded to 9 digits, half a unit of which is up to 5e-9 of a number
describe("update64: every step within 1e-8 |want|", () => {
  it.each(cases)("$name", (golden) => {
    const optimizer = optimizerOf(golden);
    const x = Float64Array.from(golden.x0.data);
    const slots = optimizer.slots.map((initial) => new Float64Array(x.length).fill(initial));
    const wanted = rows(golden.params);
    for (const [step, gradient] of rows(golden.grads).entries()) {
      optimizer.update64(x, Float64Array.from(gradient), slots, step, rateAt(optimizer.learningRate, step));
      expectNear(x, wanted[step], 1e-15, 1e-8, step);
    }
  });
});
