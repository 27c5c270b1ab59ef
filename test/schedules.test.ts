/** Schedules: PyTorch's rates, what the formulas say at their ends, epochs, warm-up, and refusals. */
import { describe, expect, test } from "vitest";
import * as w from "../src/index.ts";
import { rateAt } from "../src/optimizers/optimizer.ts";
import { runtimeOf, variants } from "./model/runtimes.ts";
import { readVectors } from "./vectors/read.ts";

interface Golden {
  readonly name: string;
  readonly schedule: string;
  readonly base_lr: number;
  readonly options: Readonly<Record<string, number & number[] & string>>;
  readonly lrs: readonly number[];
}

type Make = (initial: number, o: Golden["options"]) => w.Schedule;
const makers: Record<string, Make> = {
  StepLR: (initial, o) => w.stepDecay({ initial, every: o.step_size, factor: o.gamma }),
  MultiStepLR: (initial, o) => w.multiStepDecay({ initial, milestones: o.milestones, factor: o.gamma }),
  ExponentialLR: (initial, o) => w.exponentialDecay({ initial, factor: o.gamma }),
  CosineAnnealingLR: (initial, o) => w.cosineDecay({ initial, steps: o.T_max, final: o.eta_min }),
  CosineAnnealingWarmRestarts: (initial, o) => w.cosineRestarts({ initial, period: o.T_0, multiply: o.T_mult, final: o.eta_min }),
  OneCycleLR: (_, o) =>
    w.oneCycle({
      max: o.max_lr,
      steps: o.total_steps,
      warmup: o.pct_start,
      divide: o.div_factor,
      finalDivide: o.final_div_factor,
      shape: (o.anneal_strategy as string) === "cos" ? "cosine" : "linear",
    }),
  LinearLR: (initial, o) => w.linearDecay({ initial, start: o.start_factor, end: o.end_factor, steps: o.total_iters }),
  PolynomialLR: (initial, o) => w.polynomialDecay({ initial, steps: o.total_iters, power: o.power }),
  exponentialDecay: (initial, o) => w.exponentialDecay({ initial, k: o.k }),
  inverseTimeDecay: (initial, o) => w.inverseTimeDecay({ initial, k: o.k }),
};

const golden = readVectors<Golden>("schedules").filter(({ schedule }) => schedule !== "ReduceLROnPlateau");

describe("the golden rates within 1e-9", () => {
  test("all of them", () => {
    expect(golden.length).toBe(15);
    expect([...new Set(golden.map(({ schedule }) => schedule))].sort()).toEqual(Object.keys(makers).sort());
  });

  test.each(golden)("$name", ({ schedule, base_lr, options, lrs }) => {
    const made = makers[schedule]!(base_lr, options);
    expect(lrs.length).toBe(61);
    for (const [t, want] of lrs.entries()) {
      if (!(Math.abs(made.at(t) - want) <= 1e-9)) expect.fail(`t ${t}: ${made.at(t)}, not ${want}`);
    }
  });
});

describe("by hand", () => {
  const rates = (schedule: w.Schedule, ts: number[]) => ts.map((t) => schedule.at(t));

  test("steps and milestones change at their own step; factors are 0.1 by default", () => {
    expect(rates(w.stepDecay({ initial: 8, every: 3, factor: 0.5 }), [0, 2, 3, 5, 6, 300_000])).toEqual([8, 8, 4, 4, 2, 0]);
    expect(w.stepDecay({ initial: 1, every: 1 }).at(1)).toBe(0.1);
    expect(rates(w.multiStepDecay({ initial: 8, milestones: [2, 2, 5], factor: 0.5 }), [0, 1, 2, 4, 5, 99])).toEqual([8, 8, 2, 2, 1, 1]);
    expect(w.multiStepDecay({ initial: 1, milestones: [] }).at(50)).toBe(1);
  });

  test("polynomials end at final and stay there", () => {
    expect(rates(w.polynomialDecay({ initial: 5, steps: 4, power: 2, final: 1 }), [0, 1, 2, 4, 5])).toEqual([5, 3.25, 2, 1, 1]);
    expect(rates(w.polynomialDecay({ initial: 4, steps: 4 }), [0, 1, 4])).toEqual([4, 3, 0]);
  });

  test("cosines: half way in the middle, up again past their steps, or from the start", () => {
    const decay = w.cosineDecay({ initial: 3, steps: 10, final: 1 });
    expect(rates(decay, [0, 10, 20])).toEqual([3, 1, 3]);
    expect(decay.at(5)).toBeCloseTo(2, 14);
    const restarts = w.cosineRestarts({ initial: 1, period: 4, multiply: 2 });
    expect(rates(restarts, [0, 4, 12, 28, 60])).toEqual([1, 1, 1, 1, 1]);
    expect(rates(restarts, [2, 8, 20])).toEqual([0.5, 0.5, 0.5].map((half) => expect.closeTo(half, 14)));
  });

  test("one cycle: up, down, and there it stays; warm-ups of nothing and of everything", () => {
    const cycle = w.oneCycle({ max: 1, steps: 11, warmup: 0.5, divide: 4, finalDivide: 2, shape: "linear" });
    expect(rates(cycle, [0, 9, 10, 11, 1000])).toEqual([0.25, expect.closeTo(1 - (0.875 * 4.5) / 5.5, 14), 0.125, 0.125, 0.125]);
    expect(rates(w.oneCycle({ max: 1, steps: 5, warmup: 0 }), [0, 4])).toEqual([1, 1 / 25 / 1e4]);
    expect(w.oneCycle({ max: 1, steps: 5, warmup: 1 }).at(4)).toBe(1);
    expect(w.oneCycle({ max: 1, steps: 4, warmup: 0.25 }).at(0)).toBe(1);
  });

  test("a warm-up rises to the schedule's first rate, which then starts from its own 0", () => {
    const warm = w.warmup(4, w.polynomialDecay({ initial: 8, steps: 2 }));
    expect(rates(warm, [0, 1, 2, 3, 4, 5, 6, 7])).toEqual([2, 4, 6, 8, 8, 4, 0, 0]);
    expect(rates(w.warmup(2, 0.5), [0, 1, 2, 100])).toEqual([0.25, 0.5, 0.5, 0.5]);
    expect(w.warmup(2, w.stepDecay({ initial: 1, every: 1, per: "epoch" })).per).toBe("epoch");
  });

  test("rates are finite and not negative far out", () => {
    for (const { schedule, base_lr, options } of golden) {
      for (const t of [1e3, 1e5, 1e7]) {
        const rate = makers[schedule]!(base_lr, options).at(t);
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThan(2);
      }
    }
  });
});

describe("epochs", () => {
  const halves = w.stepDecay({ initial: 8, every: 1, factor: 0.5, per: "epoch" });
  const data = { x: new Float32Array(20).fill(0.5), y: new Float32Array(10).fill(1) };
  const net = w.sequential(w.input(2), w.dense(1));

  test("rateAt counts the steps of an epoch, and can't without their number", () => {
    expect([0, 1, 2, 3, 4, 5].map((step) => rateAt(halves, step, 2))).toEqual([8, 8, 4, 4, 2, 2]);
    expect(() => rateAt(halves, 1)).toThrow('learningRate: a schedule with per: "epoch" needs to know the steps of an epoch.');
    const steps = w.stepDecay({ initial: 8, every: 2, factor: 0.5, per: "step" });
    expect([0, 1, 2].map((step) => rateAt(steps, step, 100))).toEqual([8, 8, 4]);
  });

  test("minimize has none", async () => {
    await expect(w.minimize(() => 0, new Float64Array(1), w.sgd({ learningRate: halves }))).rejects.toThrow("minimize has no epochs");
  });

  test.each(variants)("%s: fit knows how many steps they have; a trainer is told, if and only if it must be", async (variant) => {
    const model = await w.build(net, { runtime: await runtimeOf(variant) });
    const seen: number[] = [];
    const rule = w.sgd({ learningRate: w.stepDecay({ initial: 0.5, every: 1, factor: 0.5, per: "epoch" }) });
    const callbacks = [{ onStep: ({ learningRate }: w.TrainingState) => void seen.push(learningRate) }];
    const history = await model.fit(data, { loss: w.mse(), optimizer: rule, batchSize: 4, epochs: 3, callbacks });
    expect(seen).toEqual([0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125]);
    expect(history.learningRate).toEqual([0.5, 0.25, 0.125]);

    const options = { loss: w.mse(), optimizer: rule };
    const trainer = await w.createTrainer(model, { ...options, stepsPerEpoch: 2 });
    const rates = [0, 1, 2, 3].map(() => {
      trainer.step(data);
      return trainer.learningRate;
    });
    expect(rates).toEqual([0.5, 0.5, 0.25, 0.25]);
    await expect(w.createTrainer(model, options)).rejects.toThrow(
      "createTrainer: the learning rate's schedule counts epochs. Give createTrainer stepsPerEpoch, or count steps",
    );
    const constant = { loss: w.mse(), optimizer: w.sgd(), stepsPerEpoch: 2 };
    await expect(w.createTrainer(model, constant)).rejects.toThrow('createTrainer: stepsPerEpoch is for schedules with per: "epoch"');
    await expect(w.createTrainer(model, { ...options, stepsPerEpoch: 0 })).rejects.toThrow(
      "createTrainer: stepsPerEpoch must be an integer",
    );
    model.dispose();
  });
});

describe("refuses", () => {
  const initial = 1;
  const cases: [string, () => unknown, string][] = [
    ["no options", () => w.stepDecay(undefined as never), "stepDecay: options must be an object with initial, got undefined"],
    [
      "unknown options",
      () => w.cosineDecay({ initial, steps: 2, step: 1 } as never),
      'cosineDecay: unknown option "step". Did you mean "steps"?',
    ],
    ["no rate", () => w.inverseTimeDecay({ k: 1 } as never), "inverseTimeDecay: initial must be a finite number above 0, got undefined"],
    [
      "another unit",
      () => w.stepDecay({ initial, every: 1, per: "batch" as never }),
      'stepDecay: per must be one of "step", "epoch", got "batch"',
    ],
    ["half a step", () => w.stepDecay({ initial, every: 0.5 }), "stepDecay: every must be an integer of at least 1, got 0.5"],
    [
      "milestones that fall",
      () => w.multiStepDecay({ initial, milestones: [3, 2] }),
      "multiStepDecay: milestones must be an array of integers, 0 or above, that never fall, got [3, 2]",
    ],
    [
      "both k and factor",
      () => w.exponentialDecay({ initial, k: 1, factor: 0.5 }),
      "exponentialDecay: options must be with either k or factor, got { initial, k, factor }. e^(-k) is the factor of one step.",
    ],
    ["neither", () => w.exponentialDecay({ initial }), "exponentialDecay: options must be with either k or factor, got { initial }"],
    ["a negative k", () => w.exponentialDecay({ initial, k: -1 }), "exponentialDecay: k must be a finite number, 0 or above, got -1"],
    ["power 0", () => w.polynomialDecay({ initial, steps: 2, power: 0 }), "polynomialDecay: power must be a finite number above 0, got 0"],
    ["a negative floor", () => w.cosineDecay({ initial, steps: 2, final: -1 }), "cosineDecay: final must be a finite number, 0 or above"],
    ["periods that shrink", () => w.cosineRestarts({ initial, period: 4, multiply: 0.5 }), "cosineRestarts: multiply must be an integer"],
    ["more than all", () => w.oneCycle({ max: 1, steps: 4, warmup: 2 }), "oneCycle: warmup must be in [0, 1], got 2"],
    [
      "a shape of its own",
      () => w.oneCycle({ max: 1, steps: 4, shape: "cos" as never }),
      'oneCycle: shape must be one of "cosine", "linear"',
    ],
    ["no end", () => w.linearDecay({ initial, start: 1, steps: 4 } as never), "linearDecay: end must be a finite number, 0 or above"],
    ["no schedule", () => w.warmup(3, {} as never), "warmup: schedule must be a schedule such as cosineDecay(...), or a number, got {  }"],
    ["no steps", () => w.warmup(0, 1), "warmup: steps must be an integer of at least 1, got 0"],
  ];
  test.each(cases)("%s", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(w.OptionError);
  });
});
