/** Text of base64 to bytes, as they are or deflated, in whatever way this host has without loading much for it. */

interface NodeProcess {
  getBuiltinModule?(name: "node:buffer"): Buffers;
}
interface Buffers {
  Buffer: { from(text: string, encoding: "base64"): Uint8Array<ArrayBuffer> };
}

/**
 * What decodes base64 at once, where modules are loaded from a disk (Node, Deno, Bun); undefined elsewhere. Such a host has no use for
 * deflated bytes: node:zlib takes 3.5 ms to be loaded and to inflate 27 KB, a stream 10 (Node 26, Zen 4).
 */
export function base64Decoder(): ((base64: string) => Uint8Array<ArrayBuffer>) | undefined {
  const buffers = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.("node:buffer");
  return buffers && ((base64) => buffers.Buffer.from(base64, "base64"));
}

/** By reader and writer: in Node a Blob and a Response load 25 ms of machinery for the same (Node 26, Zen 5). */
export async function inflateBase64(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = atob(base64);
  const { readable, writable } = new DecompressionStream("deflate-raw");
  const writer = writable.getWriter();
  // Damaged bytes fail both ends: the reader, who is waited for, tells.
  const written = Promise.all([writer.write(Uint8Array.from(text, (letter) => letter.charCodeAt(0))), writer.close()]).catch(() => {});
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
