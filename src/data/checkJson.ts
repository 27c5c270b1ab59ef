/** Checks of what a file says a transform is: it may come from anywhere. */
import { FormatError } from "../errors.ts";

/** @throws FormatError unless all claims hold. */
export function checkJson(type: string, ...claims: boolean[]): void {
  if (!claims.every(Boolean)) throw new FormatError(`${type}From: the value is not what a ${type}'s toJSON gives`);
}

export function isNumbers(values: unknown): values is number[] {
  return Array.isArray(values) && values.every((value) => typeof value === "number" && Number.isFinite(value));
}

/** Different texts, one at least. */
export const isNames = (names: unknown): names is readonly string[] =>
  Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === "string") && new Set(names).size === names.length;
