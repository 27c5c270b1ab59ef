/**
 * For few threads: a product that packs b itself, some panels at a time, takes the place of an op that packs all of b and one that
 * multiplies, where all of a has room beside them. Each thread packs all of a for its columns: many threads share the packing of b
 * instead, and so do some where each would have few columns.
 */
import * as abi from "../../assembly/abi.ts";
import { accessTable } from "./access.ts";
import type { Op } from "./builder.ts";
import { countAt } from "./count.ts";

const MOST_RANKS = 4;
/** Columns of a thread's share, if there are several: for few of them packing all of a is much of the work. Not tuned. */
const LEAST_COLS = 64;

/** capacity: the most rows that a batch may have. ranks: of the team that runs the program. */
export function packingProducts(ops: readonly Op[], capacity: number, ranks: number): Op[] {
  if (ranks > MOST_RANKS) return [...ops];
  const { readersOf, writersOf } = accessTable(ops);
  const packs = new Map<Op, Op>();
  ops.forEach((product, index) => {
    if (product.name !== "matmul" || !fits(product, capacity)) return;
    if (ranks > 1 && countAt(product.sizes.cols!, capacity) < ranks * LEAST_COLS) return;
    const panels = product.operands.b!;
    const pack = writersOf(panels)
      .filter((writer) => writer.index < index)
      .at(-1);
    if (pack?.op.name !== "packB" || pack.op.span !== product.span || readersOf(panels).length > 1) return;
    if (!pack.op.when.every((draw) => product.when.includes(draw))) return;
    const isChanged = writersOf(pack.op.operands.b!).some((writer) => writer.index > pack.index && writer.index < index);
    if (!isChanged) packs.set(product, pack.op);
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
