/** The callback that shows how a run goes. What draws is loaded when a run starts that shows it. */
import { checkOptions } from "../check.ts";
import type { Terminal } from "../runtime/host/terminal.ts";
import type { Callback } from "./callback.ts";
import type { ProgressHooks } from "./drawProgress.ts";

export interface ProgressBarOptions {
  /** Where to show it. Default: the host's own, stderr or the console. */
  terminal?: Terminal;
  /** Milliseconds from any origin; default performance.now. */
  clock?: () => number;
}

/**
 * Epoch, bar, steps per second, remaining time, loss, and the metrics of the last whole epoch. Where lines can't be rewritten:
 * a line for the first epoch, the last one, and every tenth part of the run.
 */
export function progressBar(options: ProgressBarOptions = {}): Callback {
  checkOptions("progressBar", options, ["terminal", "clock"]);
  let hooks: ProgressHooks | undefined;
  return {
    async onStart(state) {
      hooks ??= (await import("../chunks/progress.ts")).drawProgress(options);
      hooks.onStart(state);
    },
    onStep: (state) => hooks?.onStep(state),
    onEpoch: (state) => hooks?.onEpoch(state),
    onEnd: (state) => hooks?.onEnd(state),
  };
}
