/** Metrics as they are given to fit and evaluate: what they are, and what they measure. */
import { show } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";

/** A measure of predictions. Targets are labels, or rows as they were given; predictions have gone through the loss's link. */
export type Metric = (yTrue: Int32Array | Tensor, yPred: Tensor) => number;

/** @throws OptionError for what is not a metric; a loss factory in the place of a metric is the usual slip. */
export function checkMetrics(where: string, metrics: unknown): asserts metrics is Readonly<Record<string, Metric>> {
  if (typeof metrics !== "object" || metrics === null)
    throw new OptionError(`${where}: metrics must be an object of functions by name, got ${show(metrics)}`);
  for (const [name, metric] of Object.entries(metrics)) {
    if (typeof metric !== "function")
      throw new OptionError(`${where}: metrics.${name} must be a function (yTrue, yPred) => number, got ${show(metric)}`);
    if (isLossFactory(metric as () => unknown)) {
      throw new OptionError(`${where}: metrics.${name} is a loss, not a metric. Import the metric from "whetstone/metrics"`);
    }
  }
}

/** A metric takes two arguments; of what takes fewer, only a loss factory returns a loss. */
function isLossFactory(metric: () => unknown): boolean {
  if (metric.length >= 2) return false;
  try {
    const made = metric();
    return typeof made === "object" && made !== null && "emit" in made;
  } catch {
    return false;
  }
}

export function measure(metrics: Readonly<Record<string, Metric>>, yTrue: Int32Array | Tensor, yPred: Tensor): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [name, metric] of Object.entries(metrics)) {
    const value: unknown = metric(yTrue, yPred);
    if (typeof value !== "number") throw new OptionError(`metrics.${name} must return a number, got ${show(value)}`);
    values[name] = value;
  }
  return values;
}
