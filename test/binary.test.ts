/** The binaries that ship are those that the tests of kernels call, without what nobody else does; their constants are in memory. */
import { readFileSync } from "node:fs";
import binaryen from "assemblyscript/binaryen";
import { expect, test } from "vitest";
import * as abi from "../assembly/abi.ts";
import * as w from "../src/index.ts";
import { constantsOf } from "../src/runtime/binary.ts";

const { poolConstants } = (await import(String(new URL("../tools/pool-constants.mjs", import.meta.url)))) as {
  poolConstants(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
};

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
