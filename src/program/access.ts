/** Who reads and writes each buffer of a program: one pass over the ops for all questions, as a deep net has thousands of ops. */
import type { Buffer, Op } from "./builder.ts";
import { type OpRow, ops as table } from "./ops.ts";

export interface Access {
  readonly op: Op;
  /** Of the op. */
  readonly index: number;
}

export interface AccessTable {
  /** What reads a buffer or changes it in place, in order, once for each operand. */
  readonly readersOf: (buffer: Buffer) => readonly Access[];
  /** What writes it or changes it in place. */
  readonly writersOf: (buffer: Buffer) => readonly Access[];
}

export function accessTable(ops: readonly Op[]): AccessTable {
  const readers = new Map<Buffer, Access[]>();
  const writers = new Map<Buffer, Access[]>();
  const add = (accesses: Map<Buffer, Access[]>, buffer: Buffer, access: Access) => {
    const before = accesses.get(buffer);
    if (before) before.push(access);
    else accesses.set(buffer, [access]);
  };
  ops.forEach((op, index) => {
    const row: OpRow = table[op.name];
    for (const [name, buffer] of Object.entries(op.operands)) {
      if (buffer === undefined) continue;
      const { access } = row.operands[name]!;
      if (access !== "write") add(readers, buffer, { op, index });
      if (access !== "read") add(writers, buffer, { op, index });
    }
  });
  return { readersOf: (buffer) => readers.get(buffer) ?? [], writersOf: (buffer) => writers.get(buffer) ?? [] };
}
