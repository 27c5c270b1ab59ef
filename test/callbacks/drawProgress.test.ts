import { describe, expect, test } from "vitest";
import type { TrainingState } from "../../src/callbacks/callback.ts";
import { drawProgress } from "../../src/callbacks/drawProgress.ts";
import type { Terminal } from "../../src/runtime/host/terminal.ts";
import { stateOf } from "./state.ts";

/** A terminal that keeps what it is given, and a clock that is turned by hand and counts how often it is read. */
function fake(isTerminal: boolean, columns = 80) {
  const written: string[] = [];
  const time = { ms: 0, readings: 0 };
  const terminal: Terminal = {
    isTerminal,
    columns,
    write: (text) => written.push(text),
    line: (text) => written.push(`${text}\n`),
  };
  const clock = () => {
    time.readings++;
    return time.ms;
  };
  return { written, time, bar: drawProgress({ terminal, clock }) };
}

/** What a terminal shows of the texts: each carriage return goes back to the start of the line. */
function screen(written: readonly string[]): string[] {
  return written
    .join("")
    .split("\n")
    .map((line) => {
      const cells: string[] = [];
      for (const text of line.split("\r")) for (let i = 0; i < text.length; i++) cells[i] = text[i]!;
      return cells.join("").trimEnd();
    });
}

const middle = stateOf({ epoch: 2, epochs: 50, step: 101, stepInEpoch: 11, stepsPerEpoch: 45, loss: 0.123456 });
const measured = { valLoss: 0.2, metrics: { accuracy: 0.96875, valAccuracy: 0.95 } };

/** One epoch has been measured, and 11 steps of the third one are done after 2 seconds. */
function showMiddle(columns: number): string {
  const { bar, written, time } = fake(true, columns);
  bar.onStart(stateOf());
  bar.onEpoch(stateOf({ ...middle, ...measured, epoch: 1 }));
  time.ms = 2000;
  bar.onStep(middle);
  return screen(written)[0]!;
}

describe("on a terminal", () => {
  test("80 columns: epoch, rate, remaining time, loss, valLoss, metrics", () => {
    const text = showMiddle(80);
    expect(text).toBe("epoch  3/50  [===        ]  50.5 steps/s  43s left  loss 0.1235  valLoss 0.2000");
    expect(showMiddle(120)).toBe(
      "epoch  3/50  [===           ]  50.5 steps/s  43s left  loss 0.1235  valLoss 0.2000  accuracy 0.9688  valAccuracy 0.9500",
    );
  });

  test("40 columns: loss and valLoss before all else, and what fits beside them", () => {
    expect(showMiddle(41)).toBe("epoch  3/50  loss 0.1235  valLoss 0.2000");
    expect(showMiddle(40)).toBe("epoch  3/50  43s left  loss 0.1235");
    expect(showMiddle(20)).toBe("epoch  3/50");
  });

  test.each([1, 5, 20, 39, 40, 41, 60, 79, 80, 81, 200])("never fills a line of %i columns", (columns) => {
    expect(showMiddle(columns).length).toBeLessThan(columns);
  });

  test("rewrites the line: a shorter text leaves nothing of a longer one", () => {
    const { bar, written, time } = fake(true);
    bar.onStart(stateOf());
    time.ms = 100;
    bar.onStep(stateOf({ step: 1, stepInEpoch: 1, loss: -1.234e-10 }));
    const long = written.at(-1)!.length;
    time.ms = 200;
    bar.onStep(stateOf({ step: 400, stepInEpoch: 2, loss: 1 }));
    expect(written.every((text) => text.startsWith("\r") && !text.includes("\n"))).toBe(true);
    expect(written.at(-1)!.length).toBeGreaterThanOrEqual(long - 1);
    expect(screen(written)).toEqual([written.at(-1)!.slice(1).trimEnd()]);
  });

  test("ends with what the run came to, and a line end", () => {
    const { bar, written, time } = fake(true, 100);
    bar.onStart(stateOf());
    const last = stateOf({ ...middle, ...measured, metrics: { accuracy: 1 }, step: 135, stepInEpoch: 45 });
    bar.onEpoch(last);
    time.ms = 1500;
    bar.onEnd(last);
    expect(screen(written)).toEqual([
      "epoch  3/50  [==============]  90.0 steps/s  took 1.5s  loss 0.1235  valLoss 0.2000  accuracy 1.000",
      "",
    ]);
  });

  test("draws at most every 50 ms and reads the clock seldom", () => {
    const { bar, written, time } = fake(true);
    bar.onStart(stateOf());
    // 200,000 steps of 1 µs
    for (let step = 1; step <= 200_000; step++) {
      time.ms = step / 1000;
      bar.onStep(stateOf({ step, stepInEpoch: step, stepsPerEpoch: 200_000 }));
    }
    expect(written.length).toBeGreaterThanOrEqual(3);
    expect(written.length).toBeLessThanOrEqual(4);
    expect(time.readings).toBeLessThan(100);
  });

  test("slow steps are each drawn, also after fast ones", () => {
    const { bar, written, time } = fake(true);
    bar.onStart(stateOf());
    for (let step = 1; step <= 10_000; step++) {
      time.ms += 0.001;
      bar.onStep(stateOf({ step, stepInEpoch: step, stepsPerEpoch: 1e6 }));
    }
    for (let step = 10_001; step <= 20_000; step++) {
      time.ms += 60;
      bar.onStep(stateOf({ step, stepInEpoch: step, stepsPerEpoch: 1e6 }));
    }
    expect(written.length).toBeGreaterThan(5_000);
  });
});

describe("in a log", () => {
  function log(epochs: number, played: number, known: Partial<TrainingState> = {}): string[] {
    const { bar, written, time } = fake(false);
    bar.onStart(stateOf({ epochs }));
    let last = stateOf({ epochs });
    for (let epoch = 0; epoch < played; epoch++) {
      for (let step = 1; step <= 3; step++) {
        time.ms += 100;
        bar.onStep(stateOf({ epoch, epochs, step: 3 * epoch + step, stepInEpoch: step, stepsPerEpoch: 3 }));
      }
      last = stateOf({ epoch, epochs, step: 3 * epoch + 3, stepInEpoch: 3, stepsPerEpoch: 3, ...known });
      bar.onEpoch(last);
    }
    bar.onEnd(last);
    return written;
  }
  const epochsOf = (lines: string[]) => lines.map((line) => Number(/epoch +(\d+)/.exec(line)?.[1]));

  test("whole lines without carriage returns or a bar", () => {
    expect(log(2, 2, { valLoss: 0.5, metrics: { accuracy: 0.75 } })).toEqual([
      "epoch 1/2  10.0 steps/s  0.3s left  loss 1.000  valLoss 0.5000  accuracy 0.7500\n",
      "epoch 2/2  10.0 steps/s  took 0.6s  loss 1.000  valLoss 0.5000  accuracy 0.7500\n",
    ]);
  });

  test("first, last and every tenth part of the run", () => {
    expect(epochsOf(log(1000, 1000))).toEqual([1, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    expect(epochsOf(log(25, 25))).toEqual([1, 3, 6, 9, 12, 15, 18, 21, 24, 25]);
    expect(epochsOf(log(3, 3))).toEqual([1, 2, 3]);
    expect(epochsOf(log(1, 1))).toEqual([1]);
  });

  test("the last epoch of a run that was stopped is shown once", () => {
    expect(epochsOf(log(1000, 137))).toEqual([1, 100, 137]);
    expect(epochsOf(log(1000, 200))).toEqual([1, 100, 200]);
  });

  test("one object serves one fit after the other", () => {
    const { bar, written } = fake(false);
    for (let run = 0; run < 2; run++) {
      bar.onStart(stateOf({ epochs: 100 }));
      for (let epoch = 0; epoch < 4; epoch++) bar.onEpoch(stateOf({ epoch, epochs: 100 }));
      bar.onEnd(stateOf({ epoch: 3, epochs: 100 }));
    }
    expect(epochsOf(written)).toEqual([1, 4, 1, 4]);
  });
});
