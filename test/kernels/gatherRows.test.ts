import { describe, expect, it } from "vitest";
import { Kernels, shares, variants } from "./harness.ts";

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  it("picks rows bit for bit, repeated and out of order, at every width, unaligned, in 1 to 4 shares", () => {
    const indices = [4, 0, 4, 2, 3, 3, 1];
    for (const words of [0, 1, 2, 3, 4, 5, 8, 17, 64]) {
      // Every word differs; words of NaN patterns and denormals must survive.
      const data = Array.from({ length: 5 * words }, (_, k) => (k % 4 === 0 ? 0x7fa00000 + k : 0x3f800000 + 977 * k));
      const want = indices.flatMap((row) => data.slice(row * words, (row + 1) * words));
      for (const ranks of [1, 2, 3, 4]) {
        kernels.reset();
        const x = kernels.alloc(data.length * 4 + 16, 4);
        kernels.u32(x, data.length).set(data);
        const picked = kernels.putU32(indices);
        const y = kernels.alloc((want.length + 4) * 4, 12);
        kernels.u32(y, want.length + 4).fill(99);
        for (const [begin, end] of shares(indices.length, ranks)) kernels.call.gatherRows(x, picked, y, words, begin, end);
        expect([...kernels.u32(y, want.length + 4)], `${words} words, ${ranks} ranks`).toEqual([...want, 99, 99, 99, 99]);
      }
    }
  });

  it("writes its rows only", () => {
    kernels.reset();
    const x = kernels.putU32([1, 2, 3, 4, 5, 6]);
    const y = kernels.putU32([0, 0, 0, 0, 0, 0]);
    kernels.call.gatherRows(x, kernels.putU32([2, 1, 0]), y, 2, 1, 2);
    expect([...kernels.u32(y, 6)]).toEqual([0, 0, 3, 4, 0, 0]);
  });
});
