/** The arena's ends: what is never handed out, with 4 GiB of address space that nothing touches. */
import { expect, test } from "vitest";
import { CONSTANTS, CONSTANTS_BYTES } from "../../assembly/abi.ts";
import { MemoryError } from "../../src/errors.ts";
import { Arena } from "../../src/runtime/memory.ts";

const FIRST = CONSTANTS + CONSTANTS_BYTES;
const MIB = 1024 * 1024;

test("neither the first line and the constants nor the last MiB below 4 GiB: kernels step past what they read", () => {
  const arena = new Arena(undefined, true);
  const last = arena.maximumBytes - MIB;
  if (arena.maximumBytes !== 4096 * MIB) return console.warn(`SKIPPED: this host grants ${arena.maximumBytes / MIB} MiB`);
  expect(arena.allocate(64, "a line")).toBe(FIRST);
  expect(() => arena.allocate(last - FIRST, "too much")).toThrow(MemoryError);
  const block = arena.allocate(last - FIRST - 128, "nearly all");
  expect(block).toBe(FIRST + 64);
  expect(arena.allocate(64, "the last line")).toBe(last - 64);
  expect(() => arena.allocate(64, "one more")).toThrow(/one more needs .* in use/);
  arena.free(last - 64, 64);
  expect(arena.allocate(64, "the last line again")).toBe(last - 64);
});
