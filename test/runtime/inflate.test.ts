/** Embedded binaries become bytes in two ways: by Node's zlib, and by the streams that browsers have. */
import { randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { binaryOf } from "../../src/runtime/embedded.ts";
import { inflateBase64 } from "../../src/runtime/host/inflate.ts";

afterEach(() => vi.unstubAllGlobals());

/** As in a page: no process at all, or one that a bundler put there. */
const hosts: [string, unknown][] = [
  ["Node", process],
  ["Node before 20.16", { versions: { node: "20.0.0" } }],
  ["a browser", undefined],
  ["a browser with a bundler's process", { env: {} }],
];

describe.each(hosts)("%s", (_, host) => {
  test.each([0, 1, 1000, 300_000])("%i bytes", async (length) => {
    vi.stubGlobal("process", host);
    const bytes = randomBytes(length);
    const inflated = await inflateBase64(deflateRawSync(bytes).toString("base64"));
    expect(Buffer.from(inflated).equals(bytes)).toBe(true);
  });

  test("a binary that compiles", async () => {
    vi.stubGlobal("process", host);
    const module = await WebAssembly.compile(await binaryOf("portable"));
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toContain("runProgram");
  });
});

test("what was damaged rejects", async () => {
  await expect(inflateBase64(Buffer.from("no deflated bytes at all").toString("base64"))).rejects.toThrow();
});
