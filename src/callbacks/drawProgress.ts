/** What progressBar shows and when: one line that is rewritten in place on a terminal, a few plain lines in a log. */
import { terminal } from "../runtime/host/terminal.ts";
import type { TrainingState } from "./callback.ts";
import type { ProgressBarOptions } from "./progressBar.ts";
import { formatSeconds, progressText } from "./progressText.ts";

export type ProgressHooks = { [Name in "onStart" | "onStep" | "onEpoch" | "onEnd"]: (state: TrainingState) => void };

/** Faster than the eye follows costs time only. */
const REDRAW_MS = 50;
/** The clock is read about this often: often enough for REDRAW_MS, and a step of 1 µs never notices. */
const CLOCK_MS = 4;
/** Lines of a whole run in a log. */
const LOG_LINES = 10;

export function drawProgress({ terminal: screen = terminal(), clock = () => performance.now() }: ProgressBarOptions): ProgressHooks {
  let startMs = 0;
  let firstStep = 0;
  let drawnMs = 0;
  let readMs = 0;
  let skip = 0; // steps until the clock is read again
  let stride = 1;
  let drawn = 0; // characters on the line now
  let isLogged = false; // whether the log has a line of the last epoch
  let measured: (readonly [string, number])[] = [];

  const textOf = (state: TrainingState, nowMs: number, isEnd: boolean): string => {
    const { epoch, epochs, step, stepInEpoch, stepsPerEpoch, loss } = state;
    const seconds = (nowMs - startMs) / 1000;
    const stepsPerSecond = seconds > 0 && step > firstStep ? (step - firstStep) / seconds : undefined;
    const left = Math.max(0, epochs * stepsPerEpoch - step);
    const remaining = stepsPerSecond === undefined ? "" : `${formatSeconds(left / stepsPerSecond)} left`;
    return progressText(
      {
        epoch: Math.min(epoch + 1, epochs),
        epochs,
        share: screen.isTerminal ? stepInEpoch / stepsPerEpoch : undefined,
        stepsPerSecond,
        time: isEnd ? `took ${formatSeconds(seconds)}` : remaining,
        values: [["loss", loss], ...measured],
      },
      screen.isTerminal ? screen.columns - 1 : Infinity, // some terminals scroll after a full line
    );
  };

  const redraw = (state: TrainingState, nowMs: number, isEnd: boolean) => {
    const text = textOf(state, nowMs, isEnd);
    screen.write(`\r${text.padEnd(Math.min(drawn, screen.columns - 1))}`);
    drawn = text.length;
    drawnMs = nowMs;
  };

  return {
    onStart(state) {
      startMs = clock();
      drawnMs = startMs;
      readMs = startMs;
      firstStep = state.step;
      skip = 0;
      stride = 1;
      drawn = 0;
      isLogged = false;
      measured = [];
    },
    onStep(state) {
      if (--skip > 0 || !screen.isTerminal) return;
      const nowMs = clock();
      // At most doubled, since the first steps of a run may be its fastest
      stride = Math.max(1, Math.min(2 * stride, Math.round((stride * CLOCK_MS) / Math.max(nowMs - readMs, 0.001))));
      skip = stride;
      readMs = nowMs;
      if (nowMs - drawnMs >= REDRAW_MS) redraw(state, nowMs, false);
    },
    onEpoch(state) {
      const { epoch, epochs, valLoss, metrics } = state;
      measured = valLoss === undefined ? Object.entries(metrics) : [["valLoss", valLoss], ...Object.entries(metrics)];
      const nowMs = clock();
      if (screen.isTerminal) {
        if (nowMs - drawnMs >= REDRAW_MS) redraw(state, nowMs, false);
        return;
      }
      isLogged = epoch === 0 || epoch + 1 === epochs || (epoch + 1) % Math.ceil(epochs / LOG_LINES) === 0;
      if (isLogged) screen.line(textOf(state, nowMs, epoch + 1 === epochs));
    },
    onEnd(state) {
      if (screen.isTerminal) {
        redraw(state, clock(), true);
        screen.line("");
      } else if (!isLogged) screen.line(textOf(state, clock(), true));
    },
  };
}
