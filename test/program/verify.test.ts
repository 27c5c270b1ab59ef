/** The verifier rejects programs with one fault each, and says which op is at fault. */
import { describe, expect, test } from "vitest";
import { type Buffer, Builder, type Op } from "../../src/program/builder.ts";
import { perRow } from "../../src/program/count.ts";
import { conflict, encode, rangesOf } from "../../src/program/encode.ts";
import { type Plan, plan } from "../../src/program/plan.ts";
import { product, rowMajor } from "../../src/program/product.ts";
import { verify } from "../../src/program/verify.ts";

const WORKSPACE = 4096;

/** y = relu(x), z = relu(y), sum = y + z; x and sum lie outside. */
function sound() {
  const builder = new Builder("train", 4);
  const x = builder.fixed("x", 64, perRow(20));
  const out = builder.fixed("out", 512, perRow(20));
  const [y, z] = [builder.buffer("y", perRow(20)), builder.buffer("z", perRow(20))];
  builder.label = "layer 0 (relu)";
  builder.emit("activation", { x, y }, { count: perRow(20), kind: 1 }, { p: 0 });
  builder.emit("activation", { x: y, y: z }, { count: perRow(20), kind: 1 }, { p: 0 });
  builder.label = "";
  builder.emit("add", { x: y, y: z, z: out }, { count: perRow(20) });
  return { builder, x, y, z, out };
}

interface Parts {
  plan: Plan;
  buffers: Record<"x" | "y" | "z" | "out", Buffer>;
}

function check(change: (parts: Parts) => Plan | undefined, { ranks = 1, dropBarriers = false } = {}): void {
  const { builder, ...buffers } = sound();
  const first = plan(builder.ops, 4);
  const changed = change({ plan: first, buffers }) ?? first;
  const encoded = encode(
    changed,
    WORKSPACE,
    changed.ops.map(() => ranks),
  );
  verify(changed, dropBarriers ? { ...encoded, barriers: encoded.barriers.map(() => false) } : encoded, WORKSPACE);
}

const withOps = (before: Plan, change: (op: Op, index: number) => Op): Plan => ({ ...before, ops: before.ops.map(change) });
const withOffset = (before: Plan, buffer: Buffer, offset: number): Plan => ({
  ...before,
  offsets: new Map(before.offsets).set(buffer, offset),
});

test("a sound program passes, alone and as a team", () => {
  expect(() => check(() => undefined)).not.toThrow();
  expect(() => check(() => undefined, { ranks: 2 })).not.toThrow();
});

test("an op's ranges are the bytes of its operands, to the last word at the program's capacity", () => {
  const builder = new Builder("train", 4);
  const x = builder.fixed("x", 4096, perRow(40));
  const y = builder.fixed("y", 8192, perRow(40));
  builder.emit("activation", { x, y }, { count: perRow(40), kind: 1 }, { p: 0 });
  const [read, written] = rangesOf(plan(builder.ops, 4), 65536, builder.ops[0]!);
  expect(read).toEqual({ begin: 4096, end: 4096 + 4 * 160, isWritten: false });
  expect(written).toEqual({ begin: 8192, end: 8192 + 4 * 160, isWritten: true });
  const after = { begin: 8192 + 4 * 160, end: 8192 + 4 * 170, isWritten: true };
  expect(conflict([written!], [after])).toBe(false);
  expect(conflict([written!], [{ ...after, begin: after.begin - 4 }])).toBe(true);
});

test("a product that packs b itself must have room for all of a", () => {
  const verified = (rows: number, inner: number) => {
    const builder = new Builder("train", 16);
    const [a, b, y] = [
      builder.fixed("a", 1 << 20, rows * inner),
      builder.fixed("b", 1 << 22, inner * 8),
      builder.fixed("y", 1 << 24, rows * 8),
    ];
    product(builder, y, rowMajor(a, inner), rowMajor(b, 8), { rows, cols: 8, inner });
    const { sizes, ...op } = builder.ops.at(-1)!;
    const packing = { ...op, sizes, name: "matmulPacking" as const, operands: { a, b, y } };
    const program = plan([packing], 16);
    return () => verify(program, encode(program, WORKSPACE, [1]), WORKSPACE);
  };
  expect(verified(256, 512)).not.toThrow();
  expect(verified(256, 1030)).not.toThrow(); // by blocks of 512
  expect(verified(257, 512)).toThrow("matmulPacking: a does not fit into the scratch");
  expect(verified(2048, 64)).not.toThrow();
  expect(verified(2049, 64)).toThrow("matmulPacking: a does not fit into the scratch");
});

test("a small product must fit into the scratch, and the planner gives it none that does not", () => {
  const programOf = (cols: number, inner: number, force: boolean) => {
    const builder = new Builder("train", 16);
    const [a, b, y] = [
      builder.fixed("a", 1 << 20, perRow(inner)),
      builder.fixed("b", 1 << 21, inner * cols),
      builder.fixed("y", 1 << 22, perRow(cols)),
    ];
    const sizes = { rows: perRow(1), cols, inner };
    product(builder, y, rowMajor(a, inner), rowMajor(b, cols), sizes);
    const [op] = builder.ops.slice(-1);
    const ops = force ? [{ ...op!, name: "matmulSmall" as const, operands: { a, b, y } }] : builder.ops;
    return { ...plan(ops, 16), workspaceBytes: 1 << 30 };
  };
  const verified = (program: Plan) =>
    verify(
      program,
      encode(
        program,
        WORKSPACE,
        program.ops.map(() => 1),
      ),
      WORKSPACE,
    );
  const namesOf = ({ ops }: Plan) => ops.map(({ name }) => name).join(" ");
  expect(namesOf(programOf(16, 128, false))).toBe("matmulSmall"); // 32,768 multiply-adds
  expect(namesOf(programOf(16, 129, false))).toBe("packB matmul");
  expect(namesOf(programOf(3, 512, false))).toBe("matmulSmall");
  expect(namesOf(programOf(3, 513, false))).toBe("packB matmul"); // inner is longer than a block
  expect(() => verified(programOf(128, 1282, true))).not.toThrow(); // 1282 rows of 128: all of the scratch
  expect(() => verified(programOf(128, 1283, true))).toThrow("matmulSmall: b does not fit into the scratch");
  expect(() => verified(programOf(129, 1244, true))).toThrow("matmulSmall: b does not fit into the scratch");
});

describe("rejects", () => {
  const cases: [string, (parts: Parts) => Plan, string][] = [
    [
      "an operand that is too small",
      ({ plan: p }) => withOps(p, (op, i) => (i === 0 ? { ...op, sizes: { ...op.sizes, count: perRow(21) } } : op)),
      "step program: layer 0 (relu): activation: operand x (x) touches 96 words of 80",
    ],
    [
      "a place outside of the workspace",
      ({ plan: p, buffers: { z } }) => withOffset(p, z, p.workspaceBytes - 64),
      "step program: layer 0 (relu): activation: z leaves the workspace",
    ],
    [
      "a place between two lines",
      ({ plan: p, buffers: { y } }) => withOffset(p, y, 4),
      "step program: layer 0 (relu): activation: operand y (y) is not on a line",
    ],
    [
      "an address between two words",
      ({ plan: p, buffers: { x } }) =>
        withOps(p, (op, i) => (i === 0 ? { ...op, operands: { ...op.operands, x: { ...x, address: 66 } } } : op)),
      "step program: layer 0 (relu): activation: operand x (x) is at 66",
    ],
    [
      "address 0, which means absent",
      ({ plan: p, buffers: { x } }) =>
        withOps(p, (op, i) => (i === 0 ? { ...op, operands: { ...op.operands, x: { ...x, address: 0 } } } : op)),
      "step program: layer 0 (relu): activation: operand x (x) is at 0",
    ],
    [
      "a value that is read before it is written",
      ({ plan: p }) => ({ ...p, ops: [p.ops[1], p.ops[0], p.ops[2]] }),
      "step program: layer 0 (relu): activation: reads x (y) before it is written",
    ],
    [
      "two living values in one place",
      ({ plan: p, buffers: { y, z } }) => withOffset(p, z, p.offsets.get(y)!),
      "step program: layer 0 (relu): activation: x (y) was overwritten before this op reads it",
    ],
    [
      "values that overlap by a line",
      ({ plan: p, buffers: { y, z } }) => withOffset({ ...p, workspaceBytes: 4096 }, z, p.offsets.get(y)! + 256),
      "step program: layer 0 (relu): activation: x (y) was overwritten before this op reads it",
    ],
    [
      "a negative size",
      ({ plan: p }) => withOps(p, (op, i) => (i === 2 ? { ...op, sizes: { count: -1 } } : op)),
      "step program: add: size count is -1",
    ],
    [
      "half a size",
      ({ plan: p }) => withOps(p, (op, i) => (i === 2 ? { ...op, sizes: { count: 0.5 } } : op)),
      "step program: add: size count is 0.5",
    ],
    [
      "a constant that is NaN",
      ({ plan: p }) => withOps(p, (op, i) => (i === 1 ? { ...op, constants: { p: Number.NaN } } : op)),
      "step program: layer 0 (relu): activation: constant p is NaN",
    ],
  ];
  test.each(cases)("%s", (_, change, message) => {
    expect(() => check(change)).toThrow(new Error(message));
  });

  test("the place of a kept value taken by another", () => {
    const change = ({ plan: p, buffers: { y, z } }: Parts) => {
      y.keep = true;
      return withOffset(p, z, p.offsets.get(y)!);
    };
    expect(() => check(change)).toThrow("step program: layer 0 (relu): activation: z would overwrite y, which must be kept");
  });

  test("a team without the barrier between a write and its reader", () => {
    expect(() => check(() => undefined, { ranks: 2, dropBarriers: true })).toThrow(
      "step program: layer 0 (relu): activation: needs a barrier after activation",
    );
    expect(() => check(() => undefined, { ranks: 1, dropBarriers: true })).not.toThrow();
  });
});

test("barriers stand where one op needs another's result, and only there", () => {
  const builder = new Builder("train", 4);
  const buffer = (name: string) => builder.buffer(name, 160);
  const x = builder.fixed("x", 64, 160);
  const [a, b, c, d] = ["a", "b", "c", "d"].map(buffer);
  const relu = (from: Buffer, to: Buffer) => builder.emit("activation", { x: from, y: to }, { count: 160, kind: 1 }, { p: 0 });
  relu(x, a);
  relu(x, b); // reads the same, writes another: no barrier
  relu(a, c); // a must be whole
  relu(b, d); // b is, since the barrier before c
  builder.emit("add", { x: c, y: d, z: builder.fixed("out", 8192, 160) }, { count: 160 });
  const planned = plan(builder.ops, 4, { reuse: false });
  const encoded = encode(planned, 16384, [2, 2, 2, 2, 2]);
  expect(encoded.barriers).toEqual([false, false, true, false, true]);
  expect(encode(planned, 16384, [1, 1, 1, 1, 1]).barriers).toEqual([false, false, false, false, false]);
  expect(encode(planned, 16384, [2, 1, 2, 1, 2]).barriers).toEqual([false, false, true, false, true]);
});

test("reusing a place waits for its last reader", () => {
  const builder = new Builder("train", 4);
  const x = builder.fixed("x", 64, 160);
  const [a, b, c] = ["a", "b", "c"].map((name) => builder.buffer(name, 160));
  const relu = (from: Buffer, to: Buffer) => builder.emit("activation", { x: from, y: to }, { count: 160, kind: 1 }, { p: 0 });
  relu(x, a);
  relu(a, b);
  relu(x, c); // takes over a's place: the readers of a must be done
  const planned = plan(builder.ops, 4);
  expect(planned.offsets.get(c)).toBe(planned.offsets.get(a));
  expect(encode(planned, 16384, [2, 2, 2]).barriers).toEqual([false, true, true]);
});
