/** The planner: values that are never alive together share bytes, all others do not. */
import { describe, expect, test } from "vitest";
import { type Buffer, Builder } from "../../src/program/builder.ts";
import { perRow } from "../../src/program/count.ts";
import { bytesOf, LINE_BYTES, type Plan, plan } from "../../src/program/plan.ts";
import { fractions } from "../optimizers/rules.ts";

/** x → relu → relu → ...: `steps` values of 100 per row. */
function chain(steps: number): { builder: Builder; values: Buffer[] } {
  const builder = new Builder("infer", 10);
  const values = [builder.fixed("x", 64, perRow(100))];
  for (let i = 0; i < steps; i++) {
    const y = builder.buffer(`y${i}`, perRow(100));
    builder.emit("activation", { x: values[i], y }, { count: perRow(100), kind: 1 }, { p: 0 });
    values.push(y);
  }
  return { builder, values };
}

function expectDisjoint({ offsets, lifetimes, capacity, workspaceBytes }: Plan): void {
  const buffers = [...offsets.keys()];
  for (const [i, a] of buffers.entries()) {
    const at = offsets.get(a)!;
    expect(at % LINE_BYTES).toBe(0);
    expect(at + bytesOf(a, capacity)).toBeLessThanOrEqual(workspaceBytes);
    for (const b of buffers.slice(i + 1)) {
      const [p, q] = [lifetimes.get(a)!, lifetimes.get(b)!];
      if (p.last < q.first || q.last < p.first) continue;
      const other = offsets.get(b)!;
      const isApart = at + bytesOf(a, capacity) <= other || other + bytesOf(b, capacity) <= at;
      expect(isApart, `${a.name} and ${b.name} live together`).toBe(true);
    }
  }
}

describe("memory", () => {
  const size = 10 * 100 * 4;
  const whole = Math.ceil(size / LINE_BYTES) * LINE_BYTES;

  test("a chain of 20 values takes two places", () => {
    const planned = plan(chain(20).builder.ops, 10);
    expect(planned.workspaceBytes).toBe(2 * whole);
    expectDisjoint(planned);
  });

  test("without reuse every value has its own", () => {
    const planned = plan(chain(20).builder.ops, 10, { reuse: false });
    expect(planned.workspaceBytes).toBe(20 * whole);
    expectDisjoint(planned);
  });

  test("a value that is kept has its place to the end", () => {
    const { builder, values } = chain(6);
    values[2].keep = true;
    const planned = plan(builder.ops, 10);
    expect(planned.workspaceBytes).toBe(3 * whole);
    expect(planned.lifetimes.get(values[2])).toEqual({ first: 1, last: 6 });
    expectDisjoint(planned);
  });

  test("a value read late lives as long as that", () => {
    const { builder, values } = chain(5);
    const sum = builder.buffer("sum", perRow(100));
    builder.emit("add", { x: values[1], y: values[5], z: sum }, { count: perRow(100) });
    const planned = plan(builder.ops, 10);
    expect(planned.lifetimes.get(values[1])).toEqual({ first: 0, last: 5 });
    expect(planned.workspaceBytes).toBe(3 * whole);
    expectDisjoint(planned);
  });

  test("what is prepared once is never overwritten by the runs that read it", () => {
    const { builder, values } = chain(4);
    const prepared = builder.buffer("prepared", perRow(100));
    builder.inSpan("prepare", () => builder.emit("activation", { x: values[0], y: prepared }, { count: perRow(100), kind: 1 }, { p: 0 }));
    const early = builder.buffer("early", perRow(100));
    builder.emit("add", { x: prepared, y: values[2], z: early }, { count: perRow(100) });
    const planned = plan(builder.ops, 10);
    expect(planned.ops[0].span).toBe("prepare");
    expect(planned.lifetimes.get(prepared)).toEqual({ first: 0, last: planned.ops.length });
    expectDisjoint(planned);
  });

  test("inputs that nobody writes live from the start", () => {
    const builder = new Builder("infer", 10);
    const [a, b] = [builder.buffer("a", 40), builder.buffer("b", 40)];
    const y = builder.buffer("y", 40);
    builder.emit("activation", { x: a, y }, { count: 40, kind: 1 }, { p: 0 });
    builder.emit("add", { x: b, y, z: builder.buffer("z", 40) }, { count: 40 });
    const planned = plan(builder.ops, 10);
    expect(planned.lifetimes.get(b)).toEqual({ first: 0, last: 1 });
    expectDisjoint(planned);
  });

  test("200 random programs: living values never overlap", () => {
    for (let seed = 0; seed < 200; seed++) {
      const next = fractions(seed);
      const builder = new Builder("train", 1 + Math.floor(9 * next()));
      const values = [builder.buffer("input", perRow(5))];
      for (let i = 0; i < 25; i++) {
        const pick = () => values[Math.floor(next() * values.length)];
        const y = builder.buffer(`y${i}`, perRow(5));
        if (next() > 0.8) y.keep = true;
        if (next() > 0.5) builder.emit("add", { x: pick(), y: pick(), z: y }, { count: perRow(5) });
        else builder.emit("activation", { x: pick(), y }, { count: perRow(5), kind: 1 }, { p: 0 });
        values.push(y);
      }
      expectDisjoint(plan(builder.ops, builder.capacity));
    }
  });
});

test("ops are ordered by span, within a span as they came", () => {
  const builder = new Builder("train", 1);
  const emit = (name: string) => {
    const y = builder.buffer(name, 1);
    builder.emit("activation", { x: builder.fixed("x", 64, 1), y }, { count: 1, kind: 1 }, { p: 0 });
  };
  for (const span of ["update", "forward", "backward", "prepare", "forward"] as const) builder.inSpan(span, () => emit(span));
  expect(plan(builder.ops, 1).ops.map(({ span }) => span)).toEqual(["prepare", "forward", "forward", "backward", "update"]);
});

test("the builder refuses ops with operands, sizes or constants missing or unknown", () => {
  const builder = new Builder("train", 1);
  const x = builder.fixed("x", 64, 16);
  const sizes = { count: 1, kind: 1 };
  expect(() => builder.emit("activation", { x }, sizes, { p: 0 })).toThrow("op activation needs operand y");
  expect(() => builder.emit("activation", { x, y: x, z: x }, sizes, { p: 0 })).toThrow("op activation has no operand z");
  expect(() => builder.emit("activation", { x, y: x }, { count: 1 }, { p: 0 })).toThrow("op activation needs size kind");
  expect(() => builder.emit("activation", { x, y: x }, sizes)).toThrow("op activation needs constant p");
  expect(() => builder.emit("matmulFew", { x, y: x })).toThrow("op matmulFew has no operand x");
  expect(builder.ops).toEqual([]);
});

test("two contributions to one gradient are summed by an op of their own", () => {
  const builder = new Builder("train", 2);
  const x = { buffer: builder.buffer("x", perRow(3)), shape: [3], needsGradient: true };
  const [first, second] = [builder.buffer("first", perRow(3)), builder.buffer("second", perRow(3))];
  builder.contribute(x, first);
  expect(builder.gradientOf(x)).toBe(first);
  builder.contribute(x, second);
  expect(builder.ops).toMatchObject([{ name: "add", operands: { x: first, y: second } }]);
  expect(builder.gradientOf(x)).toBe(builder.ops[0].operands.z);
});
