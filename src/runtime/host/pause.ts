/**
 * A turn of the event loop. Never a timer: browsers stretch timers to 4 ms, and to a second in a hidden tab.
 */

/** Resolves once the event loop has turned: input and messages that waited have been handled. */
export function pause(): Promise<void> {
  const { setImmediate } = globalThis as { readonly setImmediate?: (callback: () => void) => unknown };
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close(); // an open port keeps a script alive
      resolve();
    };
    port2.postMessage(0);
  });
}

/** Calls back after a time, unless cancelled. */
export function deadline(milliseconds: number, onDue: () => void): { cancel(): void } {
  const timer = setTimeout(onDue, milliseconds);
  return { cancel: () => clearTimeout(timer) };
}
