/** Where the time of a training step goes, op by op. */
import { type Op, sizesAt } from "../program/builder.ts";
import { countAt } from "../program/count.ts";
import { isProductName, type OpRow, ops as table } from "../program/ops.ts";
import type { LoadedProgram } from "./loadProgram.ts";

export interface ProfiledOp {
  /** The layer or part of the step that the op belongs to: "layer 0 (dense)", "loss", "update". */
  readonly layer: string;
  /** Name of the op, "matmul". */
  readonly op: string;
  readonly span: string;
  /** Mean over the steps. */
  readonly microseconds: number;
  /** Of the whole step, 0 to 1. */
  readonly share: number;
  /** 10⁹ floating-point operations per second; products only. */
  readonly gflops: number | undefined;
  /** 10⁹ bytes per second that the op reads and writes. */
  readonly gigabytes: number;
}

export interface Profile {
  readonly steps: number;
  readonly rows: number;
  /** Mean time of a step, the sum of its ops, on one thread. */
  readonly microseconds: number;
  /** In the order in which they run. */
  readonly ops: readonly ProfiledOp[];
  /** The same as a table of text. */
  readonly text: string;
}

/** Runs the ops of whole steps one by one and takes the time of each; what the clock itself costs is taken off. */
export function profileSteps(program: LoadedProgram, rows: number, steps: number, beforeStep: (step: number) => void): Profile {
  const first = program.ops.findIndex(({ span }) => span !== "prepare" && span !== "gather");
  const chosen = program.ops.map((_, index) => index).filter((index) => index >= first && program.ops[index]!.span !== "link");
  const milliseconds = new Float64Array(program.ops.length);
  const clock = clockMilliseconds();
  for (let step = 0; step < steps; step++) {
    beforeStep(step);
    for (const index of chosen) {
      const before = performance.now();
      program.runOp(index);
      milliseconds[index]! += performance.now() - before - clock;
    }
  }
  const microsecondsOf = (index: number) => Math.max(0, (milliseconds[index]! * 1000) / steps);
  const microseconds = chosen.reduce((sum, index) => sum + microsecondsOf(index), 0);
  const ops = chosen.map((index) => describe(program.ops[index]!, rows, microsecondsOf(index), microseconds));
  return { steps, rows, microseconds, ops, text: textOf(ops, microseconds) };
}

/** Least time between two looks at the clock. */
function clockMilliseconds(): number {
  let least = Infinity;
  for (let i = 0; i < 1000; i++) {
    const before = performance.now();
    least = Math.min(least, performance.now() - before);
  }
  return least;
}

function describe(op: Op, rows: number, microseconds: number, total: number): ProfiledOp {
  const row: OpRow = table[op.name];
  const sizes = sizesAt(op, rows);
  const isProduct = isProductName(op.name);
  const flops = isProduct ? 2 * sizes.rows! * sizes.cols! * sizes.inner! : undefined;
  const bytes = Object.entries(op.operands).reduce((sum, [name, buffer]) => {
    if (buffer === undefined || name === "control" || name === "scalars") return sum;
    const words = Math.min(row.operands[name]!.words(sizes), Math.ceil(countAt(buffer.words, rows) / 16) * 16);
    return sum + words * 4 * (row.operands[name]!.access === "update" ? 2 : 1);
  }, 0);
  const perSecond = (amount: number) => (microseconds > 0 ? amount / microseconds / 1000 : 0);
  return {
    layer: op.label,
    op: op.name,
    span: op.span,
    microseconds,
    share: total > 0 ? microseconds / total : 0,
    gflops: flops === undefined ? undefined : perSecond(flops),
    gigabytes: perSecond(bytes),
  };
}

function textOf(ops: readonly ProfiledOp[], total: number): string {
  const rows = [["layer", "span", "op", "µs", "share", "GFLOP/s", "GB/s"]];
  for (const { layer, span, op, microseconds, share, gflops, gigabytes } of ops) {
    rows.push([layer, span, op, microseconds.toFixed(2), `${(share * 100).toFixed(1)}%`, gflops?.toFixed(1) ?? "", gigabytes.toFixed(1)]);
  }
  rows.push(["step", "", "", total.toFixed(2), "", "", ""]);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i < 3 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
