/**
 * One engine of computation: a binary, its memory and (from a later version on) its team of threads.
 * It runs programs as bytes and knows nothing of layers, models or losses.
 */
import { instantiate } from "@assemblyscript/loader";
import * as abi from "../../assembly/abi.ts";
import { checkOneOf, checkOptions, fail } from "../check.ts";
import { OptionError, WhetstoneError } from "../errors.ts";
import { compileBinary, embeddedBytes, type Numerics, prefersLowTiles, supportsRelaxedSimd, withoutSharedMemory } from "./binary.ts";
import { Arena, Region } from "./memory.ts";

export interface RuntimeOptions {
  /** "fast" (default): fused multiply-add where the engine has it; falls back to "portable", which has the same bits everywhere. */
  numerics?: Numerics;
  /** "auto" (default) or a number. This version computes on the calling thread: `info.threads` is 1 and `info.notes` says so. */
  threads?: "auto" | number;
  /** `maximum`: bytes that the linear memory may grow to. Default: the most that the host grants, up to 4 GiB. */
  memory?: { maximum?: number };
  /** A compiled module, or the bytes, of portable.wasm or fast.wasm: for hosts that forbid compiling embedded bytes. */
  wasm?: WebAssembly.Module | BufferSource;
}

/** What a runtime got, and why. */
export interface RuntimeInfo {
  readonly numerics: Numerics;
  /** Whether multiply-adds round once: probed on this engine and processor. */
  readonly fused: boolean;
  readonly threads: number;
  readonly sharedMemory: boolean;
  readonly memory: { readonly bytes: number; readonly used: number; readonly maximum: number };
  /** Why something is not as asked for. */
  readonly notes: readonly string[];
}

type KernelExports = Readonly<Record<string, (...args: number[]) => number>>;

export class Runtime {
  readonly arena: Arena;
  readonly kernels: KernelExports;
  readonly #numerics: Numerics;
  readonly #notes: readonly string[];
  readonly #fused: boolean;
  readonly #registry = new FinalizationRegistry<Region>((region) => region.free());
  readonly #runProgram: (records: number, control: number, from: number, to: number, rank: number, team: number) => number;
  #isRunning = false;
  #isDisposed = false;

  /** Use createRuntime(). */
  constructor(kernels: KernelExports, arena: Arena, numerics: Numerics, notes: readonly string[]) {
    this.kernels = kernels;
    this.arena = arena;
    this.#numerics = numerics;
    this.#notes = notes;
    this.#fused = kernels.probeFused!(1) === 1;
    this.#runProgram = kernels.runProgram!;
  }

  get info(): RuntimeInfo {
    const { grownBytes, usedBytes, maximumBytes, isShared } = this.arena;
    return {
      numerics: this.#numerics,
      fused: this.#fused,
      threads: 1,
      sharedMemory: isShared,
      memory: { bytes: grownBytes, used: usedBytes, maximum: maximumBytes },
      notes: this.#notes,
    };
  }

  /** A region that its maker frees, or that is freed when `owner` is garbage collected. The region must not hold its owner. */
  region(owner?: object): Region {
    this.checkUsable("runtime");
    const region = new Region(this.arena);
    if (owner !== undefined) this.#registry.register(owner, region);
    return region;
  }

  checkUsable(where: string): void {
    if (this.#isDisposed) throw new OptionError(`${where}: the runtime was disposed. Build the model on another one`);
  }

  /** Runs records [from, to) and returns STATUS_*. */
  run(records: number, control: number, from: number, to: number): number {
    if (this.#isRunning) throw new WhetstoneError("runtime: a program is running; a callback of it can't start another");
    this.#isRunning = true;
    try {
      return this.#runProgram(records, control, from, to, 0, 1);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Models of this runtime can't be used after it. */
  dispose(): void {
    this.#isDisposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * A runtime of one's own: to choose the numerics, to bound memory, or to keep models apart. `build` makes a shared one else.
 * @throws OptionError for unknown options; MemoryError if the host grants no memory.
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  checkOptions("createRuntime", options, ["numerics", "threads", "memory", "wasm"]);
  const { numerics = "fast", threads = "auto", memory = {}, wasm } = options;
  checkOneOf("createRuntime: numerics", numerics, ["fast", "portable"]);
  if (threads !== "auto" && !(Number.isInteger(threads) && threads >= 1))
    fail("createRuntime: threads", '"auto" or an integer of at least 1', threads);
  checkOptions("createRuntime: memory", memory, ["maximum"]);
  const { maximum } = memory;
  if (maximum !== undefined && !(Number.isInteger(maximum) && maximum >= 65536 && maximum <= 4294967296)) {
    fail("createRuntime: memory.maximum", "a number of bytes from 65536 to 4294967296", maximum);
  }
  const notes: string[] = [];
  if (typeof threads === "number" && threads > 1) notes.push(`1 thread instead of ${threads}: this version computes on the calling thread`);
  const variant = numerics === "fast" && wasm === undefined && !supportsRelaxedSimd() ? "portable" : numerics;
  if (variant !== numerics) notes.push("portable instead of fast: this engine does not validate relaxed SIMD");
  const shared = typeof SharedArrayBuffer !== "undefined";
  if (!shared) notes.push("memory is not shared: this host has no SharedArrayBuffer");
  const module = await loadModule(wasm, variant, shared);
  const arena = new Arena(maximum, shared);
  const { exports } = await instantiate(module, { env: { memory: arena.memory } });
  const kernels = exports as unknown as KernelExports;
  const actual = kernels.usesRelaxedSimd!() === 1 ? "fast" : "portable";
  if (wasm !== undefined && options.numerics !== undefined && actual !== numerics) {
    throw new OptionError(
      `createRuntime: wasm is the ${actual} binary, and numerics asks for ${numerics}. Give ${numerics}.wasm, or leave numerics out`,
    );
  }
  if (prefersLowTiles()) kernels.setTileRows!(LOW_TILE_ROWS);
  return new Runtime(kernels, arena, actual, notes);
}

const LOW_TILE_ROWS = 4;

async function loadModule(wasm: RuntimeOptions["wasm"], variant: Numerics, shared: boolean): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  if (wasm === undefined) {
    const bytes = await embeddedBytes(variant);
    return compileBinary(shared ? bytes : withoutSharedMemory(bytes));
  }
  if (!(wasm instanceof ArrayBuffer || ArrayBuffer.isView(wasm))) return fail("createRuntime: wasm", "a WebAssembly.Module or bytes", wasm);
  if (shared) return compileBinary(wasm);
  return compileBinary(
    withoutSharedMemory(ArrayBuffer.isView(wasm) ? new Uint8Array(wasm.buffer, wasm.byteOffset, wasm.byteLength) : new Uint8Array(wasm)),
  );
}

let sharedRuntime: Promise<Runtime> | undefined;

/** The runtime of all models that were not given one, made when first needed. */
export function defaultRuntime(): Promise<Runtime> {
  sharedRuntime ??= createRuntime().catch((error: unknown) => {
    sharedRuntime = undefined;
    throw error;
  });
  return sharedRuntime;
}

/** Byte address as an index into a view of 4-byte elements. */
export const word = (address: number): number => address >>> 2;

export const CONTROL_WORDS = abi.CONTROL_BYTES / 4;
