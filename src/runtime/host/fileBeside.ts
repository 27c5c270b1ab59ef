/** Files of the package, on hosts whose programs lie on a disk. */

import { hasNodeModules, nodeModule } from "./nodeModule.ts";

/** What is needed of node:fs. */
interface Files {
  readFileSync(path: URL): Uint8Array<ArrayBuffer>;
}

/**
 * A file that lies beside this module. Undefined where there is none, as in most bundles, and where the host can't read files, or may
 * ask somebody first, as Deno does.
 */
export async function fileBeside(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!hasNodeModules() || "Deno" in globalThis) return undefined;
  const here = import.meta.url; // bundlers take what is written `new URL(..., import.meta.url)` for a file of theirs
  try {
    return ((await nodeModule("fs")) as Files).readFileSync(new URL(name, here));
  } catch {
    return undefined;
  }
}
