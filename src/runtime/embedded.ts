/**
 * Which of the two binaries runs here, and its embedded bytes. Apart from what compiles and runs them, so that both are loaded at
 * the same time.
 */
export type Numerics = "fast" | "portable";

// (module (func (result v128) i32.const 0 i32x4.splat ...)): the smallest module that uses relaxed SIMD.
const RELAXED_SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 0, 253, 17, 65, 0, 253, 17, 253, 128, 2, 11,
];

export const supportsRelaxedSimd = (): boolean => WebAssembly.validate(new Uint8Array(RELAXED_SIMD));

/** The variant that runs where one is wished for. */
export const variantFor = (numerics: Numerics): Numerics => (numerics === "fast" && supportsRelaxedSimd() ? "fast" : "portable");

/**
 * The embedded bytes of a variant: only the module of the variant that runs is ever imported. They are deflated before they
 * become text: base64 of wasm itself is twice as long when a server compresses it.
 */
export async function embeddedBytes(variant: Numerics): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = variant === "fast" ? await import("../../build/fast.ts") : await import("../../build/portable.ts");
  const text = atob(base64);
  const deflated = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) deflated[i] = text.charCodeAt(i);
  return inflate(deflated);
}

/** By reader and writer: in Node a Blob and a Response load 25 ms of machinery for the same (Node 26, Zen 5). */
async function inflate(deflated: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new DecompressionStream("deflate-raw");
  const writer = writable.getWriter();
  const written = Promise.all([writer.write(deflated), writer.close()]);
  const reader = readable.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    length += next.value.length;
  }
  await written;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
