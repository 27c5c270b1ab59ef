/** Ops whose shares are cut into parts, with ranks that come one after another: the first does all, each element once. */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { Kernels, variants } from "../kernels/harness.ts";

const COUNT = 1000; // 63 lines of 64 bytes, the last one not full
const PARTS = [2, 8, 0, 4, 1];

describe.each(variants)("a program of ops with parts, %s", (variant) => {
  /** Ops that add 1 to an array each, in place. */
  function stage(team: number) {
    const kernels = new Kernels(variant);
    const control = kernels.alloc(abi.CONTROL_BYTES);
    const block = kernels.alloc(abi.TEAM_BYTES);
    kernels.u32(control, 16)[abi.CONTROL_SCRATCH >>> 2] = kernels.alloc(team * abi.SCRATCH_STRIDE);
    const ones = kernels.put(new Array(COUNT).fill(1));
    const sums = PARTS.map(() => kernels.alloc(COUNT * 4));
    const records = kernels.alloc(PARTS.length * abi.RECORD_BYTES);
    PARTS.forEach((parts, index) => {
      const record = kernels.u32(records + index * abi.RECORD_BYTES, abi.RECORD_BYTES / 4);
      record[abi.RECORD_CODE >>> 2] = abi.OP_ADD;
      record[abi.RECORD_RANKS >>> 2] = team;
      record[abi.RECORD_PARTS >>> 2] = parts;
      record.set([sums[index], ones, sums[index]], abi.RECORD_OPERANDS >>> 2);
      record[abi.RECORD_SIZES >>> 2] = COUNT;
    });
    const run = (rank: number) => {
      kernels.u32(block, 32)[abi.TEAM_ARRIVED >>> 2] = team - 1; // all others wait at the end already
      return kernels.call.runProgram(records, control, 0, PARTS.length, rank, team, block);
    };
    /** Without a team block: nothing may be looked up there. */
    const alone = () => kernels.call.runProgram(records, control, 0, PARTS.length, 0, 1, 0);
    const one: number[] = new Array(COUNT).fill(1);
    const done = () => sums.map((sum) => [...kernels.f32(sum, COUNT)]);
    return { kernels, block, run, alone, done, one };
  }

  test.each([0, 1, 2])("whoever comes first does every part, also those of others: rank %i of 3", (first) => {
    const { run, done, one } = stage(3);
    expect(run(first)).toBe(abi.STATUS_OK);
    done().forEach((sum, index) => {
      // A fixed share is a third, of lines.
      if (PARTS[index] !== 0) expect(sum, `op ${index}`).toEqual(one);
      else expect(sum.reduce((a, b) => a + b, 0)).toBe(first === 2 ? COUNT - 42 * 16 : 21 * 16);
    });
    for (const rank of [0, 1, 2]) if (rank !== first) run(rank);
    for (const sum of done()) expect(sum).toEqual(one);
  });

  test("what another rank has taken is left to it", () => {
    const { kernels, block, run, done, one } = stage(2);
    // Rank 1 has taken the first part of its share of the first op: elements from line 31 on, of 63 in 4 parts.
    expect(kernels.call.claim(block, 1, 0, 2, 0)).toBe(0x10000);
    run(0);
    const [sum, ...others] = done();
    expect(sum).toEqual(one.map((_, i) => (i >= 31 * 16 && i < 47 * 16 ? 0 : 1)));
    expect(others[0]).toEqual(one);
  });

  test("one rank alone, whose team was lost, does each op as a whole", () => {
    const { alone, done, one } = stage(1);
    for (const times of [1, 2]) {
      expect(alone()).toBe(abi.STATUS_OK);
      for (const sum of done()) expect(sum).toEqual(one.map(() => times));
    }
  });
});
