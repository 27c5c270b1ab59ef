/** The plan of threads: which steps wake the team, how many ranks an op gets, and that no plan is wrong, only slow. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import type { Op } from "../../src/program/builder.ts";
import { isWorthWaking, nanosecondsOf, partsOf, ranksOf, sharedTimeOf } from "../../src/program/cost.ts";
import { type OpName, type OpRow, ops as table } from "../../src/program/ops.ts";
import type { Plan } from "../../src/program/plan.ts";
import { bitsOf } from "./teams.ts";

const op = (name: OpName, sizes: Record<string, number>): Op => ({
  name,
  operands: {},
  sizes,
  constants: {},
  span: "forward",
  when: [],
  label: "",
});
const planOf = (...ops: Op[]): Plan => ({ ops, capacity: 1, offsets: new Map(), lifetimes: new Map(), workspaceBytes: 0 });
const product = (rows: number, cols: number, inner: number) =>
  op("matmul", { rows, cols, inner, aRowStride: 0, aInnerStride: 0, bInnerStride: 0, bColStride: 0, activation: 0, byPanels: 0 });

describe("ranksOf", () => {
  const large = product(512, 512, 512);
  const tiny = op("add", { count: 64 });

  test("gives a large op all ranks, a tiny one rank 0 alone", () => {
    expect(ranksOf(planOf(large, tiny), 4, "auto")).toEqual([4, 1]);
  });

  test("gives a middling op as many ranks as each has enough to do", () => {
    const middling = product(64, 64, 256);
    expect(nanosecondsOf(middling, 1)).toBeGreaterThan(12_000);
    const [, ranks] = ranksOf(planOf(large, middling), 64, "auto");
    expect(ranks).toBeGreaterThan(1);
    expect(ranks).toBeLessThan(16);
  });

  test("wakes no team for a program of small ops, however many", () => {
    const ops = Array.from({ length: 1000 }, () => tiny);
    expect(ranksOf(planOf(...ops), 8, "auto")).toEqual(ops.map(() => 1));
  });

  test("wakes no team for one op that is hardly worth it", () => {
    expect(ranksOf(planOf(product(64, 64, 256)), 8, "auto")).toEqual([1]);
  });

  test("wakes no team for one row of mnist's net with plain SGD, whose few products and passes over memory it would slow", async () => {
    const runtime = await w.createRuntime({ threads: 2 });
    const net = w.sequential(w.input(784), w.dense(512), w.relu(), w.dense(512), w.relu(), w.dense(10));
    const model = await w.build(net, { runtime });
    const sharedOps = async (optimizer: w.Optimizer) => {
      const trainer = await w.createTrainer(model, { loss: w.softmaxCrossEntropy(), optimizer, batchSize: 1 });
      const count = trainer.sharedOps;
      trainer.dispose();
      return count;
    };
    expect(await sharedOps(w.sgd({ learningRate: 0.01 }))).toBe(0);
    expect(await sharedOps(w.adam())).toBeGreaterThan(2); // 1.4 times as fast with two threads
    runtime.dispose();
  });

  test("a team of one shares nothing, not even when told to", () => {
    expect(ranksOf(planOf(large), 1, "always")).toEqual([1]);
  });

  test('"always" shares each op whose work is divided, and only those', () => {
    for (const name of Object.keys(table) as OpName[]) {
      const row: OpRow = table[name];
      const sizes = Object.fromEntries(row.sizes.map((size) => [size, 1]));
      expect(ranksOf(planOf(op(name, sizes)), 3, "always"), name).toEqual([row.share === "none" ? 1 : 3]);
    }
  });

  test("every op has an estimate that grows with its size", () => {
    for (const name of Object.keys(table) as OpName[]) {
      const row: OpRow = table[name];
      if (row.share === "none") continue;
      const at = (extent: number) => nanosecondsOf(op(name, Object.fromEntries(row.sizes.map((size) => [size, extent]))), 1);
      expect(at(100), name).toBeGreaterThan(0);
      expect(at(1000), name).toBeGreaterThanOrEqual(9 * at(100));
    }
  });
});

describe("partsOf", () => {
  const partsIn = (size: number, team: number) => partsOf(planOf(product(size, size, size)), [team], team, "auto");

  test("cuts shares of large ops finely, of middling ones not", () => {
    expect(partsIn(1024, 2)).toEqual([16]);
    expect(partsIn(128, 2)).toEqual([4]); // 84 µs: parts of at least 10 µs for two ranks
    expect(partsIn(128, 4)).toEqual([2]);
    expect(partsIn(80, 2)).toEqual([0]);
  });

  test("few parts where each packs all of a anew, as not all its blocks have room", () => {
    const parts = (inner: number) => partsOf(planOf({ ...product(128, 2048, inner), name: "matmulPacking" }), [2], 2, "auto");
    expect(parts(1024)).toEqual([16]);
    expect(parts(1025)).toEqual([4]);
  });

  test("cuts nothing of an op that is not worth all ranks, nor for a team of one", () => {
    const plan = planOf(product(1024, 1024, 1024), product(64, 64, 256));
    const ranks = ranksOf(plan, 64, "auto");
    expect(ranks[1]).toBeLessThan(64);
    expect(partsOf(plan, ranks, 64, "auto")).toEqual([16, 0]);
    expect(partsOf(plan, [1, 1], 1, "always")).toEqual([0, 0]);
  });

  test('"always" has shares of all kinds, whatever the size', () => {
    const plan = planOf(...Array.from({ length: 5 }, () => op("add", { count: 1 })));
    expect(partsOf(plan, [3, 3, 3, 1, 3], 3, "always")).toEqual([0, 2, 4, 0, 2]);
  });
});

describe("isWorthWaking", () => {
  test("goes by the rows of the batch and by the span that runs", () => {
    const perRow = (count: number) => ({ perRow: count });
    const op1: Op = { ...product(1, 512, 512), sizes: { ...product(1, 512, 512).sizes, rows: perRow(1) } };
    const plan = { ...planOf(op1, op1, op("adam", { count: 1_000_000 })), capacity: 256 };
    const time = sharedTimeOf(plan, ranksOf(plan, 4, "auto"));
    expect(isWorthWaking(time, 0, 1, 256)).toBe(true);
    expect(isWorthWaking(time, 0, 1, 1)).toBe(false);
    expect(isWorthWaking(time, 0, 1, 10)).toBe(false);
    expect(isWorthWaking(time, 0, 2, 10)).toBe(true); // twice the work
    expect(isWorthWaking(time, 2, 3, 1)).toBe(true); // an update is as long for one row
    expect(isWorthWaking(time, 1, 1, 256)).toBe(false);
    const alone = sharedTimeOf(plan, [1, 1, 1]);
    expect(isWorthWaking(alone, 0, 3, 256)).toBe(false);
  });
});

describe("steps under the real plan", () => {
  const digits = w.sequential(w.input(64), w.dense(128), w.batchNorm(), w.relu(), w.dropout(0.2), w.dense(64), w.relu(), w.dense(10));
  const iris = w.sequential(w.input(4), w.dense(16), w.relu(), w.dense(3));
  const wide = w.sequential(w.input(512), w.dense(512), w.relu(), w.dense(10));
  const loss = w.softmaxCrossEntropy();
  const batchOf = (columns: number, rows: number) => ({
    x: Float32Array.from({ length: rows * columns }, (_, i) => ((i * 37) % 101) / 50 - 1),
    y: Int32Array.from({ length: rows }, (_, i) => i % 3),
  });

  test.each([
    ["iris", iris, 4, 16],
    ["digits", digits, 64, 32],
  ] as const)("%s does not wake the team, in training nor in prediction and evaluation of few rows", async (_, net, columns, rows) => {
    const runtime = await w.createRuntime({ threads: 4 });
    const model = await w.build(net as w.Net, { runtime });
    const trainer = await w.createTrainer(model, { loss, optimizer: w.adam(), batchSize: rows });
    const batch = batchOf(columns, rows);
    trainer.step(batch);
    model.predict(batch.x);
    model.evaluate(batch, { loss });
    expect(trainer.sharedOps).toBe(0);
    expect(runtime.info).toMatchObject({ threads: 4, workers: "parked", notes: [] });
  });

  test("a wider net does, and does so before its first step", async () => {
    const results = [];
    for (const threads of [1, 4]) {
      const runtime = await w.createRuntime({ threads });
      const model = await w.build(wide as w.Net, { runtime });
      const trainer = await w.createTrainer(model, { loss, optimizer: w.adam(), batchSize: 64 });
      expect(runtime.info.workers).toBe(threads === 1 ? "parked" : "running");
      expect(trainer.sharedOps).toBe(threads === 1 ? 0 : SHARED_OF_WIDE);
      const batch = batchOf(512, 64);
      let teamRuns = 0;
      const { runTeam } = runtime.kernels;
      Object.assign(runtime.kernels, {
        runTeam: (...args: number[]) => {
          teamRuns++;
          return runTeam!(...args);
        },
      });
      for (let step = 0; step < 5; step++) trainer.step(batch);
      expect(teamRuns).toBe(threads === 1 ? 0 : 5);
      results.push(bitsOf(model, trainer));
      runtime.dispose();
    }
    for (const [name, bits] of Object.entries(results[1]))
      expect(Buffer.from(bits.buffer).equals(Buffer.from(results[0][name].buffer)), name).toBe(true);
  });
});

/** Products, which pack their factors themselves, activation gradient, sums, Adam over the weights; the rest stays with rank 0. */
const SHARED_OF_WIDE = 7;
