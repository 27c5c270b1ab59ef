/**
 * Checks a planned and encoded program before it may run: every operand in bounds and aligned, nothing read before it is
 * written, no two live buffers on the same bytes, and all ranks meet between a write and whatever depends on it.
 * It derives all of this anew from the ops: a fault in the planner or encoder must not excuse itself.
 */
import * as abi from "../../assembly/abi.ts";
import { type Buffer, type Op, sizesAt } from "./builder.ts";
import { countAt } from "./count.ts";
import { addressOf, conflict, type Encoded, rangesOf } from "./encode.ts";
import { type OpRow, ops as table } from "./ops.ts";
import type { Plan } from "./plan.ts";
import { type Stretch, stretchesOf } from "./skips.ts";

/** @throws Error naming the op and what is wrong with it: such a program is a fault of whetstone, never of its user. */
export function verify(plan: Plan, encoded: Encoded, workspace: number): void {
  const fail = (op: Op, message: string): never => {
    throw new Error(`step program: ${op.label ? `${op.label}: ` : ""}${op.name}: ${message}`);
  };
  checkOperands(plan, workspace, fail);
  const stretches = stretchesOf(plan.ops);
  checkOrder(plan, stretches, fail);
  checkDisjoint(plan, workspace, fail);
  checkBarriers(plan, encoded, workspace, stretches, fail);
}

type Fail = (op: Op, message: string) => never;

function eachOperand(op: Op, visit: (buffer: Buffer, access: "read" | "write" | "update", name: string) => void): void {
  const row: OpRow = table[op.name];
  for (const [name, buffer] of Object.entries(op.operands)) if (buffer !== undefined) visit(buffer, row.operands[name]!.access, name);
}

function checkOperands(plan: Plan, workspace: number, fail: Fail): void {
  for (const op of plan.ops) {
    const row: OpRow = table[op.name];
    const sizes = sizesAt(op, plan.capacity);
    for (const [name, value] of Object.entries(sizes)) {
      if (!(Number.isInteger(value) && value >= 0 && value < 0x80000000)) fail(op, `size ${name} is ${value}`);
    }
    // Of a small product the scratch holds b, in whole vectors of columns; of one that packs b, a block of a.
    const { rows = 0, inner = 0, cols = 0 } = sizes;
    if (op.name === "matmulSmall" && inner * Math.ceil(cols / 4) * 16 > abi.SCRATCH_BYTES) fail(op, "b does not fit into the scratch");
    if (op.name === "matmulPacking" && rows * Math.min(inner, abi.GEMM_KC) * 4 > abi.WHOLE_A_BYTES)
      fail(op, "a does not fit into the scratch");
    for (const [name, value] of Object.entries(op.constants)) if (Number.isNaN(value)) fail(op, `constant ${name} is NaN`);
    eachOperand(op, (buffer, _, name) => {
      const address = addressOf(plan, workspace, buffer);
      if (!(address > 0 && address % 4 === 0)) fail(op, `operand ${name} (${buffer.name}) is at ${address}`);
      if (buffer.address === undefined && address % 64 !== 0) fail(op, `operand ${name} (${buffer.name}) is not on a line`);
      const needed = row.operands[name]!.words(sizes);
      const held = Math.ceil(countAt(buffer.words, plan.capacity) / 16) * 16;
      if (needed > held) fail(op, `operand ${name} (${buffer.name}) touches ${needed} words of ${held}`);
      if (buffer.address === undefined && plan.offsets.get(buffer)! + held * 4 > plan.workspaceBytes)
        fail(op, `${buffer.name} leaves the workspace`);
    });
  }
}

/**
 * Planned buffers that no op writes are inputs; the others must be written first, and not only in steps that jump elsewhere:
 * a write counts under its conditions, and two under opposite ones together without them.
 */
function checkOrder(plan: Plan, stretches: readonly (readonly Stretch[])[], fail: Fail): void {
  const writers = new Set<Buffer>();
  for (const op of plan.ops) eachOperand(op, (buffer, access) => access === "write" && writers.add(buffer));
  const written = new Map<Buffer, string[][]>();
  plan.ops.forEach((op, index) => {
    const around = stretches[index]!;
    const conditions = around.map(({ condition }) => condition);
    eachOperand(op, (buffer, access, name) => {
      if (access === "write" || buffer.address !== undefined || !writers.has(buffer)) return;
      const isWritten = written.get(buffer)?.some((under) => under.every((condition) => conditions.includes(condition)));
      if (!isWritten) fail(op, `reads ${name} (${buffer.name}) before it is written`);
    });
    eachOperand(op, (buffer, access) => {
      if (access === "read" || buffer.address !== undefined) return;
      const under = written.get(buffer) ?? [];
      written.set(buffer, under);
      under.push(conditions);
      const last = around.at(-1);
      if (last === undefined) return;
      const outer = conditions.slice(0, -1);
      const isEitherWay = under.some((other) => other.at(-1) === last.opposite && other.slice(0, -1).join() === outer.join());
      if (isEitherWay) under.push(outer);
    });
  });
}

/** Walks the ops with a picture of which buffer owns which bytes: a value must still be its own when it is read. */
function checkDisjoint(plan: Plan, workspace: number, fail: Fail): void {
  const live: { buffer: Buffer; begin: number; end: number }[] = [];
  const bytes = (buffer: Buffer) => Math.max(4, countAt(buffer.words, plan.capacity) * 4);
  const claim = (buffer: Buffer, op: Op) => {
    const begin = addressOf(plan, workspace, buffer);
    const end = begin + bytes(buffer);
    for (let i = live.length - 1; i >= 0; i--) {
      const other = live[i]!;
      if (other.buffer === buffer || !(other.begin < end && begin < other.end)) continue;
      if (other.buffer.keep) fail(op, `${buffer.name} would overwrite ${other.buffer.name}, which must be kept`);
      live.splice(i, 1);
    }
    if (!live.some((other) => other.buffer === buffer)) live.push({ buffer, begin, end });
  };
  const written = new Set<Buffer>();
  for (const op of plan.ops) eachOperand(op, (buffer, access) => access !== "read" && written.add(buffer));
  for (const op of plan.ops) eachOperand(op, (buffer) => buffer.address === undefined && !written.has(buffer) && claim(buffer, op));
  for (const op of plan.ops) {
    eachOperand(op, (buffer, access) => access === "write" && buffer.address === undefined && claim(buffer, op));
    eachOperand(op, (buffer, access, name) => {
      if (access === "write" || buffer.address !== undefined) return;
      if (!live.some((other) => other.buffer === buffer)) fail(op, `${name} (${buffer.name}) was overwritten before this op reads it`);
    });
  }
}

/** Ranks that did not pass a barrier since an op may still be at it; one that a jump can pass over holds only what it stands among. */
function checkBarriers(plan: Plan, encoded: Encoded, workspace: number, stretches: readonly (readonly Stretch[])[], fail: Fail): void {
  if (encoded.ranks.every((count) => count === 1)) return;
  const ranges = plan.ops.map((op) => rangesOf(plan, workspace, op));
  plan.ops.forEach((op, index) => {
    if (encoded.barriers[index]) return;
    const held = new Set<Stretch>();
    for (let earlier = index - 1; earlier >= 0; earlier--) {
      const around = stretches[earlier]!;
      if (!around.some((stretch) => held.has(stretch)) && (encoded.ranks[earlier]! > 1 || encoded.ranks[index]! > 1)) {
        if (plan.ops[earlier]!.name === "guard" && encoded.ranks[index]! > 1) fail(op, "needs a barrier after guard");
        if (conflict(ranges[earlier]!, ranges[index]!)) fail(op, `needs a barrier after ${plan.ops[earlier]!.name}`);
      }
      if (!encoded.barriers[earlier]) continue;
      if (around.every((stretch) => stretches[index]!.includes(stretch))) break;
      held.add(around.at(-1)!);
    }
  });
}
