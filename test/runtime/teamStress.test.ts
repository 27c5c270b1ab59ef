/** A sample of `npm run check:stress`: random teams, nets, batches and endings against one thread. */
import { expect, test } from "vitest";
import { stress } from "../../bench/stressRuns.ts";
import { variants } from "../kernels/harness.ts";

test("30 trainings of 50 steps with random threads, sizes and endings", async () => {
  const { faults, longestMs, ...counts } = await stress({ runs: 30, seed: 20, numerics: variants });
  expect(faults).toEqual([]);
  expect(longestMs).toBeLessThan(10_000);
  expect(counts).toEqual({ aborted: 7, notFinite: 3, disposed: 3 });
}, 60_000);
