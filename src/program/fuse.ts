/**
 * Rewrites a program before it is planned: what follows a matrix product element by element moves into its epilogue. Forward
 * that is an activation; the product writes the value before it too if anything else (a gradient, a shortcut) reads it.
 * Backward it is the factor of a dropout's mask, where there is one (maskless.ts), and the gradient of an activation.
 * A relu after a batch normalization moves into that, if nothing else reads what it is given.
 */
import * as abi from "../../assembly/abi.ts";
import { accessTable } from "./access.ts";
import type { Buffer, Op } from "./builder.ts";
import { withoutMasks } from "./maskless.ts";
import { isProductName } from "./ops.ts";

export function fuse(written: readonly Op[]): Op[] {
  const ops = withoutMasks(written);
  const { readersOf, writersOf } = accessTable(ops);
  const fused: (Op | undefined)[] = [...ops];
  /** Where the product or normalization stands that gives a buffer. */
  const producers = new Map<Buffer, number>();
  ops.forEach((op, index) => {
    if (isProductName(op.name) || isNormalization(op)) producers.set(op.operands.y!, index);
    const input = op.name === "activationGrad" ? op.operands.dy : op.operands.x;
    const at = input && producers.get(input);
    const carrier = at === undefined ? undefined : fused[at];
    if (at === undefined || carrier === undefined || carrier.span !== op.span) return;
    if (!carrier.when.every((draw) => op.when.includes(draw))) return;
    const isWanted = input!.keep || readersOf(input!).some((reader) => reader.op !== op);
    /** Whether nothing writes the buffer from the carrier's place to the op's. */
    const isThere = (buffer: Buffer) => !writersOf(buffer).some((writer) => writer.index >= at && writer.index < index);
    const rider = isNormalization(carrier) ? floored(op, carrier, isWanted) : riderOf(op, carrier, isWanted, isThere);
    if (rider === undefined) return;
    fused[at] = rider;
    fused[index] = undefined;
    producers.set(rider.operands.y!, at);
  });
  return fused.filter((op) => op !== undefined);
}

const isNormalization = ({ name }: Op) => name === "normalizeColumns" || name === "normalizeChannels";

/** The normalization with the op in it, if that is a relu. */
function floored(op: Op, normalization: Op, isWanted: boolean): Op | undefined {
  const isFree = normalization.constants.floor === Number.NEGATIVE_INFINITY && !isWanted;
  if (!isFree || op.name !== "activation" || op.sizes.kind !== abi.ACTIVATION_RELU) return undefined;
  return { ...normalization, operands: { ...normalization.operands, y: op.operands.y }, constants: { floor: 0 } };
}

/** The product with the op in its epilogue, if it can ride there. The epilogue's order is mask, then gradient; or an activation alone. */
function riderOf(op: Op, product: Op, isWanted: boolean, isThere: (buffer: Buffer) => boolean): Op | undefined {
  const { operands, sizes, constants } = product;
  const isPlain = sizes.activation === abi.ACTIVATION_NONE;
  if (op.name === "activation" && isPlain && !operands.mask) {
    return withActivation({ ...operands, y: op.operands.y, z: isWanted ? operands.y : undefined });
  }
  if (!isPlain || isWanted) return undefined;
  if (op.name === "multiply" && !operands.mask && isThere(op.operands.y!)) {
    return { ...product, operands: { ...operands, y: op.operands.z, mask: op.operands.y } };
  }
  if (op.name === "activationGrad" && isThere(op.operands.t!)) {
    return withActivation({ ...operands, y: op.operands.dx, t: op.operands.t });
  }
  return undefined;

  function withActivation(changed: Op["operands"]): Op {
    return {
      ...product,
      operands: changed,
      sizes: { ...sizes, activation: op.sizes.kind! },
      constants: { ...constants, p: op.constants.p! },
    };
  }
}
