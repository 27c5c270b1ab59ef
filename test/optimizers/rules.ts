/**
 * One entry per kernel of assembly/optimizers: an optimizer of hyper-parameters drawn by `next`, numbers in [0, 1).
 */
import { adadelta } from "../../src/optimizers/adadelta.ts";
import { adagrad } from "../../src/optimizers/adagrad.ts";
import { adam } from "../../src/optimizers/adam.ts";
import { adamax } from "../../src/optimizers/adamax.ts";
import { adamw } from "../../src/optimizers/adamw.ts";
import { lion } from "../../src/optimizers/lion.ts";
import { nadam } from "../../src/optimizers/nadam.ts";
import type { LearningRate, Optimizer } from "../../src/optimizers/optimizer.ts";
import { radam } from "../../src/optimizers/radam.ts";
import { rmsprop } from "../../src/optimizers/rmsprop.ts";
import { sgd } from "../../src/optimizers/sgd.ts";
import { testNumbers } from "../kernels/harness.ts";

type Draw = (next: () => number) => Optimizer;

const between = (next: () => number, low: number, high: number) => low + (high - low) * next();

/** A rate that changes at every step, so that no rule can fold an old one into its state. */
function changingRate(next: () => number, largest: number): LearningRate {
  const base = between(next, 0.2, 0.7) * largest;
  return { at: (step) => base * (1 + 0.4 * Math.cos(step)) };
}

const rmspropOptions = (next: () => number) => ({
  learningRate: changingRate(next, 0.01),
  alpha: between(next, 0.8, 0.99),
  eps: 10 ** between(next, -8, -2),
  weightDecay: between(next, 0, 0.2),
});
const rmspropMomentum = (next: () => number) => between(next, 0.3, 0.9);
const adamOptions = (next: () => number) => ({
  learningRate: changingRate(next, 0.03),
  beta1: between(next, 0, 0.97),
  beta2: between(next, 0.5, 0.9995),
  eps: 10 ** between(next, -8, -2),
  weightDecay: between(next, 0, 0.2),
});
const sgdOptions = (next: () => number) => ({ learningRate: changingRate(next, 0.05), weightDecay: between(next, 0, 0.2) });

const displacement = (next: () => number) => ({ momentum: between(next, 0.3, 0.95), form: "displacement" as const });

export const rules: Record<string, Draw> = {
  sgd: (next) => sgd(sgdOptions(next)),
  "sgd with momentum": (next) => sgd({ ...sgdOptions(next), momentum: between(next, 0.3, 0.95) }),
  "sgd with dampening": (next) => sgd({ ...sgdOptions(next), momentum: between(next, 0.3, 0.95), dampening: between(next, 0.1, 1) }),
  "sgd, nesterov": (next) => sgd({ ...sgdOptions(next), momentum: between(next, 0.3, 0.95), nesterov: true }),
  "sgd, displacement": (next) => sgd({ ...sgdOptions(next), ...displacement(next), dampening: between(next, 0, 1) }),
  "sgd, displacement, nesterov": (next) => sgd({ ...sgdOptions(next), ...displacement(next), nesterov: true }),
  "adagrad, eps inside": (next) =>
    adagrad({
      learningRate: changingRate(next, 0.2),
      eps: 10 ** between(next, -6, -1),
      epsInside: true,
      weightDecay: between(next, 0, 0.2),
    }),
  adagrad: (next) =>
    adagrad({
      learningRate: changingRate(next, 0.2),
      learningRateDecay: between(next, 0, 0.1),
      eps: 10 ** between(next, -10, -1),
      initialAccumulator: between(next, 0, 0.3),
      weightDecay: between(next, 0, 0.2),
    }),
  rmsprop: (next) => rmsprop(rmspropOptions(next)),
  "rmsprop with momentum": (next) => rmsprop({ ...rmspropOptions(next), momentum: rmspropMomentum(next) }),
  "rmsprop, centered": (next) => rmsprop({ ...rmspropOptions(next), centered: true }),
  "rmsprop, centered, with momentum": (next) => rmsprop({ ...rmspropOptions(next), centered: true, momentum: rmspropMomentum(next) }),
  "rmsprop, eps inside": (next) => rmsprop({ ...rmspropOptions(next), epsInside: true }),
  "rmsprop with momentum, eps inside": (next) => rmsprop({ ...rmspropOptions(next), epsInside: true, momentum: rmspropMomentum(next) }),
  "rmsprop, centered, eps inside": (next) => rmsprop({ ...rmspropOptions(next), epsInside: true, centered: true }),
  "rmsprop, centered, with momentum, eps inside": (next) =>
    rmsprop({ ...rmspropOptions(next), epsInside: true, centered: true, momentum: rmspropMomentum(next) }),
  adadelta: (next) =>
    adadelta({
      learningRate: changingRate(next, 1.5),
      rho: between(next, 0.7, 0.97),
      eps: 10 ** between(next, -7, -3),
      weightDecay: between(next, 0, 0.2),
    }),
  adam: (next) => adam(adamOptions(next)),
  "adam, amsgrad": (next) => adam({ ...adamOptions(next), amsgrad: true }),
  adamw: (next) => adamw(adamOptions(next)),
  "adamw, amsgrad": (next) => adamw({ ...adamOptions(next), amsgrad: true }),
  "adam, no bias correction": (next) => adam({ ...adamOptions(next), biasCorrection: false }),
  "adam, amsgrad, no bias correction": (next) => adam({ ...adamOptions(next), amsgrad: true, biasCorrection: false }),
  adamax: (next) => adamax(adamOptions(next)),
  nadam: (next) => nadam({ ...adamOptions(next), momentumDecay: between(next, 0, 0.1) }),
  radam: (next) => radam({ ...adamOptions(next), beta2: between(next, 0.8, 0.98) }),
  "radam, never rectified": (next) => radam({ ...adamOptions(next), beta2: between(next, 0.1, 0.6) }),
  lion: (next) =>
    lion({
      learningRate: changingRate(next, 0.02),
      beta1: between(next, 0.3, 0.95),
      beta2: between(next, 0.5, 0.99),
      weightDecay: between(next, 0, 2),
    }),
};

/** A seeded stream of numbers in [0, 1). */
export function fractions(seed: number): () => number {
  const next = testNumbers(seed);
  return () => (next() + 1) / 2;
}

/** Gradients whose size changes by powers of two from step to step, with some exact zeros. */
export function changingGradients(seed: number, steps: number, count: number): Float32Array[] {
  const next = testNumbers(seed);
  return Array.from({ length: steps }, () => {
    const size = 2 ** Math.floor(4 * next());
    return Float32Array.from({ length: count }, () => (next() > 0.8 ? 0 : size * next()));
  });
}

export function numbers(seed: number, count: number): number[] {
  const next = testNumbers(seed);
  return Array.from({ length: count }, next);
}
