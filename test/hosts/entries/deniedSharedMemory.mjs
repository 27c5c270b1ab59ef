/** A host that has SharedArrayBuffer but grants no shared WebAssembly memory. */
const { Memory } = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor(descriptor) {
    if (descriptor.shared) throw new RangeError("shared memory is denied");
    super(descriptor);
  }
};
await import("./process.mjs");
