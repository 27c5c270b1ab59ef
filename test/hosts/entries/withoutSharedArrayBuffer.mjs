/** A host that has no SharedArrayBuffer, such as a WebView: it is gone before the package is imported. */
delete globalThis.SharedArrayBuffer;
await import("./process.mjs");
