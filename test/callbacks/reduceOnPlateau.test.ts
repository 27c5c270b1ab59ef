import { describe, expect, test } from "vitest";
import { type ReduceOnPlateauOptions, reduceOnPlateau } from "../../src/callbacks/reduceOnPlateau.ts";
import { OptionError } from "../../src/errors.ts";
import { readVectors } from "../vectors/read.ts";
import { hooksOf, stateOf } from "./state.ts";

interface PlateauCase {
  readonly name: string;
  readonly schedule: string;
  readonly base_lr: number;
  readonly options: {
    mode: "min";
    threshold: number;
    threshold_mode: string;
    cooldown: number;
    min_lr: number;
    factor: number;
    patience: number;
  };
  readonly metrics: readonly number[];
  readonly lrs: readonly number[];
}

/** The rates of the epochs, as a run would have them that measures these values. */
function ratesOf(options: ReduceOnPlateauOptions, base: number, values: readonly number[]): number[] {
  const hooks = hooksOf(reduceOnPlateau(options));
  let rate = base;
  hooks.onStart(stateOf());
  return values.map((valLoss, epoch) => {
    const used = rate;
    const change = hooks.onEpoch(stateOf({ epoch, valLoss, learningRate: used }));
    if (typeof change === "object" && "learningRateFactor" in change) rate *= change.learningRateFactor;
    return used;
  });
}

describe("reduceOnPlateau", () => {
  const cases = readVectors<PlateauCase>("schedules").filter(({ schedule }) => schedule === "ReduceLROnPlateau");
  test("there are golden cases", () => expect(cases.length).toBe(3));
  test.each(cases)("$name: the rates of PyTorch", ({ base_lr, options, metrics, lrs }) => {
    const { mode, threshold, threshold_mode, cooldown, min_lr: min, factor, patience } = options;
    const thresholdMode = threshold_mode === "rel" ? "relative" : "absolute";
    const rates = ratesOf({ mode, threshold, thresholdMode, cooldown, min, factor, patience }, base_lr, metrics);
    expect(new Set(lrs).size).toBeGreaterThan(1);
    lrs.forEach((want, t) => expect(Math.abs(rates[t]! / want - 1)).toBeLessThan(1e-8));
  });

  test("PyTorch's defaults: a tenth after more than ten epochs without gain, measured from the first", () => {
    const rates = ratesOf({}, 1, new Array<number>(25).fill(2));
    expect(rates.indexOf(0.1)).toBe(12); // epoch 0 is the best, 1..11 are bad, 12 is the first at the new rate
    expect(rates[23]! / 0.01).toBeCloseTo(1, 12);
  });

  test("NaN is never better; one object serves one fit after the other", () => {
    expect(ratesOf({ patience: 1 }, 1, [Number.NaN, Number.NaN, Number.NaN])).toEqual([1, 1, 0.1]);
    const hooks = hooksOf(reduceOnPlateau({ patience: 0 }));
    for (let fit = 0; fit < 2; fit++) {
      hooks.onStart(stateOf());
      expect(hooks.onEpoch(stateOf({ valLoss: 5 + fit }))).toBeUndefined();
      expect(hooks.onEpoch(stateOf({ valLoss: 6 + fit, learningRate: 0.5 }))).toEqual({ learningRateFactor: expect.closeTo(0.1, 14) });
    }
  });

  test("leaves the rate alone at its floor", () => {
    expect(ratesOf({ patience: 0, min: 0.5 }, 0.5, [1, 1, 1])).toEqual([0.5, 0.5, 0.5]);
    expect(ratesOf({ patience: 0 }, 0, [1, 1, 1])).toEqual([0, 0, 0]);
  });

  test.each<[ReduceOnPlateauOptions, string]>([
    [{ factor: 1 }, "reduceOnPlateau: factor must be in [0, 1), got 1"],
    [{ patience: -1 }, "reduceOnPlateau: patience must be an integer of at least 0, got -1"],
    [{ thresholdMode: "rel" as "relative" }, 'reduceOnPlateau: thresholdMode must be one of "relative", "absolute", got "rel"'],
    [{ patienc: 1 } as ReduceOnPlateauOptions, 'Did you mean "patience"?'],
  ])("refuses %o", (options, message) => {
    expect(() => reduceOnPlateau(options)).toThrow(OptionError);
    expect(() => reduceOnPlateau(options)).toThrow(message);
  });

  test("says so if nothing of that name is measured", () => {
    expect(() => hooksOf(reduceOnPlateau()).onEpoch(stateOf())).toThrow('reduceOnPlateau: monitor must be one of loss, got "valLoss"');
  });
});
