/** The binaries that ship are those that the tests of kernels call, without what nobody else does; their constants are in memory. */
import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import binaryen from "assemblyscript/binaryen";
import { expect, test } from "vitest";
import * as abi from "../assembly/abi.ts";
import * as w from "../src/index.ts";
import { constantsOf } from "../src/runtime/binary.ts";

type Step = (bytes: Uint8Array) => Uint8Array<ArrayBuffer>;
const step = async (name: string) => (await import(String(new URL(`../tools/${name}.mjs`, import.meta.url)))) as Record<string, Step>;
const { poolConstants } = (await step("pool-constants")) as { poolConstants: Step };
const { withoutInOrder } = (await step("in-order")) as { withoutInOrder: Step };
const { orderedByLikeness } = (await step("order-functions")) as { orderedByLikeness: Step };
const { shipped } = (await step("ship-wasm")) as { shipped: Step };

const read = (name: string) => readFileSync(new URL(`../build/${name}.wasm`, import.meta.url));

/** Each function's instructions as text; functions, globals and locals are left unnamed, as their numbers differ. */
function functionsOf(bytes: Uint8Array): string[] {
  const module = binaryen.readBinary(bytes);
  const count = module.getNumFunctions();
  const texts = Array.from({ length: count }, (_, i) => {
    const { body } = binaryen.getFunctionInfo(module.getFunctionByIndex(i));
    return body === 0 ? "" : binaryen.emitText(body).replace(/(call|(?:global|local)\.\w+) \$\S+/g, "$1");
  });
  module.dispose();
  return texts;
}

test.each(["portable", "fast"])("%s: what ships has the instructions that are tested, and less of them", (variant) => {
  const tested = functionsOf(read(variant));
  const ships = functionsOf(read(`${variant}.shipped`));
  expect(ships.length).toBeGreaterThan(50);
  expect(ships.length).toBeLessThan(tested.length);
  const known = new Set(tested);
  for (const text of ships) expect(known.has(text), text.slice(0, 200)).toBe(true);
  expect(read(`${variant}.shipped`).length).toBeLessThan(0.95 * read(variant).length);
});

const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0]!;

test.each(["portable", "fast"])("%s: no vector constant is left but zeros and all ones", (variant) => {
  for (const name of [variant, `${variant}.shipped`]) {
    const left = functionsOf(read(name)).flatMap((text) => text.match(/v128\.const i32x4 [^)]+/g) ?? []);
    expect(left.length).toBeGreaterThan(0);
    for (const constant of left) expect(constant).toMatch(/^v128\.const i32x4 (0x00000000|0xffffffff)( \1){3}$/);
    const table = constantsOf(new WebAssembly.Module(read(name)));
    expect(table.byteLength).toBeLessThanOrEqual(abi.CONSTANTS_BYTES);
    for (const value of [Math.LOG2E, 4.1668102e-2, 3.3333313e-1]) expect([...table]).toContain(bitsOf(value)); // of exp and log
    expect(new Set(table).size).toBeGreaterThan(80);
  }
});

test("each constant is kept once, whole vectors at multiples of 16", () => {
  const lanes = (...values: number[]) => `(v128.const i32x4 ${values.join(" ")})`;
  const source = binaryen.parseText(`(module
    (memory 1)
    (func (export "same") (result v128) ${lanes(7, 7, 7, 7)})
    (func (export "again") (result v128) (i32x4.add ${lanes(7, 7, 7, 7)} ${lanes(9, 9, 9, 9)}))
    (func (export "lanes") (result v128) ${lanes(1, 2, 3, 4)})
    (func (export "zero") (result v128) ${lanes(0, 0, 0, 0)}))`);
  source.setFeatures(binaryen.Features.All);
  const pooled = poolConstants(source.emitBinary());
  expect([...constantsOf(new WebAssembly.Module(pooled))]).toEqual([7, 9, 0, 0, 1, 2, 3, 4]);
  expect(functionsOf(pooled).map((text) => text.replace(/\s+/g, " "))).toEqual([
    expect.stringContaining(`(v128.load32_splat $0 (i32.const ${abi.CONSTANTS}) )`),
    expect.stringContaining(`(i32.const ${abi.CONSTANTS + 4})`),
    expect.stringContaining(`(v128.load $0 (i32.const ${abi.CONSTANTS + 16}) )`),
    expect.stringContaining("v128.const i32x4 0x00000000"),
  ]);
});

test("more constants than there is room for", () => {
  const constants = Array.from({ length: abi.CONSTANTS_BYTES / 16 + 1 }, (_, i) => `(drop (v128.const i32x4 1 2 3 ${i}))`);
  const source = binaryen.parseText(`(module (memory 1) (func (export "all") ${constants.join("")}))`);
  source.setFeatures(binaryen.Features.All);
  expect(() => poolConstants(source.emitBinary())).toThrow(`constants take ${abi.CONSTANTS_BYTES + 16} bytes`);
});

test.each([undefined, 3, abi.CONSTANTS_BYTES + 4])("a binary with %s bytes of constants is refused, and says so", async (size) => {
  const source = new binaryen.Module();
  if (size !== undefined) source.addCustomSection("constants", new Uint8Array(size));
  const wasm = new WebAssembly.Module(source.emitBinary() as Uint8Array<ArrayBuffer>);
  await expect(w.createRuntime({ wasm })).rejects.toThrow(/does not hold the constants wanted. Give whetstone's own .wasm files/);
});

test("training leaves the constants as they are", async () => {
  const runtime = await w.createRuntime();
  const table = () => [...runtime.arena.views.u32.subarray(abi.CONSTANTS / 4, (abi.CONSTANTS + abi.CONSTANTS_BYTES) / 4)];
  const before = table();
  expect(before).toContain(bitsOf(Math.LOG2E));
  const model = await w.build(w.sequential(w.input(5), w.dense(33), w.gelu(), w.dropout(0.5), w.dense(3)), { runtime });
  const x = Float32Array.from({ length: 5 * 40 }, (_, i) => Math.fround(Math.sin(i)));
  await model.fit(
    { x, y: Int32Array.from({ length: 40 }, (_, i) => i % 3) },
    { loss: w.softmaxCrossEntropy(), optimizer: w.adam(), epochs: 3 },
  );
  model.predict(x);
  expect(table()).toEqual(before);
  runtime.dispose();
});

test("inOrder leaves nothing but the order", () => {
  const source = binaryen.parseText(`(module
    (import "build" "inOrder" (func $inOrder (param v128) (result v128)))
    (memory 1)
    (func (export "f") (param $x v128) (result v128) (local $y v128)
      (local.set $y (call $inOrder (f32x4.add (local.get $x) (local.get $x))))
      (v128.store (i32.const 0) (call $inOrder (local.get $x)))
      (f32x4.mul (local.get $y) (local.get $y))))`);
  source.setFeatures(binaryen.Features.All);
  const bytes = withoutInOrder(source.emitBinary());
  expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes))).toEqual([]);
  expect(functionsOf(bytes).map((text) => text.match(/call|block|add|store|mul/g))).toEqual([["block", "add", "store", "mul"]]);
  const bare = binaryen.parseText("(module (memory 1))").emitBinary();
  expect(withoutInOrder(bare)).toBe(bare);
});

test("the tallest tile makes the products of a turn before those of the next one", () => {
  const [tile] = functionsOf(read("fast")).filter((text) => text.split("f32x4.relaxed_madd").length === 1 + 5 * 12);
  expect(tile).toBeDefined();
  const sums = tile!.match(/f32x4\.relaxed_madd\s+\(local\.get\s+\(local\.get\s+\((local\.get|f32x4\.relaxed_madd)/g)!;
  expect(sums.length).toBeGreaterThan(24);
  for (const sum of sums) expect(sum).toMatch(/local\.get$/); // and not the product of the turn before
});

test("functions that are alike stand together, and nothing else changes", () => {
  const add = (name: string, number: number) =>
    `(func (export "${name}") (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 77)) (i32.const ${number})))`;
  const square = '(func (export "square") (param f64) (result f64) (f64.mul (local.get 0) (local.get 0)))';
  const source = binaryen.parseText(`(module ${add("one", 1)} ${square} ${add("two", 2)})`);
  source.addCustomSection("constants", Uint8Array.of(1, 2, 3, 4));
  const bytes = orderedByLikeness(source.emitBinary());
  const texts = functionsOf(bytes);
  expect(texts.map((text) => text.includes("i32.add"))).toEqual([true, true, false]);
  const module = new WebAssembly.Module(bytes);
  const { one, two, square: squared } = new WebAssembly.Instance(module).exports as Record<string, (x: number) => number>;
  expect([one!(1), two!(1), squared!(3)]).toEqual([78, 79, 9]);
  expect(constantsOf(module)).toEqual(Uint32Array.of(0x04030201));
});

test.each(["portable", "fast"])("%s: ordered by likeness it is shorter, deflated", (variant) => {
  const deflated = (bytes: Uint8Array) => deflateRawSync(bytes, { level: 9 }).length;
  const byName = shipped(read(variant));
  expect(deflated(orderedByLikeness(byName))).toBeLessThan(0.995 * deflated(byName));
});
