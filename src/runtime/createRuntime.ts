/** How runtimes are got. What they are made of is loaded when the first one is wanted: a page may import whetstone long before. */
import { embeddedBytes, type Numerics, variantFor } from "./embedded.ts";
import { sharedMemoryDenied } from "./host/sharedMemory.ts";
import type { Runtime, RuntimeOptions } from "./runtime.ts";

/**
 * A runtime of one's own: to choose the numerics, to bound memory, or to keep models apart. `build` makes a shared one else.
 * @throws OptionError for unknown options; MemoryError if the host grants no memory.
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const denied = sharedMemoryDenied();
  const embedded = options?.wasm === undefined ? compiledEarly(variantFor(options?.numerics ?? "fast"), denied === undefined) : undefined;
  embedded?.catch(() => {}); // thrown where they are waited for, unless something else is thrown before
  const { startRuntime } = await import("../chunks/models.ts");
  return startRuntime(options, embedded, denied);
}

/**
 * The embedded binary, compiled while what runs models is parsed: 1.3 ms of a cold start (Node 26, Zen 4). Its bytes where they need a
 * change first or do not compile: startRuntime makes the one and tells the reason of the other.
 */
async function compiledEarly(variant: Numerics, isShared: boolean): Promise<WebAssembly.Module | Uint8Array> {
  const bytes = await embeddedBytes(variant);
  return isShared ? WebAssembly.compile(bytes).catch(() => bytes) : bytes;
}

let sharedRuntime: Promise<Runtime> | undefined;

/** The runtime of all models that were not given one, made when first needed. */
export function defaultRuntime(): Promise<Runtime> {
  sharedRuntime ??= createRuntime().catch((error: unknown) => {
    sharedRuntime = undefined;
    throw error;
  });
  return sharedRuntime;
}
