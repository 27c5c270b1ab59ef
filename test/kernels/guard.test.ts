/** The guard, as the interpreter calls it: the norm and the clip that it tells, and when it ends the program. */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { Kernels, variants } from "./harness.ts";

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  function guard(sums: number[], loss: number, max: number) {
    kernels.reset();
    const control = kernels.alloc(abi.CONTROL_BYTES);
    const numbers = kernels.f32(control, abi.CONTROL_BYTES / 4);
    const pieces = kernels.alloc(sums.length * 8);
    new Float64Array(kernels.memory.buffer, pieces, sums.length).set(sums);
    numbers[abi.CONTROL_LOSS >>> 2] = loss;
    numbers[abi.CONTROL_CLIP_MAX >>> 2] = max;
    const address = kernels.alloc(abi.RECORD_BYTES);
    const record = kernels.u32(address, abi.RECORD_BYTES / 4);
    record[abi.RECORD_CODE >>> 2] = abi.OP_GUARD;
    record[abi.RECORD_RANKS >>> 2] = 1;
    record.set([pieces, control], abi.RECORD_OPERANDS >>> 2);
    record[abi.RECORD_SIZES >>> 2] = sums.length;
    const status = kernels.call.runProgram(address, control, 0, 1, 0, 1, 0);
    return { status, norm: numbers[abi.CONTROL_GRADIENT_NORM >>> 2], scale: numbers[abi.CONTROL_CLIP_SCALE >>> 2] };
  }

  test("tells the norm of all pieces, and scales down what is above the limit", () => {
    expect(guard([9, 16], 1, 2.5)).toEqual({ status: abi.STATUS_OK, norm: 5, scale: Math.fround(2.5 / (5 + 1e-6)) });
    expect(guard([9, 16], 1, Infinity)).toEqual({ status: abi.STATUS_OK, norm: 5, scale: 1 });
    expect(guard([9, 16], 1, 10)).toMatchObject({ status: abi.STATUS_OK, scale: 1 });
  });

  test.each([
    [[1, Number.NaN], 1],
    [[Infinity, 1], 1],
    [[1, 1], Number.NaN],
    [[1, 1], Infinity],
    [[1, 1], -Infinity],
  ])("sums %j and loss %f end the program", (sums, loss) => {
    expect(guard(sums, loss, Infinity).status).toBe(abi.STATUS_NOT_FINITE);
  });

  test("in a team rank 0 does nothing after it, not even what it would do alone", () => {
    for (const loss of [1, Number.NaN]) {
      kernels.reset();
      const control = kernels.alloc(abi.CONTROL_BYTES);
      const block = kernels.alloc(abi.TEAM_BYTES);
      kernels.u32(block, abi.TEAM_BYTES / 4)[abi.TEAM_ARRIVED >>> 2] = 1; // rank 1 waits at the end already
      kernels.f32(control, abi.CONTROL_BYTES / 4)[abi.CONTROL_LOSS >>> 2] = loss;
      const [sums, x, y] = [kernels.alloc(64), kernels.put(new Array(16).fill(1)), kernels.alloc(64)];
      const records = kernels.alloc(2 * abi.RECORD_BYTES);
      const write = (index: number, code: number, operands: number[], size: number) => {
        const record = kernels.u32(records + index * abi.RECORD_BYTES, abi.RECORD_BYTES / 4);
        record[abi.RECORD_CODE >>> 2] = code;
        record[abi.RECORD_RANKS >>> 2] = 1;
        record.set(operands, abi.RECORD_OPERANDS >>> 2);
        record[abi.RECORD_SIZES >>> 2] = size;
      };
      write(0, abi.OP_GUARD, [sums, control], 1);
      write(1, abi.OP_ADD, [x, x, y], 16);
      const status = kernels.call.runProgram(records, control, 0, 2, 0, 2, block);
      expect(status).toBe(loss === 1 ? abi.STATUS_OK : abi.STATUS_NOT_FINITE);
      expect(kernels.f32(y, 1)[0]).toBe(loss === 1 ? 2 : 0);
    }
  });
});
