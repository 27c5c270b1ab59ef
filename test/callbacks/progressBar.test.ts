/** What progressBar adds to drawProgress: it checks its options at once and loads what draws when a run starts. */
import { expect, test } from "vitest";
import { drawProgress } from "../../src/callbacks/drawProgress.ts";
import { progressBar } from "../../src/callbacks/progressBar.ts";
import type { Terminal } from "../../src/runtime/host/terminal.ts";
import { hooksOf, stateOf } from "./state.ts";

/** Options whose terminal keeps what it is given, and whose clock goes 100 ms a reading. */
function fake() {
  const written: string[] = [];
  let ms = 0;
  const terminal: Terminal = {
    isTerminal: true,
    columns: 80,
    write: (text) => written.push(text),
    line: (text) => written.push(`${text}\n`),
  };
  const clock = () => {
    ms += 100;
    return ms;
  };
  return { written, options: { terminal, clock } };
}

const states = [1, 2, 3].map((step) => stateOf({ step, stepInEpoch: step, stepsPerEpoch: 3 }));

test("each hook draws what drawProgress draws, in one run after the other", async () => {
  const [own, other] = [fake(), fake()];
  const bar = hooksOf(progressBar(own.options));
  const drawn = drawProgress(other.options);
  for (let run = 0; run < 2; run++) {
    await bar.onStart(stateOf());
    drawn.onStart(stateOf());
    for (const hooks of [bar, drawn]) {
      for (const state of states) hooks.onStep(state);
      hooks.onEpoch(states[2]!);
      hooks.onEnd(states[2]!);
    }
  }
  expect(own.written.length).toBeGreaterThanOrEqual(10);
  expect(own.written).toEqual(other.written);
});

test("a run that ends before it starts draws nothing", () => {
  const { written, options } = fake();
  hooksOf(progressBar(options)).onEnd(stateOf());
  expect(written).toEqual([]);
});

test("refuses unknown options", () => {
  expect(() => progressBar({ colums: 3 } as object)).toThrow('progressBar: unknown option "colums"');
});
