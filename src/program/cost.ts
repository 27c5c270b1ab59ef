/**
 * How many ranks each op is worth, decided once when a program is compiled: a meeting of two spinning threads costs about
 * half a microsecond, and the data that one wrote must travel to the other. The estimates steer speed only, never a bit.
 */
import * as abi from "../../assembly/abi.ts";
import { type Op, sizesAt } from "./builder.ts";
import { isProductName, type OpName, type OpRow, type Sizes, ops as table } from "./ops.ts";
import type { Plan } from "./plan.ts";

/** An op is shared if it takes at least this long on one rank... */
const SHARE_NANOSECONDS = 12_000;
/** ...among so many ranks that each has at least this much to do. */
const RANK_NANOSECONDS = 6_000;
/** A share is cut into parts of at least this length... */
const PART_NANOSECONDS = 10_000;
/** ...and into so many at most: two threads on cores of changing speed, mnist, 9.5 ms a step with 8, 8.5 with 16, 10.8 uncut. */
const MOST_PARTS = 16;
/** The same where each part packs all of a anew. */
const MOST_PACKING_PARTS = 4;
/** A run whose shared ops do not take this long together does not wake the team: threads that sleep need 30 µs and more. */
const WAKE_NANOSECONDS = 150_000;

/** Multiply-adds of a product per nanosecond, and nanoseconds per element of other ops, on one core of a current server. */
const MULTIPLY_ADDS = 25;
const NANOSECONDS_PER_ELEMENT: Partial<Record<OpName, number>> = {
  dropout: 0.6,
  alphaDropout: 0.8,
  gaussianNoise: 2,
  softmax: 1.5,
  logSoftmax: 1.5,
  softmaxCrossEntropyLabels: 2,
  softmaxCrossEntropyTargets: 2,
  binaryCrossEntropy: 2,
  activation: 0.5,
  activationGrad: 0.5,
  adam: 0.6,
  adamAmsgrad: 0.7,
  powerPenaltyGrad: 3,
  packB: 0.4,
  // Measured over 670,000 elements, as they were estimated at 0.2: one row of mnist's net with SGD took 1.1 to 1.4 times as long shared.
  finiteSums: 0.05,
  sgd: 0.12,
  channelMoments: 0.4,
};
const OTHERWISE = 0.2;

/** Ranks per op of a plan, in order. */
export function ranksOf(plan: Plan, team: number, share: "auto" | "always"): number[] {
  if (team === 1) return plan.ops.map(() => 1);
  const canShare = (op: Op) => (table[op.name] as OpRow).share !== "none";
  if (share === "always") return plan.ops.map((op) => (canShare(op) ? team : 1));
  const costs = plan.ops.map((op) => (canShare(op) ? nanosecondsOf(op, plan.capacity) : 0));
  const worthwhile = costs.reduce((sum, cost) => sum + (cost >= SHARE_NANOSECONDS ? cost : 0), 0);
  if (worthwhile < WAKE_NANOSECONDS) return plan.ops.map(() => 1);
  return costs.map((cost) => (cost < SHARE_NANOSECONDS ? 1 : Math.max(1, Math.min(team, Math.floor(cost / RANK_NANOSECONDS)))));
}

/**
 * Parts of each rank's share, by op: a power of two, or 0 for a share that is done as a whole. With `always` the kinds of shares
 * take turns.
 */
export function partsOf(plan: Plan, ranks: readonly number[], team: number, share: "auto" | "always"): number[] {
  return plan.ops.map((op, index) => {
    if (team === 1 || ranks[index]! < team) return 0;
    if (share === "always") return [0, 2, 4][index % 3]!;
    const parts = Math.min(
      packsAgain(op, plan.capacity) ? MOST_PACKING_PARTS : MOST_PARTS,
      Math.floor(nanosecondsOf(op, plan.capacity) / (team * PART_NANOSECONDS)),
    );
    return parts < 2 ? 0 : 1 << (31 - Math.clz32(parts));
  });
}

/** Whether each part packs all of a: not all its blocks have room beside each other. */
function packsAgain(op: Op, capacity: number): boolean {
  const { rows = 0, inner = 0 } = sizesAt(op, capacity);
  return op.name === "matmulPacking" && rows * inner * 4 > abi.WHOLE_A_BYTES;
}

/** How long the shared ops before each record take together on one rank: at one row, and how much more each further row. */
export interface SharedTime {
  readonly atOneRow: readonly number[];
  readonly perRow: readonly number[];
}

export function sharedTimeOf({ ops, capacity }: Plan, ranks: readonly number[]): SharedTime {
  const atOneRow = [0];
  const perRow = [0];
  ops.forEach((op, index) => {
    const isShared = ranks[index]! > 1;
    const least = isShared ? nanosecondsOf(op, 1) : 0;
    const most = isShared ? nanosecondsOf(op, capacity) : 0;
    atOneRow.push(atOneRow[index]! + least);
    perRow.push(perRow[index]! + (most - least) / Math.max(1, capacity - 1));
  });
  return { atOneRow, perRow };
}

/** Whether records [from, to) with so many rows are worth waking the team: a program for many rows may get few. */
export function isWorthWaking({ atOneRow, perRow }: SharedTime, from: number, to: number, rows: number): boolean {
  return atOneRow[to]! - atOneRow[from]! + (rows - 1) * (perRow[to]! - perRow[from]!) >= WAKE_NANOSECONDS;
}

export function nanosecondsOf(op: Op, rows: number): number {
  const sizes = sizesAt(op, rows);
  if (isProductName(op.name)) return (sizes.rows! * sizes.cols! * sizes.inner!) / MULTIPLY_ADDS;
  return elementsOf(sizes) * (NANOSECONDS_PER_ELEMENT[op.name] ?? OTHERWISE);
}

function elementsOf({ count, rows, cols, inner, channels, positions }: Sizes): number {
  if (count !== undefined) return count;
  if (channels !== undefined) return rows! * channels * positions!;
  return inner !== undefined && rows === undefined ? inner * (cols ?? 1) : (rows ?? 1) * (cols ?? 1);
}
