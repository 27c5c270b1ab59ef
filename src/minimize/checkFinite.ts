/** What an objective gave, before it is used. */
import { show } from "../check.ts";
import { NonFiniteError, OptionError } from "../errors.ts";

export function checkIsNumber(value: unknown): void {
  if (typeof value !== "number") throw new OptionError(`minimize: f must return a number, got ${show(value)}`);
}

/** @throws OptionError if f gave no number; NonFiniteError if it or the gradient is not finite. */
export function checkFinite(value: number, gradient: Float32Array | Float64Array, step: number): void {
  checkIsNumber(value);
  if (!Number.isFinite(value)) throw new NonFiniteError(`minimize: step ${step}: f is ${value}`, { step, layer: "f", value });
  for (let i = 0; i < gradient.length; i++) {
    const entry = gradient[i]!;
    if (!Number.isFinite(entry)) {
      throw new NonFiniteError(`minimize: step ${step}: the gradient is ${entry} at ${i}`, { step, layer: `gradient[${i}]`, value: entry });
    }
  }
}
