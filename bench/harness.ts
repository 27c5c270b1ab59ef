/**
 * What every bench shares: the machine, a kernel module with operands, and timing by benchmark.js in rounds.
 * Cases that are compared take turns, so that a busy machine or a changing clock hits all of them; the least time is the
 * figure, the median tells how steady the machine was.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import Benchmark from "benchmark";
import { CONSTANTS, CONSTANTS_BYTES } from "../assembly/abi.ts";
import { constantsOf } from "../src/runtime/binary.ts";

/** What comes before it is the binary's. */
const FIRST = CONSTANTS + CONSTANTS_BYTES;

/** Where a figure was measured; belongs beside it. */
export interface Machine {
  cpu: string;
  cores: number;
  node: string;
  v8: string;
  commit: string;
}

export function machine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    node: process.versions.node,
    v8: process.versions.v8,
    commit: commit(),
  };
}

/** The commit that the sources are at; they may also have come without their history. */
function commit(): string {
  const git = (...words: string[]) => execFileSync("git", words, { encoding: "utf8", cwd: import.meta.dirname, stdio: "pipe" }).trim();
  try {
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") ? " with changes" : "");
  } catch {
    return "unknown";
  }
}

/** A built binary, its memory, and a bump allocator of 64-byte aligned blocks. */
export class Module {
  readonly memory: WebAssembly.Memory;
  readonly call: Record<string, (...args: number[]) => number>;
  #top = FIRST;

  constructor(variant: "portable" | "fast") {
    const bytes = readFileSync(fileURLToPath(new URL(`../build/${variant}.wasm`, import.meta.url)));
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const module = new WebAssembly.Module(bytes);
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
    new Uint32Array(this.memory.buffer).set(constantsOf(module), CONSTANTS >>> 2);
    this.call = instance.exports as Record<string, (...args: number[]) => number>;
  }

  /** Address of `length` floats between -1 and 1. */
  floats(length: number): number {
    const address = this.#top;
    this.#top = (address + length * 4 + 127) & ~63;
    const missing = this.#top - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    const values = this.f32(address, length);
    for (let i = 0; i < length; i++) values[i] = (Math.imul(i + 1, 2654435761) >> 8) / 8388608;
    return address;
  }

  f32(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  u32(address: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, length);
  }

  /** Gives back all that was allocated since the module was made. */
  reset(): void {
    this.#top = FIRST;
  }
}

export interface Timing {
  /** Seconds of one call. */
  min: number;
  median: number;
  /** How many samples these come from. */
  samples: number;
}

/** Times functions in turns: in each round benchmark.js samples every one of them for about `seconds`, after one round of warm-up. */
export function timeInTurns(runs: readonly (() => void)[], { rounds = 8, seconds = 0.03 } = {}): Timing[] {
  const samples: number[][] = runs.map(() => []);
  for (let round = -1; round < rounds; round++) {
    runs.forEach((run, i) => {
      // A sample of 2 ms is long against the clock and short against the slices of other processes.
      const bench = new Benchmark({ fn: run, minTime: 0.002, maxTime: seconds, minSamples: 3 });
      bench.run({ async: false });
      if (bench.error) throw bench.error;
      if (round >= 0) samples[i].push(...bench.stats.sample);
    });
  }
  return samples.map((times) => {
    times.sort((a, b) => a - b);
    return { min: times[0], median: times[times.length >> 1], samples: times.length };
  });
}
