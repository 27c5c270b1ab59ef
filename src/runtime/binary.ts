/** Compiles a binary for this host: says what an engine lacks, and adapts the bytes where there is no shared memory. */
import * as abi from "../../assembly/abi.ts";
import { FormatError, OptionError } from "../errors.ts";

// (module (func (result v128) i32.const 0 i32x4.splat)): the smallest module that uses SIMD.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 17, 11];

// (module (memory i64 0)): V8 has it from 13.3 on.
const MEMORY64 = [0, 97, 115, 109, 1, 0, 0, 0, 5, 3, 1, 4, 0];

/**
 * Engines older than memory64 run the tile of six rows at half the speed of four (V8 up to 12.9: 0.45 against 0.88 of the
 * multiply-add loop): theirs is lowered. No bit depends on it.
 */
export const prefersLowTiles = (): boolean => !WebAssembly.validate(new Uint8Array(MEMORY64));

export const supportsSimd = (): boolean => WebAssembly.validate(new Uint8Array(SIMD));

export async function compileBinary(bytes: BufferSource): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    if (!supportsSimd()) {
      throw new OptionError(
        "createRuntime: this engine has no WebAssembly SIMD; whetstone needs Chrome 91, Firefox 89, Safari 16.4 or Node 16.4",
        { cause },
      );
    }
    throw new FormatError("createRuntime: wasm does not compile here. Give the bytes or the module of whetstone's own .wasm files", {
      cause,
    });
  }
}

/**
 * The binary's vector constants, for the place in its memory where kernels read them.
 * @throws FormatError if the module has none, or more than there is room for.
 */
export function constantsOf(module: WebAssembly.Module): Uint32Array {
  const [section] = WebAssembly.Module.customSections(module, "constants");
  if (section === undefined || section.byteLength % 4 !== 0 || section.byteLength > abi.CONSTANTS_BYTES) {
    throw new FormatError(
      "createRuntime: the wasm binary does not hold the constants wanted. Give whetstone's own .wasm files, of this version",
    );
  }
  return new Uint32Array(section);
}

/**
 * A copy of the binary whose memory import is not shared: the two differ in one bit of the import's limits.
 * @throws FormatError if the bytes hold no shared memory import.
 */
export function withoutSharedMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(binary);
  const at = limitsOfMemoryImport(bytes);
  bytes[at] = bytes[at]! & ~2;
  return bytes;
}

function limitsOfMemoryImport(bytes: Uint8Array): number {
  let at = 8;
  const unsigned = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  };
  const skipName = () => {
    const length = unsigned();
    at += length;
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const end = unsigned() + at;
    if (section === 2) {
      for (let imports = unsigned(); imports > 0; imports--) {
        skipName();
        skipName();
        const kind = bytes[at++];
        if (kind === 2) return at;
        if (kind === 0) unsigned();
        else at += 2;
      }
    }
    at = end;
  }
  throw new FormatError("createRuntime: the wasm binary imports no memory. Give whetstone's own .wasm files");
}
