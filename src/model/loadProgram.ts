/** Puts a program into linear memory: plans it, gives it a workspace, checks it, writes its records. */
import * as abi from "../../assembly/abi.ts";
import type { Buffer, Builder, Op, Span } from "../program/builder.ts";
import { isWorthWaking, partsOf, ranksOf, sharedTimeOf } from "../program/cost.ts";
import { addressOf, encode } from "../program/encode.ts";
import { fuse } from "../program/fuse.ts";
import { packingProducts } from "../program/packing.ts";
import { type Plan, plan } from "../program/plan.ts";
import { verify } from "../program/verify.ts";
import type { Region } from "../runtime/memory.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A program that can run. Addresses are bytes in the runtime's memory. */
export interface LoadedProgram {
  readonly ops: readonly Op[];
  readonly control: number;
  readonly addressOf: (buffer: Buffer) => number;
  /** Ops that more than one rank works on. */
  readonly sharedOps: number;
  /** Runs all records of the spans from `first` to `last`; returns STATUS_*, of which STATUS_LOST must not be ignored. */
  run(first: Span, last: Span): number;
  /** Runs one op alone, on the calling thread: for profiles. */
  runOp(index: number): number;
}

/** A control block. */
export function allocateControl(runtime: Runtime, region: Region): number {
  const control = region.allocate(abi.CONTROL_BYTES, "a control block");
  const { scratch } = runtime;
  const { u32, f32 } = runtime.arena.views;
  u32[(control + abi.CONTROL_SCRATCH) >>> 2] = scratch;
  f32[(control + abi.CONTROL_CLIP_MAX) >>> 2] = Infinity;
  f32[(control + abi.CONTROL_CLIP_SCALE) >>> 2] = 1;
  return control;
}

/** Runs what only writes its own workspace: if a thread is lost, again on this one. */
export function runAgainIfLost(program: LoadedProgram, first: Span, last: Span): void {
  if (program.run(first, last) === abi.STATUS_LOST) program.run(first, last);
}

/** `reuse: false` keeps every value of a run, for finding where one went wrong. */
export function loadProgram(runtime: Runtime, region: Region, builder: Builder, control: number, { reuse = true } = {}): LoadedProgram {
  const fused = fuse(builder.ops);
  const ops = packingProducts(fused, builder.capacity, runtime.ranks);
  const planned: Plan = plan(ops, builder.capacity, { reuse });
  const workspace = region.allocate(planned.workspaceBytes, "activations");
  const ranks = ranksOf(planned, runtime.ranks, runtime.share);
  const encoded = encode(planned, workspace, ranks, partsOf(planned, ranks, runtime.ranks, runtime.share));
  // How many shared ops come before each record: whether a span has any is asked on every step.
  const sharedBefore = [0];
  for (const count of ranks) sharedBefore.push(sharedBefore.at(-1)! + (count > 1 ? 1 : 0));
  const sharedOps = sharedBefore.at(-1)!;
  const sharedTime = sharedTimeOf(planned, ranks);
  verify(planned, encoded, workspace);
  const records = region.allocate(encoded.bytes.length, "a step program");
  runtime.arena.views.u8.set(encoded.bytes, records);
  return {
    ops: planned.ops,
    control,
    addressOf: (buffer) => addressOf(planned, workspace, buffer),
    sharedOps,
    run(first, last) {
      const { u32 } = runtime.arena.views;
      u32[(control + abi.CONTROL_STATUS) >>> 2] = abi.STATUS_OK;
      const from = encoded.spans[first][0];
      const to = encoded.spans[last][1];
      const isShared =
        sharedBefore[to]! > sharedBefore[from]! &&
        (runtime.share === "always" || isWorthWaking(sharedTime, from, to, u32[(control + abi.CONTROL_ROWS) >>> 2]!));
      return runtime.run(records, control, from, to, isShared);
    },
    runOp: (index) => runtime.run(records, control, index, index + 1),
  };
}
