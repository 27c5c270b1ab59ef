/** Optimizers, schedules and penalties. */
import * as w from "../../src/index.ts";
import { fitted, small, steps } from "./scenes.ts";
import type { Options, TableOf } from "./types.ts";

const stepped = "weights and losses of five steps";
const run = (optimizer: w.Optimizer): Promise<unknown> => steps(small(), { optimizer });

/** Rosenbrock's function. */
const valley: w.Objective<Float64Array> = (x, g) => {
  const d = x[1] - x[0] * x[0];
  g[0] = -400 * x[0] * d - 2 * (1 - x[0]);
  g[1] = 200 * d;
  return 100 * d * d + (1 - x[0]) ** 2;
};
const start = () => Float64Array.of(-1.2, 1);

const rated = "the learning rate of each epoch";
/** Rates of twelve epochs of two steps. */
const ratesOf = async (learningRate: w.Schedule): Promise<unknown> =>
  (await fitted({ optimizer: w.sgd({ learningRate }) })).history.learningRate;
const initial = [0.1, 0.2] as const;
const per = ["step", "epoch"] as const;
const learningRate = [undefined, 0.05] as const;
const weightDecay = [undefined, 0.5] as const;
const beta1 = [undefined, 0.5] as const;
const beta2 = [undefined, 0.5] as const;
const eps = [undefined, 0.1] as const;

export const optimizers = {
  sgd: {
    differs: stepped,
    see: (o) => run(w.sgd(o)),
    rows: {
      learningRate,
      momentum: [0, 0.5],
      dampening: { effect: [0, 0.5], with: { momentum: 0.5 } },
      nesterov: { effect: [false, true], with: { momentum: 0.5 } },
      form: { effect: ["velocity", "displacement"], with: { momentum: 0.5, learningRate: w.stepDecay({ initial: 0.1, every: 1 }) } },
      weightDecay,
    },
  },
  adagrad: {
    differs: stepped,
    see: (o) => run(w.adagrad(o)),
    rows: {
      learningRate,
      learningRateDecay: [0, 0.5],
      eps,
      epsInside: { effect: [false, true], with: { eps: 0.1 } },
      initialAccumulator: [0, 0.5],
      weightDecay,
    },
  },
  rmsprop: {
    differs: stepped,
    see: (o) => run(w.rmsprop(o)),
    rows: {
      learningRate,
      alpha: [undefined, 0.5],
      eps,
      epsInside: { effect: [false, true], with: { eps: 0.1 } },
      momentum: [0, 0.5],
      centered: [false, true],
      weightDecay,
    },
  },
  adadelta: { differs: stepped, see: (o) => run(w.adadelta(o)), rows: { learningRate, rho: [undefined, 0.5], eps, weightDecay } },
  adam: {
    differs: stepped,
    see: (o) => run(w.adam(o)),
    rows: {
      learningRate,
      beta1,
      beta2,
      eps,
      weightDecay,
      amsgrad: { effect: [false, true], with: { learningRate: 0.5, beta2: 0.2 } },
      biasCorrection: [true, false],
    },
  },
  adamw: {
    differs: stepped,
    see: (o) => run(w.adamw(o)),
    rows: { learningRate, beta1, beta2, eps, weightDecay, amsgrad: { effect: [false, true], with: { learningRate: 0.5, beta2: 0.2 } } },
  },
  adamax: { differs: stepped, see: (o) => run(w.adamax(o)), rows: { learningRate, beta1, beta2, eps, weightDecay } },
  nadam: {
    differs: stepped,
    see: (o) => run(w.nadam(o)),
    rows: { learningRate, beta1, beta2, eps, momentumDecay: [undefined, 0.5], weightDecay },
  },
  radam: {
    differs: "weights and losses of twelve steps",
    see: (o) => steps(small(), { optimizer: w.radam(o) }, undefined, 12),
    rows: { learningRate, beta1, beta2: [0.8, 0.9], eps: { effect: [1e-8, 0.1], with: { beta2: 0.8 } }, weightDecay },
  },
  lion: {
    differs: stepped,
    base: { learningRate: 0.1 },
    see: (o) => run(w.lion(o)),
    rows: { learningRate, beta1: [0.9, 0], beta2: [undefined, 0.1], weightDecay },
  },
  lbfgs: { differs: "x after ten steps", see: (o) => w.minimize(valley, start(), w.lbfgs(o), { steps: 10 }), rows: { history: [10, 1] } },
  newton: {
    differs: "x after ten steps",
    see: (o) => w.minimize(valley, start(), w.newton(o), { steps: 10 }),
    rows: { hessian: [undefined, (_x, h) => void h.set([1, 0, 0, 1])] },
  },
  l1: { differs: stepped, see: (o) => steps(small(), { penalty: w.l1(0.1, o) }), rows: { proximal: [false, true] } },
  elasticNet: { differs: stepped, see: (o) => steps(small(), { penalty: w.elasticNet(0.1, 0.1, o) }), rows: { proximal: [false, true] } },

  stepDecay: {
    differs: rated,
    base: { initial: 0.1, every: 3 },
    see: (o) => ratesOf(w.stepDecay(o)),
    rows: { initial, every: [2, 5], factor: [undefined, 0.5], per },
  },
  multiStepDecay: {
    differs: rated,
    base: { initial: 0.1, milestones: [2, 9] },
    see: (o) => ratesOf(w.multiStepDecay(o)),
    rows: { initial, milestones: [[2], [2, 5]], factor: [undefined, 0.5], per },
  },
  exponentialDecay: {
    differs: rated,
    base: { initial: 0.1 },
    see: (o) => ratesOf(w.exponentialDecay(o)),
    rows: { initial: { effect: initial, with: { k: 0.1 } }, k: [0.1, 0.2], factor: [0.9, 0.8], per: { effect: per, with: { k: 0.1 } } },
  },
  inverseTimeDecay: {
    differs: rated,
    base: { initial: 0.1, k: 1 },
    see: (o) => ratesOf(w.inverseTimeDecay(o)),
    rows: { initial, k: [1, 2], per },
  },
  polynomialDecay: {
    differs: rated,
    base: { initial: 0.1, steps: 8 },
    see: (o) => ratesOf(w.polynomialDecay(o)),
    rows: { initial, steps: [8, 10], power: [undefined, 2], final: [undefined, 0.01], per },
  },
  cosineDecay: {
    differs: rated,
    base: { initial: 0.1, steps: 8 },
    see: (o) => ratesOf(w.cosineDecay(o)),
    rows: { initial, steps: [8, 10], final: [undefined, 0.01], per },
  },
  cosineRestarts: {
    differs: rated,
    base: { initial: 0.1, period: 4 },
    see: (o) => ratesOf(w.cosineRestarts(o)),
    rows: { initial, period: [4, 5], multiply: [1, 2], final: [undefined, 0.01], per },
  },
  oneCycle: {
    differs: rated,
    base: { max: 0.1, steps: 24 },
    see: (o) => ratesOf(w.oneCycle(o)),
    rows: {
      max: [0.1, 0.2],
      steps: [24, 30],
      warmup: [0.3, 0.6],
      divide: [25, 5],
      finalDivide: [1e4, 2],
      shape: ["cosine", "linear"],
      per,
    },
  },
  linearDecay: {
    differs: rated,
    base: { initial: 0.1, start: 1, end: 0.1, steps: 8 },
    see: (o) => ratesOf(w.linearDecay(o)),
    rows: { initial, start: [1, 0.5], end: [0.1, 0.2], steps: [8, 10], per },
  },
} satisfies Partial<TableOf<Options["whetstone"]>>;
