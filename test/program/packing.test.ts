/** Which products pack b themselves. That no bit changes: fuse.test.ts. */
import { expect, test } from "vitest";
import { type Buffer, Builder, type Op } from "../../src/program/builder.ts";
import { perRow } from "../../src/program/count.ts";
import { packingProducts } from "../../src/program/packing.ts";
import { product, rowMajor } from "../../src/program/product.ts";

interface Parts {
  builder: Builder;
  a: Buffer;
  b: Buffer;
  y: Buffer;
}

/** y = a · b for up to `capacity` rows; `then` may add ops. */
function written(then: (parts: Parts) => void = () => {}, capacity = 64, packIn?: "prepare"): Op[] {
  const builder = new Builder("train", capacity);
  const [a, b, y] = [builder.fixed("a", 4096, perRow(512)), builder.fixed("b", 1 << 20, 512 * 64), builder.buffer("y", perRow(64))];
  product(builder, y, rowMajor(a, 512), rowMajor(b, 64), { rows: perRow(1), cols: 64, inner: 512 }, packIn ? { packIn } : {});
  then({ builder, a, b, y });
  return builder.ops;
}
const names = (ops: readonly Op[], capacity = 64, ranks = 1) => packingProducts(ops, capacity, ranks).map(({ name }) => name);

test("one op for two, with b where it lies and the strides that it has there", () => {
  const ops = written();
  expect(ops.map(({ name }) => name)).toEqual(["packB", "matmul"]);
  const [op, ...others] = packingProducts(ops, 64, 1);
  expect(others).toEqual([]);
  expect(op!.name).toBe("matmulPacking");
  expect(op!.operands.b).toBe(ops[0]!.operands.b);
  expect([op!.sizes.bInnerStride, op!.sizes.bColStride]).toEqual([ops[0]!.sizes.innerStride, ops[0]!.sizes.colStride]);
  expect({ ...op, name: "matmul", operands: { ...op!.operands, b: ops[1]!.operands.b } }).toEqual(ops[1]);
});

test("all of a must have room: 256 rows of a block of inner", () => {
  expect(names(written(undefined, 256), 256)).toEqual(["matmulPacking"]);
  expect(names(written(undefined, 257), 257)).toEqual(["packB", "matmul"]);
});

test("up to four threads, each of which has 64 columns at least", () => {
  const ops = written(); // 64 columns
  const [pack, matmul] = ops;
  const wide = (cols: number) => [
    { ...pack!, sizes: { ...pack!.sizes, cols } },
    { ...matmul!, sizes: { ...matmul!.sizes, cols } },
  ];
  expect(names(ops, 64, 2)).toEqual(["packB", "matmul"]);
  expect(names(wide(127), 64, 2)).toEqual(["packB", "matmul"]);
  expect(names(wide(128), 64, 2)).toEqual(["matmulPacking"]);
  expect(names(wide(255), 64, 4)).toEqual(["packB", "matmul"]);
  expect(names(wide(256), 64, 4)).toEqual(["matmulPacking"]);
  expect(names(wide(4096), 64, 5)).toEqual(["packB", "matmul"]);
});

test("not panels that are packed once for many runs, or that something else reads", () => {
  expect(names(written(undefined, 64, "prepare"))).toEqual(["packB", "matmul"]);
  const twice = written(({ builder, y }) => {
    const [, matmul] = builder.ops;
    builder.emit("matmul", { ...matmul!.operands, y: builder.buffer("again", y.words) }, matmul!.sizes, matmul!.constants);
  });
  expect(names(twice)).toEqual(["packB", "matmul", "matmul"]);
});

test("not if b is written between, and not if the panels are packed in some steps only", () => {
  const ops = written();
  const change: Op = { ...ops[0]!, name: "fill", operands: { y: ops[0]!.operands.b }, sizes: { count: 512 * 64 }, constants: { value: 0 } };
  expect(names([ops[0]!, change, ops[1]!])).toEqual(["packB", "fill", "matmul"]);
  expect(names([change, ...ops, change])).toEqual(["fill", "matmulPacking", "fill"]);
  const draw = { stream: 3, threshold: 9, isKept: true, control: ops[0]!.operands.b! };
  expect(names([{ ...ops[0]!, when: [draw] }, ops[1]!])).toEqual(["packB", "matmul"]);
  expect(names(ops.map((op) => ({ ...op, when: [draw] })))).toEqual(["matmulPacking"]);
});
