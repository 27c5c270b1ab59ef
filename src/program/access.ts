/** Who reads and writes a buffer. */
import type { Buffer, Op } from "./builder.ts";
import { type OpRow, ops as table } from "./ops.ts";

/** What an op does to the buffer, once for each operand that it is. */
export function accesses({ name, operands }: Op, buffer: Buffer): string[] {
  const row: OpRow = table[name];
  return Object.entries(operands).flatMap(([key, operand]) => (operand === buffer ? [row.operands[key]!.access] : []));
}

/** The ops that read it, or change it in place. */
export function readersOf(ops: readonly Op[], buffer: Buffer): Op[] {
  return ops.filter((op) => accesses(op, buffer).some((access) => access !== "write"));
}
