/** How runtimes are got. What they are made of is loaded when the first one is wanted: a page may import whetstone long before. */
import { binaryOf, variantFor } from "./embedded.ts";
import type { Runtime, RuntimeOptions } from "./runtime.ts";

/**
 * A runtime of one's own: to choose the numerics, to bound memory, or to keep models apart. `build` makes a shared one else.
 * @throws OptionError for unknown options; MemoryError if the host grants no memory.
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const binary = options?.wasm === undefined ? binaryOf(variantFor(options?.numerics ?? "fast")) : undefined;
  binary?.catch(() => {}); // thrown where they are waited for, unless something else is thrown before
  const { startRuntime } = await import("../chunks/models.ts");
  return startRuntime(options, binary);
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
