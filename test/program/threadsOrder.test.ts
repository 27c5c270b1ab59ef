/**
 * Barriers, without threads: between two of them the ranks run one after another, in whatever order one likes. Where they
 * suffice no order changes a bit; each one left out must be missed by the verifier and, in some order, by the bits.
 */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import * as w from "../../src/index.ts";
import type { PlacedBatch } from "../../src/model/batchPlaces.ts";
import { Training } from "../../src/model/training.ts";
import { writeTrainingProgram } from "../../src/model/trainingProgram.ts";
import { ranksOf } from "../../src/program/cost.ts";
import { type Encoded, encode } from "../../src/program/encode.ts";
import { fuse } from "../../src/program/fuse.ts";
import { type Plan, plan } from "../../src/program/plan.ts";
import { verify } from "../../src/program/verify.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "../model/runtimes.ts";
import { bitsOf } from "../runtime/teams.ts";

const TEAM = 4;
const ROWS = 61; // enough for packed products as well as small ones

interface Compiled {
  readonly model: w.Model;
  readonly training: Training;
  readonly plan: Plan;
  readonly workspace: number;
  readonly encoded: Encoded;
  readonly records: number;
  readonly block: number;
}

/** Programs that between them hold most ops, in packed products, in small ones and in those of few rows. */
type Own = { readonly clip?: w.Clip; readonly constraint?: w.Constraint; readonly penalty?: w.Penalty };
const nets: Record<string, [net: w.Net, capacity: number, loss: w.Loss, optimizer: w.Optimizer, own?: Own]> = {
  digits: [
    w.sequential(w.input(17), w.dense(40), w.batchNorm(), w.relu(), w.dropout(0.2), w.dense(33), w.batchNorm(), w.gelu(), w.dense(10)),
    ROWS,
    w.softmaxCrossEntropy({ classWeights: "balanced" }),
    w.adam({ amsgrad: true }),
  ],
  "few rows": [
    w.sequential(w.input(17), w.dense(40), w.tanh(), w.softplus(), w.dense(33), w.softmax(), w.dense(20), w.logSoftmax(), w.dense(10)),
    8,
    w.softmaxCrossEntropy(),
    w.rmsprop({ momentum: 0.5, centered: true }),
  ],
  rules: [
    w.sequential(w.input(17), w.dense(40), w.batchNorm(), w.dropout(0.2), w.batchNorm(), w.dense(33), w.relu(), w.dense(10)),
    ROWS,
    w.softmaxCrossEntropy(),
    w.sgd({ learningRate: 0.1 }),
    { clip: w.clipLayerNorm(0.01), constraint: w.maxNorm(0.5), penalty: w.l1(1e-3, { proximal: true }) },
  ],
};

const sharedOps: Record<string, number> = { digits: 35, "few rows": 26, rules: 59 };

/**
 * Barriers that the bits can't miss: both ops are cut alike, so that each rank only reads what it wrote itself. The planner
 * compares whole operands, not shares, and keeps them. (And those round finiteSums: of finite gradients its sums are 0 whoever asks.)
 */
const cutAlike: Record<string, string[]> = {
  digits: [
    "3 forward columnInverse",
    "9 forward columnInverse",
    "18 backward matmulSmall",
    "19 backward normalizeColumnsSums",
    "23 backward matmul",
  ],
  "few rows": ["19 backward matmulFew"],
  rules: [
    "3 forward columnInverse",
    "7 forward columnInverse",
    "19 backward matmul",
    "30 penalty penaltyGrad",
    "52 guard finiteSums",
    "53 guard guard",
    "54 statistics blendStatistics",
    "57 update softThreshold",
  ],
};

async function compile(variant: "portable" | "fast", name: string): Promise<Compiled> {
  const [net, capacity, loss, optimizer, own] = nets[name];
  const runtime = await runtimeOf(variant);
  const model = await w.build(net, { runtime, seed: 3 });
  const region = runtime.region(model);
  const options = {
    loss,
    optimizer,
    batchSize: capacity,
    penalty: w.l2(1e-3),
    clip: w.clipNorm(0.5),
    decay: undefined,
    seed: 1,
    run: 0,
    ...own,
  };
  const training = new Training(
    model.state,
    options,
    region,
    Int32Array.from({ length: 10 }, (_, i) => i),
    "test",
  );
  const { builder } = writeTrainingProgram(training.specOf("labels", false));
  const planned = plan(fuse(builder.ops), capacity);
  const workspace = region.allocate(planned.workspaceBytes, "activations");
  const encoded = encode(planned, workspace, ranksOf(planned, TEAM, "always"));
  const records = region.allocate(encoded.bytes.length, "a step program");
  const scratch = region.allocate(TEAM * abi.SCRATCH_STRIDE, "scratch");
  const block = region.allocate(abi.TEAM_BYTES, "the team block");
  const { u8, u32 } = runtime.arena.views;
  u8.set(encoded.bytes, records);
  // The test keeps the barriers: a record run alone must meet nobody before it.
  for (let i = 0; i < planned.ops.length; i++) u32[(records + i * abi.RECORD_BYTES + abi.RECORD_FLAGS) >>> 2] = 0;
  u32[(training.control + abi.CONTROL_SCRATCH) >>> 2] = scratch;
  return { model, training, plan: planned, workspace, encoded, records, block };
}

/** Runs the program on one rank, which does all of each op. */
function runAlone({ model, training, plan: { ops }, records }: Compiled): number {
  const { u32 } = model.runtime.arena.views;
  u32[(training.control + abi.CONTROL_STATUS) >>> 2] = abi.STATUS_OK;
  const first = ops.findIndex(({ span }) => span === "forward");
  return model.runtime.kernels.runProgram(records, training.control, first, ops.length, 0, 1, 0);
}

/** Runs the program as a team would that takes `order` between barriers. */
function runInOrder(
  { model, training, plan: { ops }, records, block }: Compiled,
  barriers: readonly boolean[],
  order: readonly number[],
): number {
  const { runtime } = model;
  const { u32 } = runtime.arena.views;
  const first = ops.findIndex(({ span }) => span === "forward");
  u32[(training.control + abi.CONTROL_STATUS) >>> 2] = abi.STATUS_OK;
  for (let from = first; from < ops.length; ) {
    const next = barriers.indexOf(true, from + 1);
    const to = next < 0 ? ops.length : next;
    for (const rank of order) {
      u32[(block + abi.TEAM_ARRIVED) >>> 2] = TEAM - 1; // all others wait already: the last meeting of a run is none
      runtime.kernels.runProgram(records, training.control, from, to, rank, TEAM, block);
    }
    from = to;
  }
  return u32[(training.control + abi.CONTROL_STATUS) >>> 2];
}

/** A few steps from the same start, by ranks in order or, without one, by one rank. */
function train(compiled: Compiled, barriers: readonly boolean[], order: readonly number[] | undefined, steps = 3) {
  const { model, training } = compiled;
  const next = testNumbers(9);
  const { batchSize: rows } = training.options;
  for (const parameter of model.state.parameters) model.state.initialize(parameter, 3);
  const { f32 } = model.runtime.arena.views;
  for (const slot of training.update.slots) f32.fill(0, slot >>> 2, (slot >>> 2) + training.update.words);
  const losses: number[] = [];
  const penalties: number[] = [];
  const run = () => (order ? runInOrder(compiled, barriers, order) : runAlone(compiled));
  const program = { spec: {}, run } as unknown as Parameters<Training["run"]>[0];
  training.step = 0;
  for (let step = 0; step < steps; step++) {
    const x = Float32Array.from({ length: rows * 17 }, next);
    const placed: PlacedBatch = training.batch.place({ x, y: Int32Array.from({ length: rows }, (_, i) => (i * 7 + step) % 10) }, "test");
    losses.push(training.run(program, placed));
    penalties.push(training.penalty);
  }
  const slots = training.update.slots.map((at) => f32.slice(at >>> 2, (at >>> 2) + training.update.words));
  return { ...bitsOf(model), losses, penalties, slots };
}

const orders = [
  [0, 1, 2, 3],
  [3, 2, 1, 0],
  [2, 0, 3, 1],
  [1, 3, 0, 2],
];

describe.each(variants)("barriers of a team of four, %s", (variant) => {
  test.each(Object.keys(nets))("%s: no order of the ranks changes a bit", async (name) => {
    const compiled = await compile(variant, name);
    const everywhere = compiled.encoded.barriers.map(() => true);
    const want = train(compiled, everywhere, orders[0]);
    expect(want.losses.every(Number.isFinite)).toBe(true);
    const { bytes, barriers } = compiled.encoded;
    const records = new DataView(bytes.buffer);
    const flags = barriers.map((_, i) => (records.getUint32(i * abi.RECORD_BYTES + abi.RECORD_FLAGS, true) & abi.FLAG_BARRIER) !== 0);
    expect(flags).toEqual(barriers);
    // Compared with one rank: a part that nobody does is missing in every order.
    expect(train(compiled, everywhere, undefined), "alone").toEqual(want);
    for (const order of orders) expect(train(compiled, compiled.encoded.barriers, order), String(order)).toEqual(want);
    expect(compiled.encoded.ranks.filter((ranks) => ranks === TEAM).length).toBe(sharedOps[name]);
  });

  test.each(Object.keys(nets))("%s: each barrier left out is missed by the verifier, and by the bits", async (name) => {
    const compiled = await compile(variant, name);
    const { encoded, plan: planned, workspace } = compiled;
    verify(planned, encoded, workspace);
    const want = train(compiled, encoded.barriers, orders[0]);
    const kept = encoded.barriers.flatMap((isBarrier, index) => (isBarrier ? [index] : []));
    const unseen: string[] = [];
    for (const index of kept) {
      const without = encoded.barriers.map((isBarrier, i) => isBarrier && i !== index);
      expect(() => verify(planned, { ...encoded, barriers: without }, workspace), `${index}`).toThrow(
        new RegExp(`${planned.ops[index].name}: needs a barrier after`),
      );
      const differs = orders.some((order) => JSON.stringify(attempt(compiled, without, order)) !== JSON.stringify(want));
      if (!differs) unseen.push(`${index} ${planned.ops[index].span} ${planned.ops[index].name}`);
    }
    expect(kept.length).toBeGreaterThan(15);
    expect(unseen).toEqual(cutAlike[name]);
  });
});

/** A race may also end in values that are not finite. */
function attempt(compiled: Compiled, barriers: readonly boolean[], order: readonly number[]): unknown {
  try {
    return train(compiled, barriers, order);
  } catch (error) {
    return String(error);
  }
}
