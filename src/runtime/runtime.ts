/**
 * One engine of computation: a binary, its memory and its team of threads.
 * It runs programs as bytes and knows nothing of layers, models or losses.
 */
import { instantiate } from "@assemblyscript/loader";
import * as abi from "../../assembly/abi.ts";
import { checkOneOf, checkOptions, fail } from "../check.ts";
import { OptionError, WhetstoneError } from "../errors.ts";
import { compileBinary, constantsOf, prefersLowTiles, withoutSharedMemory } from "./binary.ts";
import { type Numerics, variantFor } from "./embedded.ts";
import { coreCount, sharedMemoryDenied } from "./host/threads.ts";
import { Arena, Region } from "./memory.ts";
import { Team, type TeamState } from "./team.ts";

export interface RuntimeOptions {
  /** "fast" (default): fused multiply-add where the engine has it; falls back to "portable", which has the same bits everywhere. */
  numerics?: Numerics;
  /** "auto" (default): the cores of the machine, at most 8, one less on a page; or a number. The bits are the same for any. */
  threads?: "auto" | number;
  /** "auto" (default): ops large enough to gain from it are shared among threads; "always": all that can be, for tests. */
  share?: "auto" | "always";
  /** Where the worker file (`whetstone/worker`) can be loaded from, for pages whose policy forbids blob: workers. */
  worker?: string | URL;
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
  /** Threads that large programs run on, the calling one included. */
  readonly threads: number;
  /** Whether the workers run: they are started when a program first wants them. "failed": notes say why. */
  readonly workers: TeamState;
  readonly sharedMemory: boolean;
  readonly memory: { readonly bytes: number; readonly used: number; readonly maximum: number };
  /** Why something is not as asked for. */
  readonly notes: readonly string[];
}

type KernelExports = Readonly<Record<string, (...args: number[]) => number>>;

/** What createRuntime found out about the host. */
export interface RuntimeParts {
  readonly arena: Arena;
  readonly kernels: KernelExports;
  readonly team: Team;
  readonly numerics: Numerics;
  readonly threads: number;
  readonly share: "auto" | "always";
  readonly notes: string[];
}

export class Runtime {
  readonly arena: Arena;
  readonly kernels: KernelExports;
  /** Ranks that programs are compiled for. */
  readonly ranks: number;
  readonly share: "auto" | "always";
  readonly #parts: RuntimeParts;
  readonly #team: Team;
  readonly #fused: boolean;
  readonly #registry = new FinalizationRegistry<Region>((region) => region.free());
  readonly #runProgram: KernelExports[string];
  #scratch = 0;
  #isRunning = false;
  #isDisposed = false;

  /** Use createRuntime(). */
  constructor(parts: RuntimeParts) {
    this.arena = parts.arena;
    this.kernels = parts.kernels;
    this.ranks = parts.threads;
    this.share = parts.share;
    this.#parts = parts;
    this.#team = parts.team;
    this.#fused = parts.kernels.probeFused!(1) === 1;
    this.#runProgram = parts.kernels.runProgram!;
  }

  get info(): RuntimeInfo {
    const { grownBytes, usedBytes, maximumBytes, isShared } = this.arena;
    const { numerics, threads, notes } = this.#parts;
    const { state, note } = this.#team;
    return {
      numerics,
      fused: this.#fused,
      threads: state === "failed" ? 1 : threads,
      workers: state,
      sharedMemory: isShared,
      memory: { bytes: grownBytes, used: usedBytes, maximum: maximumBytes },
      notes: note === undefined || threads === 1 ? notes : [...notes, note],
    };
  }

  /** What decides on the bits of a run: all runtimes of the same variant have the same. */
  get variant(): string {
    const { numerics } = this.#parts;
    return numerics === "fast" && !this.#fused ? "fast, not fused" : numerics;
  }

  /** Takes note of a run that another variant began. */
  compareVariant(variant: string): void {
    if (variant === this.variant) return;
    const note = `a run that began on the ${variant} binary goes on on ${this.variant}: its bits are not those of one that was not interrupted`;
    if (!this.#parts.notes.includes(note)) this.#parts.notes.push(note);
  }

  /** Address of the scratch of all ranks: programs of one runtime never run at once, so they share it. */
  get scratch(): number {
    if (this.#scratch === 0) this.#scratch = this.arena.allocate(abi.SCRATCH_STRIDE * this.ranks, "scratch");
    return this.#scratch;
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
    if (this.#isRunning) throw new WhetstoneError(`${where}: a callback of a loss is running, and can't use its own runtime`);
  }

  /** Starts the workers if they have not been; until they are ready, programs run on the calling thread. */
  startTeam(): Promise<void> {
    return this.#team.start();
  }

  /** Runs records [from, to) and returns STATUS_*. `isShared`: whether they are worth more than one rank. */
  run(records: number, control: number, from: number, to: number, isShared = false): number {
    this.checkUsable("step"); // a fit that was under way ends here
    this.#isRunning = true;
    try {
      if (isShared) {
        if (this.#team.ranks > 1) return this.#team.run(records, control, from, to);
        void this.#team.start(); // for the next one, if they were never started
      }
      return this.#runProgram!(records, control, from, to, 0, 1, 0);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Runs a callback in the middle of a step: until it returns, nothing of this runtime can be used. */
  outside<T>(callback: () => T): T {
    this.checkUsable("step");
    this.#isRunning = true;
    try {
      return callback();
    } finally {
      this.#isRunning = false;
    }
  }

  /** Sends the workers away. Models of this runtime can't be used after it. */
  dispose(): void {
    this.#isDisposed = true;
    this.#team.dismiss();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** See createRuntime.ts. `binary`: the bytes of the variant that runs here, where the user has given none. */
export async function startRuntime(options: RuntimeOptions, binary: Promise<Uint8Array> | undefined): Promise<Runtime> {
  checkOptions("createRuntime", options, ["numerics", "threads", "share", "worker", "memory", "wasm"]);
  const { numerics = "fast", threads = "auto", share = "auto", worker, memory = {}, wasm } = options;
  checkOneOf("createRuntime: numerics", numerics, ["fast", "portable"]);
  if (threads !== "auto" && !(Number.isInteger(threads) && threads >= 1 && threads <= abi.MAX_RANKS))
    fail("createRuntime: threads", `"auto" or an integer from 1 to ${abi.MAX_RANKS}`, threads);
  checkOptions("createRuntime: memory", memory, ["maximum"]);
  const { maximum } = memory;
  if (maximum !== undefined && !(Number.isInteger(maximum) && maximum >= 65536 && maximum <= 4294967296)) {
    fail("createRuntime: memory.maximum", "a number of bytes from 65536 to 4294967296", maximum);
  }
  const notes: string[] = [];
  const variant = wasm === undefined ? variantFor(numerics) : numerics;
  if (variant !== numerics) notes.push("portable instead of fast: this engine does not validate relaxed SIMD");
  const denied = sharedMemoryDenied();
  const shared = denied === undefined;
  if (!shared) notes.push(`memory is not shared: ${denied}`);
  const module = await loadModule(wasm === undefined ? await binary : wasm, shared);
  const constants = constantsOf(module);
  const arena = new Arena(maximum, shared);
  arena.views.u32.set(constants, abi.CONSTANTS >>> 2);
  const { exports } = await instantiate(module, { env: { memory: arena.memory } });
  const kernels = exports as unknown as KernelExports;
  const actual = kernels.usesRelaxedSimd!() === 1 ? "fast" : "portable";
  if (wasm !== undefined && options.numerics !== undefined && actual !== numerics) {
    throw new OptionError(
      `createRuntime: wasm is the ${actual} binary, and numerics asks for ${numerics}. Give ${numerics}.wasm, or leave numerics out`,
    );
  }
  const tileRows = prefersLowTiles() ? LOW_TILE_ROWS : 0;
  if (tileRows > 0) kernels.setTileRows!(tileRows);
  const ranks = threads === "auto" ? Math.min(coreCount(), MAX_AUTO_THREADS) : threads;
  const source = async () => ({ text: (await import("../../build/worker.ts")).text, url: worker });
  const team = new Team({ arena, module, kernels, source, ranks, tileRows });
  return new Runtime({ arena, kernels, team, numerics: actual, threads: ranks, share, notes });
}

const LOW_TILE_ROWS = 4;
/** More threads than this gain little on nets of the size that one trains in JavaScript. */
const MAX_AUTO_THREADS = 8;

async function loadModule(wasm: RuntimeOptions["wasm"], shared: boolean): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  if (!(wasm instanceof ArrayBuffer || ArrayBuffer.isView(wasm))) return fail("createRuntime: wasm", "a WebAssembly.Module or bytes", wasm);
  if (shared) return compileBinary(wasm);
  return compileBinary(
    withoutSharedMemory(ArrayBuffer.isView(wasm) ? new Uint8Array(wasm.buffer, wasm.byteOffset, wasm.byteLength) : new Uint8Array(wasm)),
  );
}

/** Byte address as an index into a view of 4-byte elements. */
export const word = (address: number): number => address >>> 2;

export const CONTROL_WORDS = abi.CONTROL_BYTES / 4;
