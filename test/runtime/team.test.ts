/** The protocol of a team, with a rank 0 played by the test: what a worker does must not depend on how fast rank 0 is. */
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { Kernels, variants } from "../kernels/harness.ts";

const PLAYER = `
const { workerData, parentPort } = require("node:worker_threads");
const { exports } = new WebAssembly.Instance(workerData.module, { env: { memory: workerData.memory } });
parentPort.postMessage(exports.runProgram(...workerData.args));
`;
const COUNT = 64;

interface Stage {
  readonly kernels: Kernels;
  readonly control: number;
  readonly block: number;
  readonly sums: number[];
  /** The worker's own return value. */
  readonly left: Promise<number>;
}

const workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

/** Starts rank 1 of 2 on: an op of both, a meeting, the guard, a meeting, an op of both. */
function play(variant: "portable" | "fast"): Stage {
  const kernels = new Kernels(variant);
  const control = kernels.alloc(abi.CONTROL_BYTES);
  const block = kernels.alloc(abi.TEAM_BYTES);
  const scratch = kernels.alloc(2 * abi.SCRATCH_STRIDE);
  const ones = kernels.put(Array.from({ length: COUNT }, () => 1));
  const sums = [kernels.alloc(COUNT * 4), kernels.alloc(COUNT * 4)];
  const records = kernels.alloc(3 * abi.RECORD_BYTES);
  kernels.u32(control, 16)[abi.CONTROL_SCRATCH >>> 2] = scratch;
  const write = (index: number, code: number, flags: number, ranks: number, operands: number[], count: number) => {
    const record = kernels.u32(records + index * abi.RECORD_BYTES, abi.RECORD_BYTES / 4);
    record[abi.RECORD_CODE >>> 2] = code;
    record[abi.RECORD_FLAGS >>> 2] = flags;
    record[abi.RECORD_RANKS >>> 2] = ranks;
    record.set(operands, abi.RECORD_OPERANDS >>> 2);
    record[abi.RECORD_SIZES >>> 2] = count;
  };
  write(0, abi.OP_ADD, 0, 2, [ones, ones, sums[0]], COUNT);
  write(1, abi.OP_GUARD, abi.FLAG_BARRIER, 1, [ones, control], 1);
  write(2, abi.OP_ADD, abi.FLAG_BARRIER, 2, [ones, ones, sums[1]], COUNT);
  const module = new WebAssembly.Module(readFileSync(new URL(`../../build/${variant}.wasm`, import.meta.url)));
  const args = [records, control, 0, 3, 1, 2, block];
  const worker = new Worker(PLAYER, { eval: true, workerData: { module, memory: kernels.memory, args } });
  workers.push(worker);
  const left = new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  return { kernels, control, block, sums, left };
}

/** Waits for rank 1 at the barrier, does what rank 0 is late or early to do, and lets it go on. */
function meet({ kernels, block }: Stage, before: () => void = () => {}): void {
  const words = new Int32Array(kernels.memory.buffer);
  const arrived = (block + abi.TEAM_ARRIVED) >>> 2;
  const meeting = (block + abi.TEAM_MEETING) >>> 2;
  const until = performance.now() + 5000;
  while (Atomics.load(words, arrived) !== 1) {
    if (performance.now() > until) expect.fail("rank 1 did not come to the barrier");
    Atomics.wait(words, 0, 0, 1);
  }
  before();
  Atomics.store(words, arrived, 0);
  Atomics.add(words, meeting, 1);
  Atomics.notify(words, meeting);
}

/** What rank 1 has done of an op: its share is the second half. */
const done = ({ kernels, sums }: Stage, op: number) => [...kernels.f32(sums[op], COUNT)].filter((value) => value === 2).length;
const setStatus = ({ kernels, control }: Stage, status: number) => {
  kernels.u32(control, 16)[abi.CONTROL_STATUS >>> 2] = status;
};

describe.each(variants)("a worker and the guard, %s", (variant) => {
  test("passes where the guard is content", async () => {
    const stage = play(variant);
    for (let i = 0; i < 3; i++) meet(stage);
    expect(await stage.left).toBe(abi.STATUS_OK);
    expect([done(stage, 0), done(stage, 1)]).toEqual([COUNT / 2, COUNT / 2]);
  });

  test("leaves at the barrier after the guard, and at the last one: rank 0 can't begin anew before that", async () => {
    const stage = play(variant);
    meet(stage);
    meet(stage, () => setStatus(stage, abi.STATUS_NOT_FINITE));
    meet(stage, () => setStatus(stage, abi.STATUS_OK)); // the next run begins: too late to be seen
    expect(await stage.left).toBe(abi.STATUS_OK);
    expect([done(stage, 0), done(stage, 1)]).toEqual([COUNT / 2, 0]);
  });

  test("does not look before the guard, where a fast rank 0 may have decided already", async () => {
    const stage = play(variant);
    meet(stage, () => setStatus(stage, abi.STATUS_NOT_FINITE));
    meet(stage);
    meet(stage);
    expect(await stage.left).toBe(abi.STATUS_OK);
    expect([done(stage, 0), done(stage, 1)]).toEqual([COUNT / 2, 0]);
  });

  test("does not ask the control block after the last barrier: rank 0 may have given it away", async () => {
    const stage = play(variant);
    meet(stage);
    meet(stage);
    meet(stage, () => setStatus(stage, abi.STATUS_LOST));
    expect(await stage.left).toBe(abi.STATUS_OK);
  });
});
