/** The binaries that ship are those that the tests of kernels call, without what nobody else does. */
import { readFileSync } from "node:fs";
import binaryen from "assemblyscript/binaryen";
import { expect, test } from "vitest";

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
