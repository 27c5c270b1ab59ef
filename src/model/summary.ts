/** A model as a table of text. */
import { showShape, sizeOf } from "../shape.ts";
import { isTrainable } from "./isTrainable.ts";
import type { ModelState } from "./state.ts";

export function summarize(state: ModelState): string {
  const count = (value: number) => value.toLocaleString("en-US");
  const rows: string[][] = [
    ["layer", "output", "parameters"],
    ["input", showShape(state.layout.inputShape), "0"],
  ];
  for (const placed of state.layout.allLayers) {
    const own = state.parameters.filter(({ spec }) => spec.layer === placed);
    const words = own.reduce((sum, { words }) => sum + words, 0);
    const isFrozen = own.length > 0 && !own.some(isTrainable);
    rows.push([`${placed.path} ${placed.layer.kind}`, showShape(placed.outputShape), `${count(words)}${isFrozen ? " (frozen)" : ""}`]);
  }
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `${row[0]!.padEnd(widths[0]!)}  ${row[1]!.padEnd(widths[1]!)}  ${row[2]!.padStart(widths[2]!)}`);
  const total = state.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const trainable = state.parameters.filter(isTrainable).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const rule = "-".repeat(lines[0]!.length);
  return [lines[0], rule, ...lines.slice(1), rule, `${count(total)} values, ${count(trainable)} of them trainable`].join("\n");
}
