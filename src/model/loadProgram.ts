/** Puts a program into linear memory: plans it, gives it a workspace, checks it, writes its records. */
import * as abi from "../../assembly/abi.ts";
import type { Buffer, Builder, Op, Span } from "../program/builder.ts";
import { addressOf, encode } from "../program/encode.ts";
import { fuse } from "../program/fuse.ts";
import { type Plan, plan } from "../program/plan.ts";
import { verify } from "../program/verify.ts";
import type { Region } from "../runtime/memory.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A program that can run. Addresses are bytes in the runtime's memory. */
export interface LoadedProgram {
  readonly ops: readonly Op[];
  readonly control: number;
  readonly addressOf: (buffer: Buffer) => number;
  /** Runs all records of the spans from `first` to `last`; returns STATUS_*. */
  run(first: Span, last: Span): number;
}

/** A control block and the scratch of each rank. */
export function allocateControl(runtime: Runtime, region: Region): number {
  const control = region.allocate(abi.CONTROL_BYTES, "a control block");
  const scratch = region.allocate(abi.SCRATCH_STRIDE, "scratch");
  const { u32, f32 } = runtime.arena.views;
  u32[(control + abi.CONTROL_SCRATCH) >>> 2] = scratch;
  f32[(control + abi.CONTROL_CLIP_MAX) >>> 2] = Infinity;
  f32[(control + abi.CONTROL_CLIP_SCALE) >>> 2] = 1;
  return control;
}

/** `reuse: false` keeps every value of a run, for finding where one went wrong. */
export function loadProgram(runtime: Runtime, region: Region, builder: Builder, control: number, { reuse = true } = {}): LoadedProgram {
  const planned: Plan = plan(fuse(builder.ops), builder.capacity, { reuse });
  const workspace = region.allocate(planned.workspaceBytes, "activations");
  const encoded = encode(planned, workspace);
  verify(planned, encoded, workspace);
  const records = region.allocate(encoded.bytes.length, "a step program");
  runtime.arena.views.u8.set(encoded.bytes, records);
  return {
    ops: planned.ops,
    control,
    addressOf: (buffer) => addressOf(planned, workspace, buffer),
    run: (first, last) => runtime.run(records, control, encoded.spans[first][0], encoded.spans[last][1]),
  };
}
