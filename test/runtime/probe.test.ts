/** What a binary says of itself, against what it does. */
import { expect, test } from "vitest";
import { Kernels, variants } from "../kernels/harness.ts";

test.each(variants)("%s: fused is what the product of 1 + 2^-12 with itself shows, and portable never is", (variant) => {
  const { call } = new Kernels(variant);
  expect(call.usesRelaxedSimd()).toBe(variant === "fast" ? 1 : 0);
  if (variant === "portable") expect(call.probeFused(1)).toBe(0);
  else {
    // e^x of the fast binary rounds as the probe says: with fused products its bits differ from those of portable.
    const bits = variants.map((each) => {
      const kernels = new Kernels(each);
      const x = kernels.put(Array.from({ length: 4096 }, (_, i) => i / 512 - 4));
      kernels.call.expArray(x, x, 0, 4096 * 4);
      return [...kernels.u32(x, 4096)];
    });
    const areSame = bits[0].every((value, i) => value === bits[1][i]);
    expect(call.probeFused(1)).toBe(areSame ? 0 : 1);
  }
});
