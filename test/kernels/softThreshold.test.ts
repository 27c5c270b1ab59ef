import { describe, expect, it } from "vitest";
import { UPDATE_BYTES, UPDATE_LEARNING_RATE } from "../../assembly/abi.ts";
import { softThreshold } from "../reference/softThreshold.ts";
import { expectNear, expectSameBits, numbers, teams } from "./compare.ts";
import { Kernels, lineShares, variants } from "./harness.ts";

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  function run(w: number[], rate: number, lambda: number, ranks = 1): Float32Array {
    kernels.reset();
    const scalars = kernels.alloc(UPDATE_BYTES);
    kernels.f32(scalars + UPDATE_LEARNING_RATE, 1)[0] = rate;
    const padded = Math.ceil(w.length / 16) * 16;
    const values = kernels.alloc((padded + 16) * 4);
    kernels.f32(values, padded + 16).fill(7);
    kernels.f32(values, w.length).set(w);
    for (const [begin, end] of lineShares(w.length, ranks)) kernels.call.softThreshold(values, scalars, lambda, begin, end);
    expect([...kernels.f32(values + padded * 4, 16)]).toEqual(new Array(16).fill(7));
    return kernels.f32(values, w.length).slice();
  }

  it("sign(w) max(|w| - rate lambda, 0) at every count, in 1 to 4 shares with the same bits", () => {
    for (const count of [0, 1, 3, 4, 15, 16, 17, 32, 100]) {
      const w = numbers(count, count);
      const got = run(w, 0.5, 0.75);
      expectNear(got, softThreshold(w, 0.375), `${count}`, 0, 1e-6);
      for (const ranks of teams) expectSameBits(run(w, 0.5, 0.75, ranks), got, `${ranks} ranks`);
    }
  });

  it("gives +0 within the threshold and at it, keeps every bit at rate 0, and lets NaN through", () => {
    expectSameBits(run([0.25, -0.25, 0.125, -0.125, 0, -0], 0.5, 0.5), new Float32Array(6), "zeros");
    const w = [1e-40, -3, 0, 0.1];
    expectSameBits(run(w, 0, 0.5), Float32Array.from(w), "rate 0");
    expect([...run([Number.NaN, Infinity, -Infinity, 1], 0.5, 0.5)]).toEqual([Number.NaN, Infinity, -Infinity, 0.75]);
  });
});
