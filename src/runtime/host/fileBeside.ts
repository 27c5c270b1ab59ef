/** Files of the package, on hosts whose programs lie on a disk. */

import { hasNodeModules, nodeModule } from "./nodeModule.ts";

type Beside = typeof import("./beside.ts");

/** What is needed of node:fs, asked for at run time: to import it by name loads 8 ms of what else it exports (Node 26, Cascade Lake). */
interface Files {
  readFileSync(path: URL): Uint8Array<ArrayBuffer>;
}

/**
 * A file that lies beside the package's code. Undefined where there is none, as in bundles, and where the host can't read files, or may
 * ask somebody first, as Deno does.
 */
export async function fileBeside(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!hasNodeModules() || "Deno" in globalThis) return undefined;
  const module = ["./beside", "js"].join("."); // bundlers look for whole names, and minifiers join sums
  try {
    const { here } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ module)) as Beside;
    const { readFileSync } = (await nodeModule("fs")) as Files;
    return readFileSync(new URL(name, here));
  } catch {
    return undefined;
  }
}
