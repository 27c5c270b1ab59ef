/**
 * Waiting and leaving: ranks as threads of their own, some of them played by the test, which is late, absent, or sends the team
 * away. No rank spins before it sleeps, so that every wait is the long one; all tests run at once, as some take 5 s.
 */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { Kernels, type Variant, variants } from "../kernels/harness.ts";

const PLAYER = `
const { workerData, parentPort } = require("node:worker_threads");
const { exports } = new WebAssembly.Instance(workerData.module, { env: { memory: workerData.memory } });
parentPort.postMessage(exports[workerData.name](...workerData.args) ?? 0);
`;
const COUNT = 64;
const OPS = 3;
/** Far longer than a wake-up takes, also on a busy machine; a wait that nobody ends lasts 100 ms, then looks again. */
const SOON = 4000;

const workers: Worker[] = [];
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.terminate()));
});

/** A program of so many additions for `team` ranks, who meet before each but the first, and at the end. */
class Stage {
  readonly kernels: Kernels;
  readonly control: number;
  readonly block: number;
  readonly words: Int32Array;
  readonly #module: WebAssembly.Module;
  readonly #sums: number[];
  readonly #records: number;
  readonly #team: number;
  readonly #ops: number;

  constructor(variant: Variant, team: number, ops = OPS) {
    const kernels = new Kernels(variant);
    this.kernels = kernels;
    this.#team = team;
    this.#ops = ops;
    this.#module = new WebAssembly.Module(readFileSync(new URL(`../../build/${variant}.wasm`, import.meta.url)));
    this.control = kernels.alloc(abi.CONTROL_BYTES);
    this.block = kernels.alloc(abi.TEAM_BYTES);
    const scratch = kernels.alloc(team * abi.SCRATCH_STRIDE);
    const ones = kernels.put(Array.from({ length: COUNT }, () => 1));
    this.#sums = Array.from({ length: ops }, () => kernels.alloc(COUNT * 4));
    this.#records = kernels.alloc(ops * abi.RECORD_BYTES);
    this.#sums.forEach((sum, index) => {
      const record = kernels.u32(this.#records + index * abi.RECORD_BYTES, abi.RECORD_BYTES / 4);
      record[abi.RECORD_CODE >>> 2] = abi.OP_ADD;
      record[abi.RECORD_FLAGS >>> 2] = index === 0 ? 0 : abi.FLAG_BARRIER;
      record[abi.RECORD_RANKS >>> 2] = team;
      record.set([ones, ones, sum], abi.RECORD_OPERANDS >>> 2);
      record[abi.RECORD_SIZES >>> 2] = COUNT;
    });
    this.words = new Int32Array(kernels.memory.buffer);
    this.words[(this.control + abi.CONTROL_SCRATCH) >>> 2] = scratch;
    this.set(abi.TEAM_CALLER_SLEEPS, 1);
  }

  read(word: number): number {
    return Atomics.load(this.words, (this.block + word) >>> 2);
  }

  set(word: number, value: number): void {
    Atomics.store(this.words, (this.block + word) >>> 2, value);
    Atomics.notify(this.words, (this.block + word) >>> 2);
  }

  #call(name: string, args: number[]): Promise<number> {
    const worker = new Worker(PLAYER, { eval: true, workerData: { module: this.#module, memory: this.kernels.memory, name, args } });
    workers.push(worker);
    return new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
  }

  /** A thread that waits for jobs as `rank`; resolves when it has left. */
  serve(rank: number): Promise<number> {
    return this.#call("serve", [this.block, rank, 0]);
  }

  /** A thread that runs the program as `rank`, without being told to. */
  run(rank: number): Promise<number> {
    return this.#call("runProgram", [this.#records, this.control, 0, this.#ops, rank, this.#team, this.block]);
  }

  /** A job for the team, with a thread of its own as rank 0. */
  job(from = 0): Promise<number> {
    return this.#call("runTeam", [this.#records, this.control, from, this.#ops, this.#team, this.block]);
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    for (const start = performance.now(); !isSo(); await pause(2)) {
      if (performance.now() - start > SOON) expect.fail(`${what} has not come`);
    }
  }

  /** The one rank that the test plays comes to a barrier, the last to do so. */
  async meet(): Promise<void> {
    await this.until("the others", () => this.read(abi.TEAM_ARRIVED) === this.#team - 1);
    this.set(abi.TEAM_ARRIVED, 0);
    this.set(abi.TEAM_MEETING, this.read(abi.TEAM_MEETING) + 1);
  }

  beats(rank: number): number {
    return this.read(abi.TEAM_HEARTBEATS + rank * abi.TEAM_HEARTBEAT_STRIDE);
  }

  /** Elements written, by op. */
  get done(): number[] {
    return this.#sums.map((sum) => this.kernels.f32(sum, COUNT).filter((value) => value === 2).length);
  }

  forget(): void {
    for (const sum of this.#sums) this.kernels.f32(sum, COUNT).fill(0);
  }
}

/** What it resolves to, or "waits" if it does not. */
const soon = <T>(promise: Promise<T>): Promise<T | "waits"> => Promise.race([promise, pause(SOON, "waits" as const)]);

test.concurrent.each(variants)("%s: a rank that never comes loses the team after 5 s, and the others are told", async (variant) => {
  const stage = new Stage(variant, 3);
  const left = stage.serve(1);
  const start = performance.now();
  expect(await stage.job()).toBe(abi.STATUS_LOST);
  const seconds = (performance.now() - start) / 1000;
  expect(seconds).toBeGreaterThan(4.5);
  expect(seconds).toBeLessThan(10);
  expect(await soon(left)).toBe(0);
  expect(stage.read(abi.TEAM_LOST)).toBe(1);
  expect(stage.done[1]).toBe(0);
});

test.concurrent.each(variants)("%s: a rank that is slow but beats is waited for", async (variant) => {
  const stage = new Stage(variant, 2);
  const status = stage.job();
  await stage.until("rank 0", () => stage.read(abi.TEAM_ARRIVED) === 1);
  for (let i = 0; i < 33; i++) {
    await pause(200);
    Atomics.add(stage.words, (stage.block + abi.TEAM_HEARTBEATS + abi.TEAM_HEARTBEAT_STRIDE) >>> 2, 1);
  }
  expect(stage.done[1]).toBe(0);
  for (let i = 0; i < OPS; i++) await stage.meet();
  expect(await soon(status)).toBe(abi.STATUS_OK);
});

test.concurrent.each(variants)("%s: a late rank is waited for, through many looks", async (variant) => {
  const stage = new Stage(variant, 2);
  const left = stage.run(1);
  await stage.until("rank 1", () => stage.read(abi.TEAM_ARRIVED) === 1);
  await pause(450);
  expect(stage.done).toEqual([COUNT / 2, 0, 0]);
  for (let i = 0; i < OPS; i++) await stage.meet();
  expect(await soon(left)).toBe(abi.STATUS_OK);
  expect(stage.done).toEqual([COUNT / 2, COUNT / 2, COUNT / 2]);
});

test.concurrent.each(variants)("%s: job after job, sleepers are woken, every rank beats on its own line", async (variant) => {
  const ops = 20;
  const stage = new Stage(variant, 3, ops);
  const left = [stage.serve(1), stage.serve(2)];
  await stage.until("sleep", () => stage.read(abi.TEAM_JOB_SLEEPERS) === 2);
  const jobs = 12;
  let least = Infinity;
  for (let job = 0; job < jobs; job++) {
    stage.forget();
    const start = performance.now();
    expect(await soon(stage.job())).toBe(abi.STATUS_OK);
    least = Math.min(least, performance.now() - start);
    expect(stage.done).toEqual(new Array(ops).fill(COUNT));
  }
  expect([0, 1, 2, 3].map((rank) => stage.beats(rank))).toEqual([jobs * ops, jobs * ops, jobs * ops, 0]);
  expect(least).toBeLessThan(500); // twenty waits of up to 100 ms each if nobody woke the others; a thread starts in 40
  stage.forget();
  stage.kernels.call.dismiss(stage.block);
  expect(await soon(Promise.all(left))).toEqual([0, 0]);
  expect(stage.done).toEqual(new Array(ops).fill(0)); // nobody began the last job once more
});

test.concurrent.each(variants)("%s: a job begins where it is told to", async (variant) => {
  const stage = new Stage(variant, 2);
  void stage.serve(1);
  expect(await soon(stage.job(1))).toBe(abi.STATUS_OK);
  expect(stage.done).toEqual([0, COUNT, COUNT]);
});

test.concurrent.each(variants)("%s: a lost team is left at the barrier", async (variant) => {
  const stage = new Stage(variant, 2);
  const left = stage.run(1);
  await stage.until("rank 1", () => stage.read(abi.TEAM_ARRIVED) === 1);
  stage.set(abi.TEAM_LOST, 1);
  expect(await soon(left)).toBe(abi.STATUS_LOST);
  expect(stage.done).toEqual([COUNT / 2, 0, 0]);
});

test.concurrent.each(variants)("%s: whom dismissal meets at a barrier leaves too", async (variant) => {
  const stage = new Stage(variant, 2);
  const left = stage.run(1);
  await stage.until("rank 1", () => stage.read(abi.TEAM_ARRIVED) === 1);
  stage.kernels.call.dismiss(stage.block);
  expect(await soon(left)).toBe(abi.STATUS_LOST);
});

test.concurrent.each(variants)("%s: rank 0 sleeps where it may, and only spins where it may not", async (variant) => {
  for (const maySleep of [1, 0]) {
    const stage = new Stage(variant, 2);
    stage.set(abi.TEAM_CALLER_SLEEPS, maySleep);
    stage.set(abi.TEAM_SPINS_PER_TICK, maySleep ? 0 : 40_000_000);
    const status = stage.job();
    await stage.until("rank 0", () => stage.read(abi.TEAM_ARRIVED) === 1);
    let sleepers = 0;
    for (let i = 0; i < 30; i++) {
      await pause(5);
      sleepers = Math.max(sleepers, stage.read(abi.TEAM_MEETING_SLEEPERS));
    }
    for (let i = 0; i < OPS; i++) await stage.meet();
    expect(await soon(status)).toBe(abi.STATUS_OK);
    expect(sleepers).toBe(maySleep);
  }
});
