/** What a host says about threads when it lacks something, on hosts that only pretend. The real ones: test/hosts. */
import { afterEach, expect, test, vi } from "vitest";
import { createRuntime } from "../../../src/index.ts";
import { sharedMemoryDenied, startThread, threadsDenied } from "../../../src/runtime/host/threads.ts";

afterEach(() => vi.unstubAllGlobals());

class DeniedMemory extends WebAssembly.Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    if (descriptor.shared) throw new RangeError("shared memory is denied");
    super(descriptor);
  }
}

test("this host denies nothing", () => {
  expect(sharedMemoryDenied()).toBeUndefined();
  expect(threadsDenied()).toBeUndefined();
});

test("a host that grants no shared memory gets a memory of its own, one thread, and says why", async () => {
  vi.stubGlobal("WebAssembly", Object.create(WebAssembly, { Memory: { value: DeniedMemory } }));
  const { info } = await createRuntime({ threads: 4 });
  expect(info).toMatchObject({ sharedMemory: false, threads: 1, workers: "failed" });
  const why = "this host grants no shared WebAssembly memory";
  expect(info.notes.filter((note) => note.includes("shared"))).toEqual([`memory is not shared: ${why}`, `1 thread: ${why}`]);
});

test("a page that is not isolated is told which headers it lacks, not that SharedArrayBuffer is missing", () => {
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("document", {});
  vi.stubGlobal("crossOriginIsolated", false);
  vi.stubGlobal("SharedArrayBuffer", undefined);
  expect(threadsDenied()).toContain("Cross-Origin-Opener-Policy: same-origin");
  vi.stubGlobal("crossOriginIsolated", undefined);
  vi.stubGlobal("Worker", class {});
  expect(threadsDenied()).toBe("this host has no SharedArrayBuffer");
});

test("a page without Worker", () => {
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("document", {});
  vi.stubGlobal("crossOriginIsolated", true);
  expect(threadsDenied()).toBe("this host has no Worker");
});

test("a worker that a page's policy forbids fails with what to do about it", async () => {
  class ForbiddenWorker {
    onerror = (_: object): void => {};
    constructor() {
      queueMicrotask(() => this.onerror({}));
    }
    postMessage(): void {}
  }
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("document", {});
  vi.stubGlobal("Worker", ForbiddenWorker);
  const reasonOf = (url: string | undefined) =>
    new Promise<string>((onEnd) => void startThread({ text: "", url }, {}, { onMessage: () => {}, onEnd }));
  expect(await reasonOf(undefined)).toContain("createRuntime({ worker })");
  expect(await reasonOf("https://example.org/none.js")).toBe("it could not be loaded from https://example.org/none.js");
});
