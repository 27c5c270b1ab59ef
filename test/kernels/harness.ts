/**
 * Loads a built binary for tests of single kernels: its exports, its memory, and a bump allocator.
 * Kernels are called in shares, as the interpreter would call them for a team of 1 to 4 ranks.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CONSTANTS, CONSTANTS_BYTES } from "../../assembly/abi.ts";
import { constantsOf } from "../../src/runtime/binary.ts";

/** What comes before it is the binary's. */
const FIRST = CONSTANTS + CONSTANTS_BYTES;

export type Variant = "portable" | "fast";

const binary = (variant: Variant) => readFileSync(fileURLToPath(new URL(`../../build/${variant}.wasm`, import.meta.url)));

/** The variants this engine validates. In CI both must run: a missing one is a failure there, a visible skip elsewhere. */
export const variants: Variant[] = (["portable", "fast"] as const).filter((variant) => {
  if (WebAssembly.validate(binary(variant))) return true;
  if (process.env.CI)
    throw new Error(`the ${variant} binary does not validate on this engine; start Node 20 with --experimental-wasm-relaxed-simd`);
  console.warn(`SKIPPED: the ${variant} binary does not validate on this engine`);
  return false;
});

export class Kernels {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  readonly call: Record<string, (...args: number[]) => number>;
  readonly variant: Variant;
  readonly #constants: Uint32Array;
  #top = FIRST;

  constructor(variant: Variant) {
    this.variant = variant;
    const module = new WebAssembly.Module(binary(variant));
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
    this.call = instance.exports as Record<string, (...args: number[]) => number>;
    this.#constants = constantsOf(module);
    this.reset();
  }

  /** Address of `bytes` bytes, 64-byte aligned plus `skew` (for tests of unaligned operands), zero-filled. */
  alloc(bytes: number, skew = 0): number {
    const address = this.#top + skew;
    this.#top = (address + bytes + 127) & ~63;
    const missing = this.#top - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    return address;
  }

  /** Gives everything back; memory is zeroed but for the constants. */
  reset(): void {
    const table = this.u32(CONSTANTS, this.#constants.length);
    if (this.#top > FIRST && table.some((word, i) => word !== this.#constants[i])) throw new Error("a kernel wrote over the constants");
    new Uint8Array(this.memory.buffer).fill(0);
    this.u32(CONSTANTS, this.#constants.length).set(this.#constants);
    this.#top = FIRST;
  }

  f32(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  u32(address: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, length);
  }

  /** A copy of `values` in wasm memory. */
  put(values: ArrayLike<number>, skew = 0): number {
    const address = this.alloc(Math.max(4, values.length * 4), skew);
    this.f32(address, values.length).set(values);
    return address;
  }

  putU32(values: ArrayLike<number>): number {
    const address = this.alloc(Math.max(4, values.length * 4));
    this.u32(address, values.length).set(values);
    return address;
  }
}

/** The shares of `units` for a team, as assembly/workers/share.ts cuts them; with `line`, cut on multiples of it. */
export function shares(units: number, ranks: number, line = 1): [begin: number, end: number][] {
  const lines = Math.ceil(units / line);
  const cut = (rank: number) => Math.min(Math.floor((lines * rank) / ranks) * line, units);
  return Array.from({ length: ranks }, (_, rank) => [cut(rank), cut(rank + 1)]);
}

/** Shares in bytes of `count` f32, in whole 64-byte lines: the last one may reach into the padding. */
export function lineShares(count: number, ranks: number): [begin: number, end: number][] {
  const lines = Math.ceil(count / 16);
  return Array.from({ length: ranks }, (_, rank) => [
    Math.floor((lines * rank) / ranks) * 64,
    Math.floor((lines * (rank + 1)) / ranks) * 64,
  ]);
}

/** A seeded stream of test numbers in [-1, 1), exact in float32. */
export function testNumbers(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround((state >>> 8) / 8388608 - 1);
  };
}
