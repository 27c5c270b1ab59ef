/** Whether this host grants memory that threads share; apart from threads.ts, as it is asked before what runs models is loaded. */

/** Why memory can't be shared among threads here, or undefined. */
export function sharedMemoryDenied(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") return "this host has no SharedArrayBuffer";
  try {
    new WebAssembly.Memory({ initial: 0, maximum: 1, shared: true });
    return undefined;
  } catch {
    return "this host grants no shared WebAssembly memory";
  }
}
