import { describe, expect, test } from "vitest";
import type { TrainingState } from "../../src/callbacks/callback.ts";
import { type EarlyStoppingOptions, earlyStopping } from "../../src/callbacks/earlyStopping.ts";
import { OptionError } from "../../src/errors.ts";
import { hooksOf, playEpochs, stateOf } from "./state.ts";

const losses = (...values: number[]): Partial<TrainingState>[] => values.map((valLoss) => ({ valLoss }));

function play(options: EarlyStoppingOptions, states: Partial<TrainingState>[]) {
  const callback = earlyStopping(options);
  return { epochs: playEpochs(callback, states), best: callback.bestEpoch };
}

describe("earlyStopping", () => {
  test("stops after `patience` epochs without improvement and knows the best one", () => {
    expect(play({ patience: 2 }, losses(5, 4, 3, 3.5, 3.1, 1))).toEqual({ epochs: 5, best: 2 });
    expect(play({ patience: 3 }, losses(5, 4, 3, 3.5, 3.1, 1))).toEqual({ epochs: 6, best: 5 });
    expect(play({ patience: 1 }, losses(5, 6, 1))).toEqual({ epochs: 2, best: 0 });
  });

  test("watches valLoss with patience 10 unless told otherwise", () => {
    expect(earlyStopping().monitor).toBe("valLoss");
    expect(play({}, losses(1, ...new Array(20).fill(2)))).toEqual({ epochs: 11, best: 0 });
    expect(play({ patience: Infinity }, losses(1, ...new Array(20).fill(2)))).toEqual({ epochs: 21, best: 0 });
  });

  test("an equal value, or one better by no more than minDelta, is no improvement", () => {
    expect(play({ patience: 2 }, losses(1, 1, 1, 0))).toEqual({ epochs: 3, best: 0 });
    expect(play({ patience: 2, minDelta: 0.5 }, losses(2, 1.5, 1.25, 0))).toEqual({ epochs: 4, best: 3 });
    expect(play({ patience: 2, minDelta: 0.5 }, losses(2, 1.5, 1.5, 0))).toEqual({ epochs: 3, best: 0 });
  });

  test("NaN never improves, at the start neither", () => {
    expect(play({ patience: 2 }, losses(Number.NaN, Number.NaN, 1))).toEqual({ epochs: 2, best: undefined });
    expect(play({ patience: 2 }, losses(Number.NaN, 3, Number.NaN, Number.NaN, 1))).toEqual({ epochs: 4, best: 1 });
  });

  test("an infinite first value is bettered by any finite one", () => {
    expect(play({ patience: 2 }, losses(Infinity, 9, 8))).toEqual({ epochs: 3, best: 2 });
  });

  test.each([
    ["loss", "min"],
    ["logLoss", "min"],
    ["valRMSE", "min"],
    ["valMse", "min"],
    ["mae", "min"],
    ["valError", "min"],
    ["accuracy", "max"],
    ["lossless", "max"],
    ["r2", "max"],
  ])("mode auto for %s is %s", (monitor, mode) => {
    const values = [1, 2, 3].map((value) => ({ loss: value, metrics: { [monitor]: value } }));
    expect(play({ monitor, patience: 5 }, values).best).toBe(mode === "min" ? 0 : 2);
    expect(play({ monitor, patience: 5, mode: "max" }, values).best).toBe(2);
    expect(play({ monitor, patience: 5, mode: "min" }, values).best).toBe(0);
  });

  test("one object serves one fit after the other", () => {
    const callback = earlyStopping({ patience: 2 });
    expect(playEpochs(callback, losses(0.1, 2, 3))).toBe(3);
    expect(playEpochs(callback, losses(9, 8, 7, 7, 7))).toBe(5);
    expect(callback.bestEpoch).toBe(2);
    hooksOf(callback).onStart(stateOf());
    expect(callback.bestEpoch).toBeUndefined();
  });

  test("says so if nothing of that name is measured", () => {
    const miss = (monitor: string, state: Partial<TrainingState>) => () => play({ monitor }, [state]);
    expect(miss("valAcuracy", { valLoss: 1, metrics: { accuracy: 1, valAccuracy: 1 } })).toThrow(
      'earlyStopping: monitor must be one of loss, valLoss, accuracy, valAccuracy, got "valAcuracy". Did you mean "valAccuracy"?',
    );
    expect(miss("valLoss", {})).toThrow(
      'earlyStopping: monitor must be one of loss, got "valLoss". Give fit validation data, or monitor the loss.',
    );
    expect(miss("toString", {})).toThrow(OptionError);
  });

  test.each<[EarlyStoppingOptions, string]>([
    [{ patience: 0 }, "earlyStopping: patience must be an integer of at least 1, got 0"],
    [{ patience: 1.5 }, "earlyStopping: patience must be an integer of at least 1, got 1.5"],
    [{ patience: Number.NaN }, "earlyStopping: patience must be an integer of at least 1, got NaN"],
    [{ minDelta: -1 }, "earlyStopping: minDelta must be a finite number, 0 or above, got -1"],
    [{ mode: "least" as "min" }, 'earlyStopping: mode must be one of "auto", "min", "max", got "least"'],
    [{ monitor: "" }, "earlyStopping: monitor must be the name of a measured value"],
    [{ patienc: 3 } as EarlyStoppingOptions, 'earlyStopping: unknown option "patienc". Did you mean "patience"?'],
  ])("refuses %o", (options, message) => {
    expect(() => earlyStopping(options)).toThrow(OptionError);
    expect(() => earlyStopping(options)).toThrow(message);
  });
});
