/** Parts of shares: who takes which, that each is done once whoever is late, and that ops of a dropped branch leave nothing behind. */
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { Kernels, variants } from "../kernels/harness.ts";

const workers: Worker[] = [];
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.terminate()));
});

/** [first part, how many] of each claim until none is left. */
function all(kernels: Kernels, block: number, owner: number, base: number, parts: number, isOwn: boolean): [number, number][] {
  const claims: [number, number][] = [];
  for (;;) {
    const taken = kernels.call.claim(block, owner, base, parts, isOwn ? 1 : 0);
    if (taken === 0) return claims;
    claims.push([taken & 0xffff, taken >>> 16]);
    if (claims.length > parts) expect.fail("more claims than parts");
  }
}

describe.each(variants)("claim, %s", (variant) => {
  const kernels = new Kernels(variant);
  const block = kernels.alloc(abi.TEAM_BYTES);
  const { call } = kernels;

  test("an owner takes half of what is left of its share, others one part", () => {
    call.resetClaims(block, 2);
    expect(all(kernels, block, 0, 0, 16, true)).toEqual([
      [0, 8],
      [8, 4],
      [12, 2],
      [14, 1],
      [15, 1],
    ]);
    expect(all(kernels, block, 1, 0, 4, false)).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    expect(all(kernels, block, 0, 0, 16, false)).toEqual([]);
  });

  test("after another rank's claims an owner's are still parts of a coarser cut", () => {
    for (let taken = 0; taken < 16; taken++) {
      call.resetClaims(block, 1);
      for (let i = 0; i < taken; i++) expect(call.claim(block, 0, 0, 16, 0)).toBe(i | 0x10000);
      const claims = all(kernels, block, 0, 0, 16, true);
      let next = taken;
      for (const [first, count] of claims) {
        expect(first).toBe(next);
        expect(first % count).toBe(0);
        expect(16 % count).toBe(0);
        expect(count === 1 || count <= (16 - first) / 2).toBe(true);
        next += count;
      }
      expect(next).toBe(16);
    }
  });

  test("shares of one part, and of two", () => {
    call.resetClaims(block, 1);
    expect(all(kernels, block, 0, 0, 1, true)).toEqual([[0, 1]]);
    expect(all(kernels, block, 0, 1, 2, true)).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  test("the next op's parts follow, also after an op that nobody did", () => {
    call.resetClaims(block, 1);
    expect(all(kernels, block, 0, 0, 4, true).length).toBe(3);
    expect(all(kernels, block, 0, 100, 2, false)).toEqual([
      [0, 1],
      [1, 1],
    ]);
    // A rank that comes late to an earlier op finds nothing left of it.
    expect(all(kernels, block, 0, 0, 4, false)).toEqual([]);
    call.resetClaims(block, 1);
    expect(all(kernels, block, 0, 0, 4, false).length).toBe(4);
  });

  test("four threads at once do each part once", { timeout: 60_000 }, async () => {
    const [ranks, ops, parts] = [4, 10_000, 64];
    const shared = kernels.alloc(abi.TEAM_BYTES);
    const counts = kernels.alloc(ranks * parts * 4 * ops);
    const go = kernels.alloc(64);
    call.resetClaims(shared, ranks);
    const module = new WebAssembly.Module(readFileSync(new URL(`../../build/${variant}.wasm`, import.meta.url)));
    const taker = `
      const { workerData: { module, memory, rank, ranks, ops, parts, shared, counts, go }, parentPort } = require("node:worker_threads");
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      const words = new Int32Array(memory.buffer);
      Atomics.add(words, go >>> 2, 1);
      while (Atomics.load(words, go >>> 2) < ranks) {}
      for (let op = 0; op < ops; op++)
        for (let i = 0; i < ranks; i++) {
          const owner = i; // all at the same share, as they would hardly meet otherwise
          for (let taken; (taken = exports.claim(shared, owner, op * parts, parts, i === rank ? 1 : 0)) !== 0; )
            for (let k = 0; k < taken >>> 16; k++)
              Atomics.add(words, (counts >>> 2) + (op * ranks + owner) * parts + (taken & 0xffff) + k, 1);
        }
      parentPort.postMessage("done");`;
    await Promise.all(
      Array.from({ length: ranks }, (_, rank) => {
        const workerData = { module, memory: kernels.memory, rank, ranks, ops, parts, shared, counts, go };
        const worker = new Worker(taker, { eval: true, workerData });
        workers.push(worker);
        return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      }),
    );
    const done = kernels.u32(counts, ranks * parts * ops);
    expect(done.every((count) => count === 1)).toBe(true);
  });
});
