/** A callback that takes over the saved state of another one goes on as that one would have. */
import { describe, expect, test } from "vitest";
import type { Callback, TrainingState } from "../../src/callbacks/callback.ts";
import { FormatError } from "../../src/errors.ts";
import { checkpoint, earlyStopping, reduceOnPlateau } from "../../src/index.ts";
import { hooksOf, stateOf } from "./state.ts";

const values = [5, 4, Number.NaN, 4.5, 3, 3, 3.2, 3.1, 2.9, 3, 3, 3, 3, 3];
const states = values.map((valLoss, epoch): Partial<TrainingState> => ({ epoch, valLoss, learningRate: 0.5 }));

/** What each epoch's hook gives, with a new callback from each of `breaks` on. */
async function results(make: (log: unknown[]) => Callback, breaks: readonly number[]): Promise<unknown[]> {
  const log: unknown[] = [];
  let callback = make(log);
  hooksOf(callback).onStart(stateOf());
  for (const [epoch, state] of states.entries()) {
    if (breaks.includes(epoch)) {
      const saved = callback.save!();
      callback = make(log);
      hooksOf(callback).onStart(stateOf());
      callback.load!(saved);
    }
    log.push(await hooksOf(callback).onEpoch(stateOf(state)), callback.bestEpoch);
  }
  return log;
}

const makers: [string, (log: unknown[]) => Callback][] = [
  ["earlyStopping", () => earlyStopping({ patience: 3 })],
  ["reduceOnPlateau", () => reduceOnPlateau({ patience: 1, cooldown: 2 })],
  ["checkpoint", (log) => checkpoint({ best: true, save: (_, { epoch }) => void log.push(`saved ${epoch}`) })],
];

describe.each(makers)("%s", (kind, make) => {
  test("goes on wherever it is broken", async () => {
    const whole = await results(make, []);
    expect(new Set(whole).size).toBeGreaterThan(1);
    for (let epoch = 0; epoch < values.length; epoch++) expect(await results(make, [epoch]), `broken at ${epoch}`).toEqual(whole);
    expect(await results(make, [...values.keys()])).toEqual(whole);
  });

  test("is found by its kind, and refuses what it never saved", () => {
    const callback = make([]);
    expect(callback.kind).toBe(kind);
    for (const saved of [undefined, null, 3, {}, { best: "1", bad: 1, cooling: 0, waited: 0, bestEpoch: 0 }]) {
      expect(() => callback.load!(saved)).toThrow(FormatError);
      expect(() => callback.load!(saved)).toThrow(`${kind}: best of its saved state must be a number, got`);
    }
  });
});

test("a checkpoint of all epochs has nothing to remember", () => {
  const callback = checkpoint({ save: () => {} });
  expect(callback.save!()).toBeUndefined();
  callback.load!(undefined);
});
