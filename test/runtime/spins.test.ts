/** How long a spinning wait is: a page's rank 0 has no other clock, and gives a team up after 50 ticks without a heartbeat. */
import { expect, test, vi } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { createRuntime } from "../../src/index.ts";
import { Kernels, variants } from "../kernels/harness.ts";

/** Of 100 ms: another process may take the core from the measurement, and a tick that is too long only waits longer. */
const SLACK = 4;

test.each(variants)("%s: turns of a tick last about 100 ms, also right after the binary was compiled", async (numerics) => {
  const runtime = await createRuntime({ numerics, threads: 2, share: "always" });
  const allocate = vi.spyOn(runtime.arena, "allocate");
  await runtime.startTeam();
  expect(runtime.info.workers).toBe("running");
  const block = allocate.mock.results[allocate.mock.calls.findIndex(([, purpose]) => purpose === "the team block")].value as number;
  const turns = runtime.arena.views.u32[(block + abi.TEAM_SPINS_PER_TICK) >>> 2];
  let least = Infinity;
  for (let i = 0; i < 10; i++) {
    const before = performance.now();
    runtime.kernels.spinTurns(block, Math.floor(turns / 50));
    least = Math.min(least, (performance.now() - before) * 50);
  }
  expect(least).toBeGreaterThan(100 / SLACK);
  expect(least).toBeLessThan(100 * SLACK);
  runtime.dispose();
});

test.each(variants)("%s: a turn is a look at the word that a waiting rank looks at", (variant) => {
  const kernels = new Kernels(variant);
  const block = kernels.alloc(abi.TEAM_BYTES);
  kernels.u32(block, abi.TEAM_BYTES / 4)[abi.TEAM_MEETING >>> 2] = 3;
  for (const turns of [0, 1, 15, 1000]) expect(kernels.call.spinTurns(block, turns)).toBe(3 * turns);
});
