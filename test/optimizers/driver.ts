/**
 * Runs an optimizer's update as a step program would: scalars written by writeScalars, slots at their initial values, one
 * call per rank of a team.
 */
import * as abi from "../../assembly/abi.ts";
import type { Optimizer } from "../../src/optimizers/optimizer.ts";
import { rateAt } from "../../src/optimizers/optimizer.ts";
import { type OpName, ops } from "../../src/program/ops.ts";
import { type Kernels, lineShares } from "../kernels/harness.ts";
import type { Around } from "../reference/optimizers.ts";

export class KernelUpdate {
  readonly kernels: Kernels;
  readonly optimizer: Optimizer;
  readonly x0: readonly number[];
  readonly w: Float32Array;
  readonly g: Float32Array;
  readonly slots: Float32Array[];
  readonly #scalars: Float32Array;
  readonly #record: number;
  readonly #control: number;
  readonly #scratch: number;

  /** Memory is grown here once for all: make every KernelUpdate of a test before the first step of one. */
  constructor(kernels: Kernels, optimizer: Optimizer, x0: readonly number[]) {
    this.kernels = kernels;
    this.optimizer = optimizer;
    this.x0 = x0;
    const padded = Math.ceil(x0.length / 16) * 16;
    const place = () => kernels.alloc(padded * 4);
    const [w, g, scalars, ...slots] = [place(), place(), kernels.alloc(abi.UPDATE_BYTES), ...optimizer.slots.map(place)];
    this.w = kernels.f32(w, padded);
    this.g = kernels.f32(g, padded);
    this.slots = slots.map((address) => kernels.f32(address, padded));
    this.#scalars = kernels.f32(scalars, abi.UPDATE_BYTES / 4);
    this.#control = kernels.alloc(abi.CONTROL_BYTES);
    this.#scratch = kernels.alloc(abi.SCRATCH_BYTES);
    this.#record = kernels.alloc(abi.RECORD_BYTES);
    const record = kernels.u32(this.#record, abi.RECORD_BYTES / 4);
    record[abi.RECORD_CODE / 4] = ops[optimizer.op as OpName].code;
    record.set([w, g, scalars, ...slots], abi.RECORD_OPERANDS / 4);
    this.w.set(x0);
    for (const [i, slot] of this.slots.entries()) slot.fill(optimizer.slots[i]);
  }

  /** One step, from 0. Shares are those of `ranks` ranks, unless given in bytes. */
  step(step: number, gradient: ArrayLike<number>, around: Around = {}, ranks = 1, shares = lineShares(this.x0.length, ranks)): void {
    const { scale = 1, limit = Infinity, keep, decayed = true } = around;
    const scalars = this.#scalars.fill(Number.NaN); // what the rule needs and does not write shows
    this.optimizer.writeScalars(step, rateAt(this.optimizer.learningRate, step), decayed, (offset, value) => {
      if (offset % 4 !== 0 || offset < 0 || offset >= abi.UPDATE_BYTES) throw new Error(`no scalar at offset ${offset}`);
      if (offset === abi.UPDATE_LIMIT || offset === abi.UPDATE_LEAST) throw new Error(`the scalar at ${offset} is the trainer's`);
      scalars[offset / 4] = value;
    });
    scalars[abi.UPDATE_LIMIT / 4] = limit;
    scalars[abi.UPDATE_LEAST / 4] = 2 ** -126;
    if (keep !== undefined) scalars[abi.UPDATE_KEEP / 4] = keep;
    this.g.set(gradient);
    this.kernels.f32(this.#control, abi.CONTROL_BYTES / 4)[abi.CONTROL_CLIP_SCALE / 4] = scale;
    for (const [begin, end] of shares) this.kernels.call.update(this.#record, this.#control, this.#scratch, begin, end);
  }

  /** The bits of the parameters and all slots, padding included. */
  bits(): number[] {
    return [this.w, ...this.slots].flatMap((part) => Array.from(new Uint32Array(part.buffer, part.byteOffset, part.length)));
  }
}
