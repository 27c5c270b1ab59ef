/** Which dropouts do without a mask, and what becomes of their gradients. That no bit changes: fuse.test.ts. */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { type Buffer, Builder, type Op } from "../../src/program/builder.ts";
import { perRow } from "../../src/program/count.ts";
import { withoutMasks } from "../../src/program/maskless.ts";

const COUNT = perRow(8);
const names = (ops: readonly Op[]) => ops.map(({ name }) => name).join(" ");

interface Parts {
  builder: Builder;
  x: Buffer;
  activated: Buffer;
  y: Buffer;
  mask: Buffer;
  masked: Buffer;
}

/** An activation, a dropout, and both gradients; `then` writes what else there is. */
function written(then: (parts: Parts) => void = () => {}, { kind = abi.ACTIVATION_RELU, gradientAt = "activated" } = {}): Op[] {
  const builder = new Builder("train", 32);
  const buffer = (name: string) => builder.buffer(name, COUNT);
  const [x, dy] = [builder.fixed("x", 4096, COUNT), builder.fixed("dy", 8192, COUNT)];
  const parts = { builder, x, activated: buffer("activated"), y: buffer("y"), mask: buffer("mask"), masked: buffer("masked") };
  const { activated, y, mask, masked } = parts;
  builder.emit("activation", { x, y: activated }, { count: COUNT, kind }, { p: 1 });
  const control = builder.fixed("control", 64, 64);
  builder.emit("dropout", { x: activated, y, mask, control }, { count: COUNT, stream: 1, threshold: 7 }, { scale: 1.25 });
  builder.inSpan("backward", () => {
    builder.emit("multiply", { x: dy, y: mask, z: masked }, { count: COUNT });
    const t = { activated, x }[gradientAt];
    builder.emit("activationGrad", { dy: masked, t, dx: buffer("dx") }, { count: COUNT, kind }, { p: 1 });
    then(parts);
  });
  return builder.ops;
}

describe("after a relu", () => {
  test("one gradient by the dropout's output, times the factor of what is kept, and no mask", () => {
    const ops = withoutMasks(written());
    expect(names(ops)).toBe("activation dropout activationGrad");
    const [, drop, slope] = ops;
    expect(drop!.operands.mask).toBeUndefined();
    expect(slope!.operands.t).toBe(drop!.operands.y);
    expect(slope!.operands.dy!.name).toBe("dy");
    expect(slope!.constants.p).toBe(1.25);
  });

  test.each<[what: string, ops: () => Op[]]>([
    ["another activation, whose output is not 0 where the slope is", () => written(undefined, { kind: abi.ACTIVATION_LEAKY_RELU })],
    ["a slope that is not of the dropout's input", () => written(undefined, { gradientAt: "x" })],
    ["a masked gradient that something else reads", () => written(({ builder, masked, x }) => sum(builder, masked, x))],
    [
      "a masked gradient that somebody outside reads",
      () =>
        written(({ masked }) => {
          masked.keep = true;
        }),
    ],
    [
      "an output that something writes over",
      () => written(({ builder, y }) => builder.emit("fill", { y }, { count: COUNT }, { value: 0 })),
    ],
  ])("not with %s", (_, ops) => {
    const before = ops();
    expect(withoutMasks(before)).toEqual(before);
  });

  test("not where the mask itself is multiplied by something", () => {
    const ops = written().map((op) =>
      op.name === "multiply" ? { ...op, operands: { ...op.operands, x: op.operands.y, y: op.operands.x } } : op,
    );
    expect(withoutMasks(ops)).toEqual(ops);
  });

  test("the factor of a slope that has one already is kept", () => {
    const ops = written().map((op) => (op.name === "activationGrad" ? { ...op, constants: { p: 2 } } : op));
    expect(withoutMasks(ops)[2]!.constants.p).toBe(2.5);
  });

  test("nothing is left to do the second time", () => {
    const ops = withoutMasks(written());
    expect(withoutMasks(ops)).toEqual(ops);
  });

  test("a mask that something else reads is written, though the gradient does without it", () => {
    const ops = withoutMasks(written(({ builder, mask, x }) => sum(builder, mask, x)));
    expect(names(ops)).toBe("activation dropout activationGrad add");
    expect(ops[1]!.operands.mask!.name).toBe("mask");
  });

  test("not where the dropout is in a branch that the gradient does not know of", () => {
    const ops = written();
    const draw = { stream: 3, threshold: 9, isKept: true, control: ops[0]!.operands.x! };
    const branch = ops.map((op) => (op.name === "dropout" ? { ...op, when: [draw] } : op));
    expect(withoutMasks(branch)).toEqual(branch);
    const whole = ops.map((op) => ({ ...op, when: [draw] }));
    expect(names(withoutMasks(whole))).toBe("activation dropout activationGrad");
  });
});

test("a mask that nobody reads, as in averaged predictions, is not written", () => {
  const ops = withoutMasks(written().filter(({ span }) => span === "forward"));
  expect(names(ops)).toBe("activation dropout");
  expect(ops[1]!.operands.mask).toBeUndefined();
});

function sum(builder: Builder, x: Buffer, y: Buffer): void {
  builder.emit("add", { x, y, z: builder.buffer("sum", COUNT) }, { count: COUNT });
}
