/** A program as text, one op per line, with symbolic buffers and without addresses: for tests, bug reports and curiosity. */
import type { Op } from "./builder.ts";
import type { Count } from "./count.ts";
import { type OpRow, ops as table } from "./ops.ts";

const showCount = (count: Count): string => (typeof count === "number" ? String(count) : count.perRow === 1 ? "B" : `${count.perRow}B`);

export function print(ops: readonly Op[]): string {
  return ops
    .map((op) => {
      const row: OpRow = table[op.name];
      const operands = Object.keys(row.operands).flatMap((name) => {
        const buffer = op.operands[name];
        if (buffer === undefined || name === "control") return [];
        return [`${row.operands[name]!.access === "read" ? "" : "*"}${name}=${buffer.name}`];
      });
      const sizes = row.sizes.map((name) => `${name}=${showCount(op.sizes[name]!)}`);
      const constants = row.constants.map((name) => `${name}=${Math.fround(op.constants[name]!)}`);
      return [op.span.padEnd(8), op.name, ...operands, ...sizes, ...constants].join(" ");
    })
    .join("\n");
}
