/**
 * Which of the two binaries runs here, and its bytes. Apart from what compiles and runs them, so that both are loaded at
 * the same time.
 */
import { hash as fast } from "../../build/fastHash.ts";
import { hash as portable } from "../../build/portableHash.ts";
import { fileBeside } from "./host/fileBeside.ts";
import { inflateBase64 } from "./host/inflate.ts";

export type Numerics = "fast" | "portable";

// (module (func (result v128) i32.const 0 i32x4.splat ...)): the smallest module that uses relaxed SIMD.
const RELAXED_SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 0, 253, 17, 65, 0, 253, 17, 253, 128, 2, 11,
];

export const supportsRelaxedSimd = (): boolean => WebAssembly.validate(new Uint8Array(RELAXED_SIMD));

/** The variant that runs where one is wished for. */
export const variantFor = (numerics: Numerics): Numerics => (numerics === "fast" && supportsRelaxedSimd() ? "fast" : "portable");

/**
 * The bytes of a variant: of the .wasm file beside this module, if it is of this version, as node:zlib and what it unpacks take 3 to 5
 * of a cold start's 30 ms (Node 26); else embedded: only the module of the variant that runs is ever imported. Those are deflated
 * before they become text: base64 of wasm itself is twice as long when a server compresses it.
 */
export async function binaryOf(variant: Numerics): Promise<Uint8Array<ArrayBuffer>> {
  const file = await fileBeside(`${variant}.wasm`);
  if (file && endsWith(file, hashes[variant])) return file;
  const { base64 } = variant === "fast" ? await import("../../build/fast.ts") : await import("../../build/portable.ts");
  return inflateBase64(base64);
}

const hashes: Record<Numerics, string> = { fast, portable };

const endsWith = (bytes: Uint8Array, letters: string): boolean => String.fromCharCode(...bytes.subarray(-letters.length)) === letters;
