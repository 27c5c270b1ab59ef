/** A gradient so large that eps / v falls below 2^-126 where its root does not: the step keeps its digits. */
import { expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { Kernels, variants } from "../kernels/harness.ts";

test.each(variants)("%s: a gradient of 3e18", (variant) => {
  const kernels = new Kernels(variant);
  const [g, rho, eps] = [3e18, 0.9, 1e-6];
  const s = kernels.alloc(64);
  const scalars = kernels.f32(s, 16);
  const values: [number, number][] = [
    [abi.UPDATE_KEEP, 1],
    [abi.UPDATE_RATE, 1],
    [abi.UPDATE_LEAST, 2 ** -126],
    [abi.ADADELTA_RHO, rho],
    [abi.ADADELTA_RHO_REST, 1 - rho],
    [abi.ADADELTA_EPS, eps],
    [abi.ADADELTA_RAISE, 2 ** 32],
    [abi.ADADELTA_LOWER, 2 ** -16],
  ];
  for (const [field, value] of values) scalars[field >>> 2] = value;
  const [w, v, u] = [kernels.alloc(16), kernels.alloc(16), kernels.alloc(16)];
  kernels.call.adadelta(w, kernels.put([g, 0, 0, 0]), v, u, s, 0, 16);
  const want = -Math.sqrt(eps / ((1 - rho) * g * g)) * g;
  expect(kernels.f32(w, 1)[0] / want).toBeCloseTo(1, 5);
});
