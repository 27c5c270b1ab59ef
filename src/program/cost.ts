/**
 * How many ranks each op is worth, decided once when a program is compiled: a meeting of two spinning threads costs about
 * half a microsecond, and the data that one wrote must travel to the other. The estimates steer speed only, never a bit.
 */
import { type Op, sizesAt } from "./builder.ts";
import { type OpName, type OpRow, type Sizes, ops as table } from "./ops.ts";
import type { Plan } from "./plan.ts";

/** An op is shared if it takes at least this long on one rank... */
const SHARE_NANOSECONDS = 12_000;
/** ...among so many ranks that each has at least this much to do. */
const RANK_NANOSECONDS = 6_000;
/** A program whose shared ops do not take this long together never wakes the team. */
const WAKE_NANOSECONDS = 150_000;

/** Multiply-adds of a product per nanosecond, and nanoseconds per element of other ops, on one core of a current server. */
const MULTIPLY_ADDS = 25;
const NANOSECONDS_PER_ELEMENT: Partial<Record<OpName, number>> = {
  dropout: 1.2,
  softmax: 1.5,
  logSoftmax: 1.5,
  softmaxCrossEntropyLabels: 2,
  softmaxCrossEntropyTargets: 2,
  binaryCrossEntropy: 2,
  activation: 0.5,
  activationGrad: 0.5,
  adam: 0.6,
  adamAmsgrad: 0.7,
  packB: 0.4,
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

export function nanosecondsOf(op: Op, rows: number): number {
  const sizes = sizesAt(op, rows);
  if (op.name === "matmul" || op.name === "matmulFew") return (sizes.rows! * sizes.cols! * sizes.inner!) / MULTIPLY_ADDS;
  return elementsOf(sizes) * (NANOSECONDS_PER_ELEMENT[op.name] ?? OTHERWISE);
}

function elementsOf({ count, rows, cols, inner }: Sizes): number {
  if (count !== undefined) return count;
  return inner !== undefined && rows === undefined ? inner * (cols ?? 1) : (rows ?? 1) * (cols ?? 1);
}
