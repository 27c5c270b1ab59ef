/** Ends a run after a time. */
import { checkOptions, checkPositive } from "../check.ts";
import type { Callback } from "./callback.ts";

export interface TimeLimitOptions {
  /** Milliseconds from any origin; default performance.now. */
  clock?: () => number;
}

/**
 * Stops after the first step that ends `seconds` or more after the run began. The epoch that is cut short has no place in the
 * history; with earlyStopping the best weights are kept as ever.
 * @throws OptionError for a time that is not above 0.
 */
export function timeLimit(seconds: number, options: TimeLimitOptions = {}): Callback {
  checkPositive("timeLimit: seconds", seconds);
  checkOptions("timeLimit", options, ["clock"]);
  const { clock = () => performance.now() } = options;
  let end = Infinity;
  const isOver = () => (clock() >= end ? "stop" : undefined);
  return {
    onStart() {
      end = clock() + 1000 * seconds;
    },
    onStep: isOver,
    onEpoch: isOver, // measuring takes time too
  };
}
