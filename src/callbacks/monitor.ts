/** A measured value that a callback watches, by its name in the history. */
import { checkOneOf, fail, nearest } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { TrainingState } from "./callback.ts";

export type Mode = "auto" | "min" | "max";

const LOWER_IS_BETTER = /(loss|mse|mae|error)$/i; // rmse ends in mse

/** Which direction is better; checks both options. "auto": lower for names that end in loss, mse, mae, rmse or error. */
export function isLowerBetter(where: string, monitor: string, mode: Mode): boolean {
  if (typeof monitor !== "string" || monitor === "") fail(`${where}: monitor`, 'the name of a measured value, as "valLoss"', monitor);
  checkOneOf(`${where}: mode`, mode, ["auto", "min", "max"]);
  return mode === "auto" ? LOWER_IS_BETTER.test(monitor) : mode === "min";
}

/** @throws OptionError if the run measures nothing of that name. */
export function measuredValue(where: string, { loss, valLoss, metrics }: TrainingState, monitor: string): number {
  const known: Record<string, number> = valLoss === undefined ? { loss, ...metrics } : { loss, valLoss, ...metrics };
  const value = Object.hasOwn(known, monitor) ? known[monitor] : undefined;
  if (value !== undefined) return value;
  const near = nearest(monitor, Object.keys(known));
  const fix = near ? `Did you mean "${near}"?` : monitor === "valLoss" ? "Give fit validation data, or monitor the loss." : "";
  throw new OptionError(`${where}: monitor must be one of ${Object.keys(known).join(", ")}, got "${monitor}"${fix && `. ${fix}`}`);
}
