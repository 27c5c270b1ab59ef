/** Modules of Node, for hosts that have them (Node, Deno, Bun), in a way that no bundler for pages stumbles over. */

export interface HostProcess {
  getBuiltinModule?(name: string): unknown;
  versions?: { node?: string };
}

export const hostProcess = (): HostProcess | undefined => (globalThis as { process?: HostProcess }).process;

/** A page's main thread: it may not sleep on a futex. */
export const isPage = (): boolean => "document" in globalThis && "window" in globalThis;

/** Bundlers put a pretended `process` into pages: only one that names a version of Node counts. */
export const hasNodeModules = (): boolean => !isPage() && typeof hostProcess()?.versions?.node === "string";

/** "zlib" gives node:zlib. Asked for where the host can be asked (Node from 20.16 on): else imported, by a name in pieces. */
export async function nodeModule(name: string): Promise<unknown> {
  const whole = ["node", name].join(":"); // bundlers look for whole names, and minifiers join sums
  // A bundler leaves no import of a computed name alone once the comments are gone.
  return hostProcess()?.getBuiltinModule?.(whole) ?? (await import(/* @vite-ignore */ /* webpackIgnore: true */ whole));
}
