import { expect, test } from "vitest";
import { type CheckpointOptions, checkpoint } from "../../src/callbacks/checkpoint.ts";
import { csvLog, jsonLog } from "../../src/callbacks/logs.ts";
import { timeLimit } from "../../src/callbacks/timeLimit.ts";
import { readCsv } from "../../src/data/readCsv.ts";
import { OptionError } from "../../src/errors.ts";
import { hooksOf, stateOf } from "./state.ts";

const states = [
  stateOf({ epoch: 0, epochs: 3, loss: 1.5, valLoss: 2, metrics: { accuracy: 0.5, 'top "1", all': 0.25 }, seconds: 0.5 }),
  stateOf({ epoch: 1, epochs: 3, loss: 1, valLoss: Number.NaN, metrics: { accuracy: 0.75, 'top "1", all': 1 }, seconds: 1 }),
];

test("csvLog: names, then a line per epoch that a CSV reader understands", async () => {
  const lines: string[] = [];
  const hooks = hooksOf(csvLog((line) => void lines.push(line)));
  for (const state of states) await hooks.onEpoch(state);
  expect(lines.length).toBe(3);
  expect(lines[1]).toBe("0,1.5,2,0.5,0.25,0.001,0.5\n");
  const table = readCsv(lines.join(""));
  expect(table.columns.map(({ name }) => name)).toEqual([
    "epoch",
    "loss",
    "valLoss",
    "accuracy",
    'top "1", all',
    "learningRate",
    "seconds",
  ]);
  expect(Array.from(table.columns[2]!.values as Float64Array)).toEqual([2, Number.NaN]);
});

test("jsonLog: an object per line; waits for what write returns", async () => {
  const lines: string[] = [];
  const hooks = hooksOf(
    jsonLog(async (line) => {
      await Promise.resolve();
      lines.push(line);
    }),
  );
  for (const state of states) await hooks.onEpoch(state);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { epoch: 0, loss: 1.5, valLoss: 2, accuracy: 0.5, 'top "1", all': 0.25, learningRate: 0.001, seconds: 0.5 },
    { epoch: 1, loss: 1, valLoss: "NaN", accuracy: 0.75, 'top "1", all': 1, learningRate: 0.001, seconds: 1 },
  ]);
  expect(lines.every((line) => line.endsWith("\n"))).toBe(true);
  expect(() => csvLog(undefined as never)).toThrow(new OptionError("csvLog: write must be a function that takes a line, got undefined"));
});

test("checkpoint: every so many epochs and the last; only the best", async () => {
  const savedAt = async (options: Omit<CheckpointOptions, "save">, losses: number[]) => {
    const epochs: number[] = [];
    const save = (bytes: Uint8Array, info: { epoch: number }) => {
      expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
      epochs.push(info.epoch);
    };
    const hooks = hooksOf(checkpoint({ ...options, save }));
    for (let fit = 0; fit < 2; fit++) {
      hooks.onStart(stateOf());
      epochs.length = 0;
      for (const [epoch, valLoss] of losses.entries()) {
        await hooks.onEpoch(stateOf({ epoch, epochs: losses.length, valLoss, metrics: { valAccuracy: valLoss } }));
      }
    }
    return epochs;
  };
  const losses = [5, 4, 6, 3, 3, Number.NaN, 2];
  expect(await savedAt({}, losses)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(await savedAt({ every: 3 }, losses)).toEqual([2, 5, 6]);
  expect(await savedAt({ best: true }, losses)).toEqual([0, 1, 3, 6]);
  expect(await savedAt({ best: true, monitor: "valAccuracy" }, losses)).toEqual([0, 2]);
  expect(await savedAt({ best: true, every: 2 }, [Number.NaN, Number.NaN, 4, 5])).toEqual([3]);
  expect(() => checkpoint({} as CheckpointOptions)).toThrow(
    new OptionError("checkpoint: save must be a function that takes bytes, got undefined"),
  );
  expect(() => checkpoint({ save() {}, every: 0 })).toThrow(OptionError);
});

test("timeLimit: the first step or epoch at or after the limit stops", () => {
  const time = { ms: 1000 };
  const hooks = hooksOf(timeLimit(2, { clock: () => time.ms }));
  hooks.onStart(stateOf());
  time.ms = 2999;
  expect([hooks.onStep(stateOf()), hooks.onEpoch(stateOf())]).toEqual([undefined, undefined]);
  time.ms = 3000;
  expect([hooks.onStep(stateOf()), hooks.onEpoch(stateOf())]).toEqual(["stop", "stop"]);
  expect(() => timeLimit(0)).toThrow(new OptionError("timeLimit: seconds must be a finite number above 0, got 0"));
});
