/** What a script of this folder is: a claim of the lecture notes, tried out, with the numbers that decide it. */
import type { Runtime } from "whetstone";

export interface Size {
  /** A size that takes a second or two, for the tests. */
  readonly small: boolean;
  /** Of splits, initial weights and everything drawn. */
  readonly seed: number;
  /** One thread, portable numerics: the same figures on every machine. */
  readonly runtime: Runtime;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface Outcome {
  readonly tables: readonly Table[];
  /** What the table shows, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** The parts of the claim in words, and whether each held. */
  readonly holds: Readonly<Record<string, boolean>>;
}

export interface Claim {
  readonly says: string;
  /** Files of the notes: 000, 001, ... */
  readonly notes: string;
  run(size: Size): Promise<Outcome>;
}

/** Four digits that matter; small and large numbers with an exponent. */
export function show(value: string | number): string {
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  if (!Number.isFinite(value)) return "not finite";
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(1);
}

export function print({ columns, rows }: Table): string {
  const cells = [columns, ...rows.map((row) => row.map(show))];
  const widths = columns.map((_, j) => Math.max(...cells.map((row) => (row[j] ?? "").length)));
  return cells.map((row) => row.map((cell, j) => (j === 0 ? cell.padEnd(widths[j]!) : cell.padStart(widths[j]!))).join("  ")).join("\n");
}
