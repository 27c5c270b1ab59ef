/**
 * For one thread: a product that packs b itself, some panels at a time, takes the place of an op that packs all of b and one that
 * multiplies, where all of a has room beside them. Threads share the packing instead: each would do all of b's for its rows, or all of
 * a's for its columns.
 */
import * as abi from "../../assembly/abi.ts";
import { accesses, readersOf } from "./access.ts";
import type { Buffer, Op } from "./builder.ts";
import { countAt } from "./count.ts";

/** capacity: the most rows that a batch may have. */
export function packingProducts(ops: readonly Op[], capacity: number): Op[] {
  /** By the panels that it writes: the last op that packs them. */
  const lastPack = new Map<Buffer, Op>();
  const packs = new Map<Op, Op>();
  ops.forEach((op, index) => {
    if (op.name === "packB") lastPack.set(op.operands.packed!, op);
    const pack = op.name === "matmul" ? lastPack.get(op.operands.b!) : undefined;
    if (pack && fits(op, capacity) && isFree(pack, op, ops, index)) packs.set(op, pack);
  });
  const gone = new Set(packs.values());
  return ops.flatMap((op): Op[] => {
    const pack = packs.get(op);
    if (pack) return [{ ...op, name: "matmulPacking", operands: { ...op.operands, b: pack.operands.b } }];
    return gone.has(op) ? [] : [op];
  });
}

/** Whether all of a has room in the scratch. */
function fits({ sizes }: Op, capacity: number): boolean {
  return countAt(sizes.rows!, capacity) * Math.min(countAt(sizes.inner!, capacity), abi.GEMM_KC) * 4 <= abi.WHOLE_A_BYTES;
}

/** Whether the op that packs is of use to the product alone, runs whenever that does, and b is the same still. */
function isFree(pack: Op, product: Op, ops: readonly Op[], index: number): boolean {
  if (pack.span !== product.span || !pack.when.every((draw) => product.when.includes(draw))) return false;
  if (readersOf(ops, product.operands.b!).length > 1) return false;
  const between = ops.slice(ops.indexOf(pack) + 1, index);
  return !between.some((op) => accesses(op, pack.operands.b!).some((access) => access !== "read"));
}
