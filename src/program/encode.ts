/**
 * Turns a planned program into the records that the interpreter walks, and says where its spans begin and end.
 * Record layout: assembly/abi.ts.
 */
import * as abi from "../../assembly/abi.ts";
import { type Buffer, type Op, type Span, sizesAt, spans } from "./builder.ts";
import type { Count } from "./count.ts";
import { type OpRow, ops as table } from "./ops.ts";
import type { Plan } from "./plan.ts";

export interface Encoded {
  readonly bytes: Uint8Array;
  /** Numbers of the first record and of one past the last, by span. */
  readonly spans: Readonly<Record<Span, readonly [from: number, to: number]>>;
  /** Ranks that take part in each op. */
  readonly ranks: readonly number[];
  /** Whether all ranks meet before each op. */
  readonly barriers: readonly boolean[];
}

/** A byte range of linear memory that an op reads or writes. */
export interface Range {
  readonly begin: number;
  readonly end: number;
  readonly isWritten: boolean;
}

export function addressOf(plan: Plan, workspace: number, buffer: Buffer): number {
  return buffer.address ?? workspace + plan.offsets.get(buffer)!;
}

/** What op touches at the program's capacity. */
export function rangesOf(plan: Plan, workspace: number, op: Op): Range[] {
  const row: OpRow = table[op.name];
  const sizes = sizesAt(op, plan.capacity);
  return Object.entries(op.operands).flatMap(([name, buffer]) => {
    if (buffer === undefined) return [];
    const operand = row.operands[name]!;
    const begin = addressOf(plan, workspace, buffer);
    return [{ begin, end: begin + operand.words(sizes) * 4, isWritten: operand.access !== "read" }];
  });
}

export function conflict(a: readonly Range[], b: readonly Range[]): boolean {
  return a.some((x) => b.some((y) => (x.isWritten || y.isWritten) && x.begin < y.end && y.begin < x.end));
}

/** `ranks`: how many ranks take part in each op. `parts`: of each rank's share. */
export function encode(plan: Plan, workspace: number, ranks: readonly number[], parts: readonly number[] = ranks.map(() => 0)): Encoded {
  const barriers = placeBarriers(plan, workspace, ranks);
  const bytes = new Uint8Array(plan.ops.length * abi.RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  plan.ops.forEach((op, index) => {
    const row: OpRow = table[op.name];
    const at = index * abi.RECORD_BYTES;
    view.setUint32(at + abi.RECORD_CODE, row.code, true);
    view.setUint32(at + abi.RECORD_FLAGS, barriers[index] ? abi.FLAG_BARRIER : 0, true);
    view.setUint32(at + abi.RECORD_RANKS, ranks[index]!, true);
    view.setUint32(at + abi.RECORD_PARTS, parts[index]!, true);
    Object.keys(row.operands).forEach((name, k) => {
      const buffer = op.operands[name];
      view.setUint32(at + abi.RECORD_OPERANDS + 4 * k, buffer === undefined ? 0 : addressOf(plan, workspace, buffer), true);
    });
    row.sizes.forEach((name, k) => {
      view.setUint32(at + abi.RECORD_SIZES + 4 * k, encodeCount(op.sizes[name]!), true);
    });
    row.constants.forEach((name, k) => {
      view.setFloat32(at + abi.RECORD_CONSTANTS + 4 * k, op.constants[name]!, true);
    });
  });
  return { bytes, spans: spansOf(plan.ops), ranks, barriers };
}

function encodeCount(count: Count): number {
  return typeof count === "number" ? count : (count.perRow | abi.SIZE_PER_ROW) >>> 0;
}

/**
 * A barrier stands before an op that touches what an op since the last barrier wrote, or writes what one read; and after the
 * guard before anything shared, since rank 0 alone knows whether the program goes on. One that a jump may pass over does not
 * count for what follows.
 */
function placeBarriers(plan: Plan, workspace: number, ranks: readonly number[]): boolean[] {
  interface Open {
    readonly ranges: Range[];
    readonly isShared: boolean;
    readonly isGuard: boolean;
  }
  if (ranks.every((count) => count === 1)) return ranks.map(() => false);
  let open: Open[] = [];
  // What was open where a jump began, by where it ends: there the ranks come either from before it or out of the stretch.
  const jumps = new Map<number, Open[]>();
  return plan.ops.map((op, index) => {
    const before = jumps.get(index);
    if (before) open = [...new Set([...before, ...open])];
    const ranges = rangesOf(plan, workspace, op);
    const isShared = ranks[index]! > 1;
    const needed = open.some(
      (earlier) => (isShared && earlier.isGuard) || ((isShared || earlier.isShared) && conflict(earlier.ranges, ranges)),
    );
    if (needed) open = [];
    open.push({ ranges, isShared, isGuard: op.name === "guard" });
    if (op.name === "skip") {
      const end = index + 1 + (op.sizes.records as number);
      jumps.set(end, [...(jumps.get(end) ?? []), ...open]);
    }
    return needed;
  });
}

function spansOf(ops: readonly Op[]): Record<Span, readonly [number, number]> {
  let from = 0;
  const entries = spans.map((span) => {
    const to = from + ops.filter((op) => op.span === span).length;
    const entry = [span, [from, to]] as const;
    from = to;
    return entry;
  });
  return Object.fromEntries(entries) as Record<Span, readonly [number, number]>;
}
