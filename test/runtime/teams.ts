/** Runtimes with teams, for tests that compare numbers of threads: every op that can be shared is. */
import { expect } from "vitest";
import { createRuntime, type Model, type Runtime, type Trainer } from "../../src/index.ts";
import { type Variant, variants } from "../kernels/harness.ts";

export { type Variant, variants };

export const TEAMS = [1, 2, 3, 4, 8];

const runtimes = new Map<string, Promise<Runtime>>();

/** A runtime whose workers run, kept for all tests of a file. */
export function teamOf(variant: Variant, threads: number): Promise<Runtime> {
  const key = `${variant} ${threads}`;
  let found = runtimes.get(key);
  if (found === undefined) {
    found = newTeam(variant, threads);
    runtimes.set(key, found);
  }
  return found;
}

export async function newTeam(variant: Variant, threads: number): Promise<Runtime> {
  const runtime = await createRuntime({ numerics: variant, threads, share: "always" });
  await runtime.startTeam();
  expectTeam(runtime, variant, threads);
  return runtime;
}

/** Fails where a fall back to one thread would make a comparison worthless. */
export function expectTeam(runtime: Runtime, variant: Variant, threads: number): void {
  expect(runtime.info).toMatchObject({ numerics: variant, threads, workers: threads === 1 ? "parked" : "running" });
}

/** The bits of all parameters and statistics, and of optimizer slots. */
export function bitsOf(model: Model, trainer?: Trainer): Record<string, Uint32Array> {
  const bits = (data: Float32Array) => new Uint32Array(data.buffer, data.byteOffset, data.length);
  const weights = Object.entries(model.stateDict()).map(([name, { data }]) => [name, bits(data)] as const);
  const slots = trainer?.checkpoint().slots.map((slot, k) => [`slot ${k}`, bits(slot)] as const) ?? [];
  return Object.fromEntries([...weights, ...slots]);
}
