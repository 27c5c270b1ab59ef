/** What the random kernels of a step depend on: each of seed, run, step and stream, and nothing else. */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { Kernels, variants } from "./harness.ts";

const COUNT = 256;

interface Place {
  seedLow: number;
  seedHigh: number;
  run: number;
  step: number;
  stream: number;
}

const here: Place = { seedLow: 1, seedHigh: 2, run: 3, step: 4, stream: 5 };

/** A call over the whole of x and y. */
const calls: Record<string, (kernels: Kernels, x: number, y: number, control: number, stream: number) => void> = {
  dropout: ({ call }, x, y, control, stream) => call.dropout(x, y, x + 8192, control, stream, 2 ** 31, 2, 0, COUNT * 4),
  alphaDropout: ({ call }, x, y, control, stream) => call.alphaDropout(x, y, x + 8192, control, stream, 2 ** 31, 2, 1, -1, 0, COUNT * 4),
  gaussianNoise: ({ call }, x, y, control, stream) => call.gaussianNoise(x, y, control, stream, 1, 0, COUNT * 4),
};

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  function at(name: string, { seedLow, seedHigh, run, step, stream }: Place): number[] {
    kernels.reset();
    const control = kernels.alloc(abi.CONTROL_BYTES);
    const x = kernels.alloc(16384);
    const y = kernels.alloc(COUNT * 4);
    kernels.f32(x, COUNT).fill(1);
    const words = kernels.u32(control, abi.CONTROL_BYTES / 4);
    words[abi.CONTROL_SEED_LOW >>> 2] = seedLow;
    words[abi.CONTROL_SEED_HIGH >>> 2] = seedHigh;
    words[abi.CONTROL_RUN >>> 2] = run;
    words[abi.CONTROL_STEP >>> 2] = step;
    calls[name](kernels, x, y, control, stream);
    return [...kernels.f32(y, COUNT)];
  }

  test.each(Object.keys(calls))("%s", (name) => {
    const want = at(name, here);
    expect(new Set(want).size).toBeGreaterThan(1);
    expect(at(name, here)).toEqual(want);
    for (const part of Object.keys(here) as (keyof Place)[]) {
      expect(at(name, { ...here, [part]: here[part] + 1 }), part).not.toEqual(want);
    }
  });
});
