/**
 * Dropout after a relu needs no mask for its gradient: its output is above 0 just where an element was kept and the relu let it pass,
 * and there both gradients together are dy times the factor of what is kept. So one op, which may ride on a product, does what two
 * did, and the relu's output need not outlive the forward pass. A mask that nobody reads is not written.
 * No bit of a finite gradient changes; of one that is not, a dropped element's is 0 where 0 times infinity was NaN.
 */
import * as abi from "../../assembly/abi.ts";
import { type AccessTable, accessTable } from "./access.ts";
import type { Op } from "./builder.ts";

export function withoutMasks(ops: readonly Op[]): Op[] {
  const drops = ops.filter(({ name, operands }) => name === "dropout" && operands.mask);
  const accesses = accessTable(ops);
  /** What becomes of an op: another, or nothing. */
  const changed = new Map<Op, Op | undefined>();
  for (const drop of drops) {
    const factors = accesses.readersOf(drop.operands.mask!);
    for (const { op: factor } of factors) {
      const slope = slopeAfter(factor, drop, accesses);
      if (slope === undefined) continue;
      changed.set(factor, undefined);
      const operands = { ...slope.operands, dy: factor.operands.x, t: drop.operands.y };
      changed.set(slope, { ...slope, operands, constants: { p: slope.constants.p! * drop.constants.scale! } });
    }
    if (factors.every(({ op }) => changed.has(op))) changed.set(drop, { ...drop, operands: { ...drop.operands, mask: undefined } });
  }
  return ops.flatMap((op) => (changed.has(op) ? (changed.get(op) ?? []) : op));
}

/** The gradient of the relu before the dropout, if it alone reads what the mask's factor gives, in the steps in which the mask is drawn. */
function slopeAfter(factor: Op, drop: Op, { readersOf, writersOf }: AccessTable): Op | undefined {
  const { name, operands } = factor;
  if (name !== "multiply" || operands.y !== drop.operands.mask || operands.z!.keep) return undefined;
  const readers = readersOf(operands.z!);
  const slope = readers[0]?.op;
  const isRelu = slope?.name === "activationGrad" && slope.sizes.kind === abi.ACTIVATION_RELU && slope.operands.t === drop.operands.x;
  if (!isRelu || readers.length > 1 || !drop.when.every((draw) => slope.when.includes(draw))) return undefined;
  return writersOf(drop.operands.y!).some(({ op }) => op !== drop) ? undefined : slope;
}
