/** What tests of kernels share: comparisons that name the element, golden cases, central differences, guarded outputs. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Kernels, testNumbers } from "./harness.ts";

/** Fails unless |got - want| <= absolute + relative |want| everywhere; a wanted NaN must be one. */
export function expectNear(got: ArrayLike<number>, want: ArrayLike<number>, what: string, absolute = 1e-5, relative = 1e-5): void {
  expect(got.length, what).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const isNear = Number.isNaN(want[i]) ? Number.isNaN(got[i]) : Math.abs(got[i] - want[i]) <= absolute + relative * Math.abs(want[i]);
    if (!isNear) expect.fail(`${what}, element ${i}: ${got[i]}, not ${want[i]}`);
  }
}

/** Fails unless every bit is the same. */
export function expectSameBits(got: Float32Array, want: Float32Array, what: string): void {
  expect(got.length, what).toBe(want.length);
  const a = new Uint32Array(got.slice().buffer);
  const b = new Uint32Array(want.slice().buffer);
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) expect.fail(`${what}, element ${i}: ${got[i]} and ${want[i]} differ in their bits`);
}

export interface Tensor {
  shape: number[];
  data: number[];
}

/** The cases of a golden file that `wanted` picks; at least one. */
export function golden<Case>(file: string, wanted: (name: string, entry: Case) => boolean): (Case & { name: string })[] {
  const { cases } = JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), "utf8")) as {
    cases: (Case & { name: string })[];
  };
  const picked = cases.filter((entry) => wanted(entry.name, entry));
  if (picked.length === 0) throw new Error(`no such cases in ${file}.json`);
  return picked;
}

/** `count` float32 numbers in [-scale, scale). */
export function numbers(seed: number, count: number, scale = 1): number[] {
  const next = testNumbers(seed);
  return Array.from({ length: count }, () => Math.fround(next() * scale));
}

/** df/dx_k by a central difference. */
export function difference(f: (x: number[]) => number, x: readonly number[], k: number, step = 1e-5): number {
  const at = (v: number) => f(x.map((old, i) => (i === k ? v : old)));
  return (at(x[k] + step) - at(x[k] - step)) / (2 * step);
}

export function rowsOf(values: ArrayLike<number>, cols: number): number[][] {
  const all = Array.from(values);
  return Array.from({ length: cols === 0 ? 0 : all.length / cols }, (_, i) => all.slice(i * cols, (i + 1) * cols));
}

const MARK = 777;

/** An output of `count` f32 between marks that a kernel must not touch, 4-byte aligned only when skew is not a multiple of 16. */
export class Output {
  readonly kernels: Kernels;
  readonly count: number;
  readonly address: number;
  constructor(kernels: Kernels, count: number, skew = 0) {
    this.kernels = kernels;
    this.count = count;
    const start = kernels.alloc((count + 8) * 4, skew);
    kernels.f32(start, count + 8).fill(MARK);
    this.address = start + 16;
  }

  /** What was written, as a copy. */
  read(): Float32Array {
    const around = this.kernels.f32(this.address - 16, this.count + 8);
    for (const i of [0, 1, 2, 3, this.count + 4, this.count + 5, this.count + 6, this.count + 7]) {
      if (around[i] !== MARK) expect.fail(`wrote ${around[i]} at ${i - 4}, outside of the ${this.count} elements`);
    }
    return around.slice(4, this.count + 4);
  }
}

/** Ranks of a team that every kernel is tried with. */
export const teams = [1, 2, 3, 4];
