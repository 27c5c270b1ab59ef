/** Jumps of a step program: where they stand, and that the verifier finds what is wrong with a program that has them. */
import { describe, expect, test } from "vitest";
import { type Buffer, Builder, type Op, type Value } from "../../src/program/builder.ts";
import { perRow } from "../../src/program/count.ts";
import { encode } from "../../src/program/encode.ts";
import { drawOf, optional } from "../../src/program/optional.ts";
import { plan } from "../../src/program/plan.ts";
import { print } from "../../src/program/print.ts";
import { stretchesOf } from "../../src/program/skips.ts";
import { verify } from "../../src/program/verify.ts";

const COUNT = 160;
const count = perRow(COUNT);
const WORKSPACE = 65536;

interface Parts {
  builder: Builder;
  control: Buffer;
  x: Value;
  double: (from: Buffer, name: string) => Buffer;
}

function start(): Parts {
  const builder = new Builder("train", 4);
  const control = builder.fixed("control", 64, 16);
  const x: Value = { buffer: builder.fixed("x", 4096, count), shape: [COUNT], needsGradient: false };
  const double = (from: Buffer, name: string) => {
    const y = builder.buffer(name, count);
    builder.emit("add", { x: from, y: from, z: y }, { count });
    return y;
  };
  return { builder, control, x, double };
}

const check = (ops: readonly Op[], ranks: number, change: (barriers: boolean[]) => void = () => {}) => {
  const planned = plan(ops, 4);
  const encoded = encode(
    planned,
    WORKSPACE,
    planned.ops.map(({ name }) => (name === "skip" ? 1 : ranks)),
  );
  const barriers = [...encoded.barriers];
  change(barriers);
  verify(planned, { ...encoded, barriers }, WORKSPACE);
  return { planned, barriers };
};

/** Places that nobody takes over: barriers then stand for values alone. */
const kept = (ops: readonly Op[]): readonly Op[] => {
  for (const { operands } of ops) if (operands.z) operands.z.keep = true;
  return ops;
};

/** before; [skip a b]; [else zeros]; after = before + branch */
function branch(): Op[] {
  const { builder, control, x, double } = start();
  const before = double(x.buffer, "before");
  const value = { ...x, buffer: before };
  const y = optional(builder, drawOf(3, 0.25, control), value, () => ({ ...x, buffer: double(double(before, "a"), "b") }));
  const after = builder.buffer("after", count);
  after.keep = true;
  builder.emit("add", { x: before, y: y.buffer, z: after }, { count });
  return builder.ops;
}

test("a branch is jumped over when dropped, its zeros when kept", () => {
  expect(print(plan(branch(), 4).ops).replaceAll(/ +/g, " ").split("\n")).toEqual([
    "forward add x=x y=x *z=before count=160B",
    "forward skip records=2 stream=3 threshold=536870912 whenKept=0",
    "forward add x=before y=before *z=a count=160B",
    "forward add x=a y=a *z=b count=160B",
    "forward skip records=1 stream=3 threshold=536870912 whenKept=1",
    "forward fill *y=b count=160B value=0",
    "forward add x=before y=b *z=after count=160B",
  ]);
});

test("jumps within jumps", () => {
  const { builder, control, x, double } = start();
  const [outer, inner] = [drawOf(1, 0.5, control), drawOf(2, 0.5, control)];
  builder.when(outer, () => {
    const a = double(x.buffer, "a");
    builder.when(inner, () => double(a, "b"));
    double(a, "c");
  });
  const { ops } = plan(builder.ops, 4);
  expect(ops.map(({ name, sizes }) => (name === "skip" ? sizes.records : name))).toEqual([4, "add", 1, "add", "add"]);
  expect(stretchesOf(ops).map((around) => around.map(({ condition }) => condition).join(" "))).toEqual([
    "",
    "1:kept",
    "1:kept",
    "1:kept 2:kept",
    "1:kept",
  ]);
});

describe("barriers", () => {
  test("one inside a branch does not serve what comes after it", () => {
    const { barriers } = check(branch(), 3);
    // "b" waits for "a"; the zeros for the branch; "after" for "before", whichever way the ranks came.
    expect(barriers).toEqual([false, false, true, true, false, true, true]);
  });

  test("one that a jump passes over does not count for what follows", () => {
    const { builder, control, x, double } = start();
    const before = double(x.buffer, "before");
    builder.when(drawOf(3, 0.25, control), () => double(before, "inside"));
    double(before, "after");
    // "after" reads what "before" wrote: those who jumped have not met yet.
    expect(check(kept(builder.ops), 3).barriers).toEqual([false, false, true, true]);
  });

  test("of two jumps that end at one place, neither is forgotten", () => {
    const { builder, control, x, double } = start();
    const before = double(x.buffer, "before");
    builder.when(drawOf(3, 0.25, control), () => {
      const inside = double(before, "inside");
      builder.when(drawOf(4, 0.25, control), () => double(inside, "deeper"));
    });
    double(before, "after");
    const { planned, barriers } = check(kept(builder.ops), 3);
    expect(planned.ops.map(({ name }) => name)).toEqual(["add", "skip", "add", "skip", "add", "add"]);
    expect(barriers).toEqual([false, false, true, false, true, true]);
  });

  test.each([2, 3, 5, 6])("the one before record %i is missed", (at) => {
    const without = () =>
      check(branch(), 3, (barriers) => {
        barriers[at] = false;
      });
    expect(without).toThrow("needs a barrier after");
  });
});

test("what only a branch writes can't be read outside", () => {
  const { builder, control, x, double } = start();
  const draw = drawOf(1, 0.5, control);
  const inside = builder.when(draw, () => double(x.buffer, "inside"));
  double(inside, "outside");
  expect(() => check(builder.ops, 1)).toThrow("add: reads x (inside) before it is written");
  const other = start();
  const kept = other.builder.when(draw, () => other.double(other.x.buffer, "kept"));
  other.builder.when({ ...draw, isKept: false }, () => other.double(kept, "wrong"));
  expect(() => check(other.builder.ops, 1)).toThrow("add: reads x (kept) before it is written");
});

test("a jump out of its place", () => {
  const { ops } = plan(branch(), 4);
  const broken = ops.map((op, i) => (i === 4 ? { ...op, sizes: { ...op.sizes, records: 9 } } : op));
  expect(() => stretchesOf(broken)).toThrow("skip at record 4 jumps over 9 records, out of its place");
});
