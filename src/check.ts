/**
 * Argument checks with one message form: `<where>: <name> must be <rule>, got <value>`, then one sentence that helps.
 */
import { OptionError } from "./errors.ts";

/** A value as messages show it: short, and never thrown upon. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (typeof value === "number" || value === null || value === undefined || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `[${value.slice(0, 6).map(show).join(", ")}${value.length > 6 ? ", ..." : ""}]`;
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value === "object") return `{ ${Object.keys(value).slice(0, 6).join(", ")} }`;
  return typeof value;
}

export function fail(where: string, rule: string, value: unknown, fix = ""): never {
  throw new OptionError(`${where} must be ${rule}, got ${show(value)}${fix ? `. ${fix}` : ""}`);
}

/** A finite number in [low, high). */
export function checkInRange(where: string, value: number, low: number, high: number): void {
  if (!(typeof value === "number" && value >= low && value < high)) fail(where, `in [${low}, ${high})`, value);
}

/** A finite number in [low, high]. */
export function checkBetween(where: string, value: number, low: number, high: number): void {
  if (!(typeof value === "number" && value >= low && value <= high)) fail(where, `in [${low}, ${high}]`, value);
}

/** A finite number above 0. */
export function checkPositive(where: string, value: number): void {
  if (!(typeof value === "number" && value > 0 && value < Infinity)) fail(where, "a finite number above 0", value);
}

/** A finite number, 0 or above. */
export function checkNotNegative(where: string, value: number): void {
  if (!(typeof value === "number" && value >= 0 && value < Infinity)) fail(where, "a finite number, 0 or above", value);
}

export function checkFinite(where: string, value: number): void {
  if (!(typeof value === "number" && Number.isFinite(value))) fail(where, "a finite number", value);
}

/** An integer of at least `low`. */
export function checkCount(where: string, value: number, low = 1): void {
  if (!(Number.isSafeInteger(value) && value >= low)) fail(where, `an integer of at least ${low}`, value);
}

export function checkBoolean(where: string, value: boolean): void {
  if (typeof value !== "boolean") fail(where, "true or false", value);
}

export function checkOneOf<T extends string>(where: string, value: T, allowed: readonly T[]): void {
  if (!allowed.includes(value)) {
    const near = nearest(String(value), allowed);
    fail(where, `one of ${allowed.map((name) => `"${name}"`).join(", ")}`, value, near && `Did you mean "${near}"?`);
  }
}

/** Rejects options that nobody reads, with the nearest known name. */
export function checkOptions(where: string, options: object | undefined, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options)) fail(`${where}: options`, "an object", options);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const fix = near ? `Did you mean "${near}"?` : `Known options: ${known.join(", ") || "none"}.`;
    throw new OptionError(`${where}: unknown option "${name}". ${fix}`);
  }
}

/** The known name at the smallest edit distance, if it is near enough to be a slip. */
export function nearest(name: string, known: readonly string[]): string {
  let best = "";
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
