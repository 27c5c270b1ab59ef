/** Embedded binaries become bytes in two ways: as they are where they come from a disk, and by the streams that browsers have. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { embeddedBytes } from "../../src/runtime/embedded.ts";
import { base64Decoder, inflateBase64 } from "../../src/runtime/host/inflate.ts";

afterEach(() => vi.unstubAllGlobals());

/** As in a page: no process at all, or one that a bundler put there. */
const hosts: [string, unknown][] = [
  ["Node", process],
  ["a browser", undefined],
  ["a browser with a bundler's process", { env: {} }],
];

test("only where modules are loaded from a disk is there a decoder", () => {
  for (const [name, host] of hosts) {
    vi.stubGlobal("process", host);
    expect(base64Decoder() !== undefined, name).toBe(name === "Node");
  }
});

describe.each(hosts)("%s", (_, host) => {
  test.each([0, 1, 1000, 300_000])("%i bytes", async (length) => {
    vi.stubGlobal("process", host);
    const bytes = randomBytes(length);
    const inflated = await inflateBase64(deflateRawSync(bytes).toString("base64"));
    expect(Buffer.from(inflated).equals(bytes)).toBe(true);
  });

  test.each(["portable", "fast"] as const)("the bytes of the %s binary", async (variant) => {
    const shipped = readFileSync(new URL(`../../build/${variant}.shipped.wasm`, import.meta.url));
    vi.stubGlobal("process", host);
    expect(Buffer.from(await embeddedBytes(variant)).equals(shipped)).toBe(true);
  });
});

test("what was damaged rejects", async () => {
  await expect(inflateBase64(Buffer.from("no deflated bytes at all").toString("base64"))).rejects.toThrow();
});
