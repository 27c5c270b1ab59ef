/**
 * Runs an optimizer's kernel as a step program would: scalars written by writeScalars, slots at their initial values, one
 * call per rank of a team.
 */
import { UPDATE_BYTES, UPDATE_KEEP, UPDATE_LEAST, UPDATE_LIMIT } from "../../assembly/abi.ts";
import type { Optimizer } from "../../src/optimizers/optimizer.ts";
import { rateAt } from "../../src/optimizers/optimizer.ts";
import { type Kernels, lineShares } from "../kernels/harness.ts";
import type { Around } from "../reference/optimizers.ts";

export class KernelUpdate {
  readonly kernels: Kernels;
  readonly optimizer: Optimizer;
  readonly x0: readonly number[];
  readonly w: Float32Array;
  readonly slots: Float32Array[];
  readonly #scalars: Float32Array;
  readonly #g: Float32Array;
  readonly #addresses: number[];

  /** Memory is grown here once for all: make every KernelUpdate of a test before the first step of one. */
  constructor(kernels: Kernels, optimizer: Optimizer, x0: readonly number[]) {
    this.kernels = kernels;
    this.optimizer = optimizer;
    this.x0 = x0;
    const padded = Math.ceil(x0.length / 16) * 16;
    this.#addresses = Array.from({ length: 2 + optimizer.slots.length }, () => kernels.alloc(padded * 4));
    const scalars = kernels.alloc(UPDATE_BYTES);
    const [w, g, ...slots] = this.#addresses.map((address) => kernels.f32(address, padded));
    this.w = w;
    this.#g = g;
    this.slots = slots;
    this.#scalars = kernels.f32(scalars, UPDATE_BYTES / 4);
    this.#addresses.push(scalars);
    w.set(x0);
    for (const [i, slot] of slots.entries()) slot.fill(optimizer.slots[i]);
  }

  /** One step, from 0. Shares are those of `ranks` ranks, unless given in bytes. */
  step(step: number, gradient: ArrayLike<number>, around: Around = {}, ranks = 1, shares = lineShares(this.x0.length, ranks)): void {
    const { scale = 1, limit = Infinity, keep, decayed = true } = around;
    const scalars = this.#scalars.fill(Number.NaN); // what the rule needs and does not write shows
    this.optimizer.writeScalars(step, rateAt(this.optimizer.learningRate, step), decayed, (offset, value) => {
      if (offset % 4 !== 0 || offset < 0 || offset >= UPDATE_BYTES) throw new Error(`no scalar at offset ${offset}`);
      if (offset === UPDATE_LIMIT || offset === UPDATE_LEAST) throw new Error(`the scalar at ${offset} is the trainer's`);
      scalars[offset / 4] = value;
    });
    scalars[UPDATE_LIMIT / 4] = limit;
    scalars[UPDATE_LEAST / 4] = 2 ** -126;
    if (keep !== undefined) scalars[UPDATE_KEEP / 4] = keep;
    this.#g.set(gradient);
    for (const [begin, end] of shares) this.kernels.call[this.optimizer.op](...this.#addresses, scale, begin, end);
  }

  /** The bits of the parameters and all slots, padding included. */
  bits(): number[] {
    return [this.w, ...this.slots].flatMap((part) => Array.from(new Uint32Array(part.buffer, part.byteOffset, part.length)));
  }
}
