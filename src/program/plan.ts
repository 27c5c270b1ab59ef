/**
 * Gives every planned buffer of a program its place: values that are never alive at the same time share bytes.
 * Offsets are bytes from the start of the program's workspace, in whole 64-byte lines.
 */
import { type Buffer, type Op, spans } from "./builder.ts";
import { countAt } from "./count.ts";
import { type OpRow, ops as table } from "./ops.ts";
import { withSkips } from "./skips.ts";

export const LINE_BYTES = 64;

/** First and last op (both inclusive) between which a buffer's values must stay. */
export interface Lifetime {
  first: number;
  last: number;
}

export interface Plan {
  /** All ops, ordered by span. */
  readonly ops: readonly Op[];
  readonly capacity: number;
  /** Byte offsets within the workspace. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly lifetimes: ReadonlyMap<Buffer, Lifetime>;
  readonly workspaceBytes: number;
}

export function bytesOf(buffer: Buffer, capacity: number): number {
  return Math.ceil((countAt(buffer.words, capacity) * 4) / LINE_BYTES) * LINE_BYTES;
}

/** `reuse: false` gives every buffer a place of its own, so that all values of a run can be read after it. */
export function plan(ops: readonly Op[], capacity: number, { reuse = true } = {}): Plan {
  const ordered = withSkips(spans.flatMap((span) => ops.filter((op) => op.span === span)));
  const lifetimes = lifetimesOf(ordered);
  if (!reuse) {
    for (const lifetime of lifetimes.values()) {
      lifetime.first = 0;
      lifetime.last = ordered.length;
    }
  }
  const placed: { offset: number; end: number; lifetime: Lifetime }[] = [];
  const offsets = new Map<Buffer, number>();
  let workspaceBytes = 0;
  // Largest first, each at the lowest offset that is free for its whole life.
  const buffers = [...lifetimes.keys()].sort((a, b) => bytesOf(b, capacity) - bytesOf(a, capacity));
  for (const buffer of buffers) {
    const lifetime = lifetimes.get(buffer)!;
    const size = bytesOf(buffer, capacity);
    const neighbours = placed.filter((other) => other.lifetime.first <= lifetime.last && lifetime.first <= other.lifetime.last);
    neighbours.sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const other of neighbours) {
      if (offset + size <= other.offset) break;
      offset = Math.max(offset, other.end);
    }
    placed.push({ offset, end: offset + size, lifetime });
    offsets.set(buffer, offset);
    workspaceBytes = Math.max(workspaceBytes, offset + size);
  }
  return { ops: ordered, capacity, offsets, lifetimes, workspaceBytes };
}

function lifetimesOf(ops: readonly Op[]): Map<Buffer, Lifetime> {
  const lifetimes = new Map<Buffer, Lifetime>();
  const written = new Set<Buffer>();
  ops.forEach((op, index) => {
    const row: OpRow = table[op.name];
    for (const [name, buffer] of Object.entries(op.operands)) {
      if (buffer === undefined || buffer.address !== undefined) continue;
      const { access } = row.operands[name]!;
      const lifetime = lifetimes.get(buffer) ?? { first: index, last: index };
      lifetime.last = index;
      // Never written before it is read: an input, filled before the program starts.
      if (access !== "write" && !written.has(buffer)) lifetime.first = 0;
      // Prepared once and read by many runs: nothing else may use the place.
      if (op.span === "prepare" && access !== "read") buffer.keep = true;
      if (access !== "read") written.add(buffer);
      lifetimes.set(buffer, lifetime);
    }
  });
  for (const [buffer, lifetime] of lifetimes) {
    if (!buffer.keep) continue;
    lifetime.last = ops.length;
    if (!written.has(buffer) || isPrepared(ops, buffer)) lifetime.first = 0;
  }
  return lifetimes;
}

function isPrepared(ops: readonly Op[], buffer: Buffer): boolean {
  return ops.some((op) => op.span === "prepare" && Object.values(op.operands).includes(buffer));
}
