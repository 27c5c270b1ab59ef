/** From the embedded bytes to a module, and what is said where that fails. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as w from "../../src/index.ts";

afterEach(() => vi.restoreAllMocks());

const size = readFileSync(new URL("../../build/portable.shipped.wasm", import.meta.url)).byteLength;
/** How often the binary was compiled: Node compiles one of its own when the loader asks for a Response. */
const timesOf = (calls: readonly (readonly [BufferSource])[]) => calls.filter(([bytes]) => bytes.byteLength === size).length;

describe("createRuntime", () => {
  test("compiles the embedded binary once", async () => {
    const spy = vi.spyOn(WebAssembly, "compile");
    const runtime = await w.createRuntime({ numerics: "portable" });
    expect(timesOf(spy.mock.calls)).toBe(1);
    runtime.dispose();
  });

  test("a binary that does not compile: an error with its cause", async () => {
    const cause = new WebAssembly.CompileError("no such opcode");
    vi.spyOn(WebAssembly, "compile").mockRejectedValue(cause);
    const error: unknown = await w.createRuntime().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(w.FormatError);
    expect(error).toMatchObject({ message: expect.stringContaining("does not compile here"), cause });
  });

  test("an engine without SIMD: an error that names the engines that have it", async () => {
    vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError("no such opcode"));
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    await expect(w.createRuntime()).rejects.toThrow(/no WebAssembly SIMD; whetstone needs Chrome 91/);
  });
});
