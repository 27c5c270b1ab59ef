/**
 * One linear memory and the arena that hands out its blocks. Blocks are 64-byte aligned and zeroed; memory only grows.
 * It knows bytes, not what is in them.
 */
import * as abi from "../../assembly/abi.ts";
import { MemoryError } from "../errors.ts";

const PAGE = 65536;
const GRANULE = 64;
/** What lies before it is never handed out: the line of address 0, which means "absent" in records, and the binary's constants. */
const FIRST = abi.CONSTANTS + abi.CONSTANTS_BYTES;
const GIB = 1024 * 1024 * 1024;
/** Nor what lies behind it: kernels step past the end of what they read, by four rows of a small product at most, and may not come out at 0. */
const LAST = 4 * GIB - 1024 * 1024;
/** Grown in steps of at least this much: a step of growth makes new views, and small ones would make many. */
const STEP_PAGES = 16;

/** What a host that refuses large maxima (32-bit processes, iOS) may still grant. */
const MAXIMA = [4 * GIB, 2 * GIB, GIB, GIB / 2];

export interface Views {
  u8: Uint8Array;
  u32: Uint32Array;
  i32: Int32Array;
  f32: Float32Array;
  f64: Float64Array;
}

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly maximumBytes: number;
  readonly isShared: boolean;
  /** Views of all memory; taken anew whenever it grows, so never keep one across an allocation. */
  views: Views;
  /** Free blocks by address: [address, bytes], never touching one another. */
  #free: { address: number; bytes: number }[] = [];
  #top = FIRST;
  #usedBytes = 0;

  constructor(maximumBytes: number | undefined, shared: boolean) {
    const grant = grantMemory(maximumBytes, shared);
    this.memory = grant.memory;
    this.maximumBytes = grant.maximumBytes;
    this.isShared = shared;
    this.views = this.#takeViews();
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get grownBytes(): number {
    return this.views.u8.byteLength;
  }

  /**
   * Address of a zeroed block.
   * @throws MemoryError if the memory can't grow that far; nothing has changed then.
   */
  allocate(bytes: number, purpose: string): number {
    const size = Math.max(GRANULE, Math.ceil(bytes / GRANULE) * GRANULE);
    const fit = this.#free.findIndex((block) => block.bytes >= size);
    let address: number;
    if (fit >= 0) {
      const block = this.#free[fit]!;
      address = block.address;
      block.address += size;
      block.bytes -= size;
      if (block.bytes === 0) this.#free.splice(fit, 1);
      this.views.u8.fill(0, address, address + size);
    } else {
      address = this.#extend(size, purpose);
    }
    this.#usedBytes += size;
    return address;
  }

  /** Gives back a block that allocate(bytes) returned. */
  free(address: number, bytes: number): void {
    const size = Math.max(GRANULE, Math.ceil(bytes / GRANULE) * GRANULE);
    this.#usedBytes -= size;
    const next = this.#free.findIndex((block) => block.address > address);
    const at = next < 0 ? this.#free.length : next;
    this.#free.splice(at, 0, { address, bytes: size });
    this.#merge(at);
    if (at > 0) this.#merge(at - 1);
    const last = this.#free.at(-1)!;
    if (last.address + last.bytes === this.#top) {
      this.#top = last.address;
      this.#free.pop();
    }
  }

  #merge(at: number): void {
    const block = this.#free[at]!;
    const next = this.#free[at + 1];
    if (next === undefined || block.address + block.bytes !== next.address) return;
    block.bytes += next.bytes;
    this.#free.splice(at + 1, 1);
  }

  #extend(size: number, purpose: string): number {
    const address = this.#top;
    const end = address + size;
    const missing = Math.ceil((end - this.grownBytes) / PAGE);
    const grown = this.grownBytes; // what is grown now is zeros
    if (end > LAST) throw this.#full(size, purpose);
    if (missing > 0) {
      const room = Math.floor((this.maximumBytes - this.grownBytes) / PAGE);
      if (missing > room) throw this.#full(size, purpose);
      try {
        this.memory.grow(Math.min(room, Math.max(missing, STEP_PAGES)));
      } catch (cause) {
        throw this.#full(size, purpose, cause);
      }
      this.views = this.#takeViews();
    }
    this.#top = end;
    if (address < grown) this.views.u8.fill(0, address, Math.min(end, grown));
    return address;
  }

  #full(size: number, purpose: string, cause?: unknown): MemoryError {
    const mib = (bytes: number) => `${(bytes / 1048576).toFixed(1)} MiB`;
    return new MemoryError(
      `memory: ${purpose} needs ${mib(size)}, but ${mib(this.#usedBytes)} of at most ${mib(this.maximumBytes)} are in use. ` +
        "Dispose models that are no longer needed, or use a smaller net or batchSize",
      { cause },
    );
  }

  #takeViews(): Views {
    const { buffer } = this.memory;
    return {
      u8: new Uint8Array(buffer),
      u32: new Uint32Array(buffer),
      i32: new Int32Array(buffer),
      f32: new Float32Array(buffer),
      f64: new Float64Array(buffer),
    };
  }
}

function grantMemory(requested: number | undefined, shared: boolean): { memory: WebAssembly.Memory; maximumBytes: number } {
  let cause: unknown;
  for (const maximumBytes of requested === undefined ? MAXIMA : [requested]) {
    try {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: Math.floor(maximumBytes / PAGE), shared });
      return { memory, maximumBytes: Math.floor(maximumBytes / PAGE) * PAGE };
    } catch (error) {
      cause = error;
    }
  }
  throw new MemoryError(
    "memory: this host grants no linear memory of the size asked for. Set createRuntime({ memory: { maximum } }) lower",
    { cause },
  );
}

/** A set of blocks with one owner, given back together. */
export class Region {
  readonly #arena: Arena;
  readonly #blocks: { address: number; bytes: number }[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  allocate(bytes: number, purpose: string): number {
    const address = this.#arena.allocate(bytes, purpose);
    this.#blocks.push({ address, bytes });
    return address;
  }

  /** Gives all blocks back; a second call does nothing. */
  free(): void {
    for (const { address, bytes } of this.#blocks.splice(0)) this.#arena.free(address, bytes);
  }
}
