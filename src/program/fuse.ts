/**
 * Rewrites a program before it is planned: an activation that follows a matrix product moves into the product's epilogue.
 * The product writes the value before the activation too if anything else (a gradient, a shortcut) reads it.
 */
import * as abi from "../../assembly/abi.ts";
import type { Buffer, Op } from "./builder.ts";
import { type OpRow, ops as table } from "./ops.ts";

export function fuse(ops: readonly Op[]): Op[] {
  const fused: (Op | undefined)[] = [...ops];
  const producers = new Map<Buffer, number>();
  ops.forEach((op, index) => {
    if (op.name === "matmul" || op.name === "matmulFew") producers.set(op.operands.y!, index);
  });
  ops.forEach((op, index) => {
    if (op.name !== "activation") return;
    const x = op.operands.x!;
    const at = producers.get(x);
    const product = at === undefined ? undefined : fused[at];
    if (at === undefined || product === undefined || product.operands.y !== x || product.sizes.activation !== abi.ACTIVATION_NONE) return;
    if (product.span !== op.span || !product.when.every((draw) => op.when.includes(draw))) return;
    const z = x.keep || isReadElsewhere(ops, index, x) ? x : undefined;
    fused[at] = {
      ...product,
      operands: { ...product.operands, y: op.operands.y, z },
      sizes: { ...product.sizes, activation: op.sizes.kind! },
      constants: { ...product.constants, p: op.constants.p! },
    };
    fused[index] = undefined;
  });
  return fused.filter((op) => op !== undefined);
}

function isReadElsewhere(ops: readonly Op[], except: number, buffer: Buffer): boolean {
  return ops.some((op, index) => {
    if (index === except) return false;
    const row: OpRow = table[op.name];
    return Object.entries(op.operands).some(([name, operand]) => operand === buffer && row.operands[name]!.access !== "write");
  });
}
