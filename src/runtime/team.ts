/**
 * The threads of a runtime: started when a program first wants them, parked in wasm between steps, given up when one is lost.
 * Until all are ready, and after a loss, programs run on the calling thread alone: with the same bits.
 */
import * as abi from "../../assembly/abi.ts";
import { isPage } from "./host/nodeModule.ts";
import { deadline } from "./host/pause.ts";
import { coreCount, startThread, type Thread, type ThreadSource, threadsDenied } from "./host/threads.ts";
import type { Arena } from "./memory.ts";

export type TeamState = "parked" | "starting" | "running" | "failed";

/** A worker that is not ready by then counts as failed. */
const START_MILLISECONDS = 5000;

export interface TeamParts {
  readonly arena: Arena;
  readonly module: WebAssembly.Module;
  readonly kernels: Readonly<Record<string, (...args: number[]) => number>>;
  readonly source: () => Promise<ThreadSource>;
  /** Ranks wanted, the caller's thread included. */
  readonly ranks: number;
  /** Rows of the tallest tile; 0 for the binary's own choice. */
  readonly tileRows: number;
}

/**
 * Turns of a wait before it sleeps, from those of a tick of 100 ms. With a core for each rank some 100 µs, as long as a sleeper
 * takes to wake on a virtual machine; else 25 µs and in V8 (0.3 to 0.6 ns a turn) 10, as who spins there keeps others from work.
 */
const spinsBeforeSleep = (turnsPerTick: number, hasCoreEach: boolean) =>
  hasCoreEach ? turnsPerTick >>> 10 : Math.min(20_000, turnsPerTick >>> 12);

export class Team {
  state: TeamState = "parked";
  /** Why there are fewer threads than wanted. */
  note: string | undefined;
  readonly #parts: TeamParts;
  #block = 0;
  #threads: Thread[] = [];
  #started: Promise<void> | undefined;

  constructor(parts: TeamParts) {
    this.#parts = parts;
    const denied = parts.ranks > 1 ? threadsDenied() : undefined;
    if (denied !== undefined) this.#fail(denied);
  }

  /** Ranks of the next job: all, or the caller's thread alone. */
  get ranks(): number {
    return this.state === "running" ? this.#parts.ranks : 1;
  }

  /** Starts the workers, once; resolves when they are ready or have failed. Never rejects. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    const { ranks, arena } = this.#parts;
    if (ranks === 1 || this.state !== "parked") return;
    this.state = "starting";
    try {
      this.#block = arena.allocate(abi.TEAM_BYTES, "the team block");
      const words = arena.views.u32;
      words[(this.#block + abi.TEAM_CALLER_SLEEPS) >>> 2] = isPage() ? 0 : 1;
      const turns = this.#spinsPerTick();
      words[(this.#block + abi.TEAM_SPINS_PER_TICK) >>> 2] = turns;
      words[(this.#block + abi.TEAM_SPINS) >>> 2] = spinsBeforeSleep(turns, ranks <= coreCount());
      await Promise.all(Array.from({ length: ranks - 1 }, (_, i) => this.#startRank(i + 1)));
      if (this.#isStarting) this.state = "running";
    } catch (error) {
      if (this.#isStarting) this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** False once it has failed, or was dismissed while the workers were on their way: the first reason counts. */
  get #isStarting(): boolean {
    return this.state === "starting";
  }

  /** Resolves when the worker says that it is ready. */
  async #startRank(rank: number): Promise<void> {
    const { module, arena, source, tileRows } = this.#parts;
    const task = { module, memory: arena.memory, block: this.#block, rank, seen: 0, tileRows };
    let ready = (): void => {};
    let failed = (_: Error): void => {};
    const isReady = new Promise<void>((resolve, reject) => {
      ready = resolve;
      failed = reject;
    });
    const fail = (reason: string): void => {
      failed(new Error(`worker ${rank}: ${reason}`));
      if (this.state === "running") this.#fail(`worker ${rank}: ${reason}`);
    };
    const thread = await startThread(await source(), task, {
      onMessage: (message) => (message.ready === rank ? ready() : fail(message.failed ?? "it sent something unknown")),
      onEnd: fail,
    });
    this.#threads.push(thread);
    if (!this.#isStarting) this.#leave();
    const timer = deadline(START_MILLISECONDS, () => fail(`it was not ready within ${START_MILLISECONDS / 1000} s`));
    await isReady.finally(timer.cancel);
    thread.release();
  }

  /** Runs records [from, to) on all ranks. STATUS_LOST: a rank is gone, and the team with it. */
  run(records: number, control: number, from: number, to: number): number {
    const status = this.#parts.kernels.runTeam!(records, control, from, to, this.#parts.ranks, this.#block);
    if (status === abi.STATUS_LOST) this.#fail("a worker gave no sign of life for 5 s within a step");
    return status;
  }

  #fail(reason: string): void {
    this.state = "failed";
    this.note = `1 thread: ${reason}`;
    this.#leave();
  }

  /** Sends the workers away. The block stays: one that still spins reads it. */
  dismiss(): void {
    if (this.state !== "failed") this.#fail("the runtime was disposed");
  }

  #leave(): void {
    if (this.#block !== 0) this.#parts.kernels.dismiss!(this.#block);
    for (const thread of this.#threads.splice(0)) thread.terminate();
  }

  /**
   * How many turns a spinning wait makes in a tick of 100 ms: wasm has no clock of its own. The fastest run of 20 ms: the first
   * ones are slower by up to 40 times, before the engine has optimized the loop, which takes it longer on a busy machine.
   */
  #spinsPerTick(): number {
    const turns = 200_000;
    let least = Infinity;
    const begin = performance.now();
    let now = begin;
    for (let run = 0; run < 6 || now - begin < 20; run++) {
      const before = performance.now();
      this.#parts.kernels.spinTurns!(this.#block, turns);
      now = performance.now();
      least = Math.min(least, now - before);
    }
    const resolution = 0.02; // of a clock on an isolated page
    return Math.min(4_000_000_000, Math.round((turns * 100) / Math.max(least, resolution)));
  }
}
