/** What callbacks of our own remember across a resume: numbers by name. */
import { show } from "../check.ts";
import { FormatError } from "../errors.ts";

/** @throws FormatError if a name is missing, or no number. */
export function savedNumbers<T extends string>(kind: string, saved: unknown, names: readonly T[]): Record<T, number> {
  const numbers = Object(saved) as Record<T, number>;
  for (const name of names)
    if (typeof numbers[name] !== "number")
      throw new FormatError(`${kind}: ${name} of its saved state must be a number, got ${show(numbers[name])}`);
  return numbers;
}
