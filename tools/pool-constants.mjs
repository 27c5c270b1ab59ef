/**
 * Moves the vector constants of a binary into memory. V8 makes a constant vector anew, by three to five instructions, wherever it
 * is used, in every turn of a loop; to load one from a fixed address is a single instruction (sigmoid 1.6 times as fast, Node 26, Zen 4).
 * Zeros and all ones, which are one instruction, stay. The numbers are kept in a custom section, as a data segment would be written by
 * every thread: whoever makes the memory copies them to CONSTANTS, and no kernel writes there.
 */
import binaryen from "assemblyscript/binaryen";
import { abiNumber } from "./abi.mjs";

const [CONSTANTS, CONSTANTS_BYTES] = ["CONSTANTS", "CONSTANTS_BYTES"].map(abiNumber);

const VECTOR = /\(v128\.const i32x4 (0x[0-9a-f]{8}) (0x[0-9a-f]{8}) (0x[0-9a-f]{8}) (0x[0-9a-f]{8})\)/g;
const INSTRUCTIONS_OF_ONE = new Set(["0x00000000", "0xffffffff"]);

export function poolConstants(bytes) {
  const source = binaryen.readBinary(bytes);
  source.setFeatures(binaryen.Features.All);
  const text = source.emitText();
  source.dispose();

  const words = [];
  const places = new Map();
  /** Address of these lanes, each vector once; whole vectors lie at multiples of 16. */
  const addressOf = (lanes) => {
    const key = lanes.join();
    if (!places.has(key)) {
      while (words.length % lanes.length !== 0) words.push(0);
      places.set(key, CONSTANTS + 4 * words.length);
      words.push(...lanes.map(Number));
    }
    return places.get(key);
  };
  const pooled = text.replace(VECTOR, (constant, ...groups) => {
    const lanes = groups.slice(0, 4);
    if (lanes.some((lane) => lane !== lanes[0])) return `(v128.load (i32.const ${addressOf(lanes)}))`;
    return INSTRUCTIONS_OF_ONE.has(lanes[0]) ? constant : `(v128.load32_splat (i32.const ${addressOf([lanes[0]])}))`;
  });
  const table = Uint32Array.from(words);
  if (table.byteLength > CONSTANTS_BYTES)
    throw new Error(`constants take ${table.byteLength} bytes, and abi.ts reserves ${CONSTANTS_BYTES}`);
  const module = binaryen.parseText(pooled);
  module.setFeatures(binaryen.Features.All);
  module.addCustomSection("constants", new Uint8Array(table.buffer));
  const result = module.emitBinary();
  module.dispose();
  return result;
}
