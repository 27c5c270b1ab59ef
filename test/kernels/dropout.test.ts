/** Dropout: which elements are kept, what becomes of the others, and what a mask depends on. */
import { describe, expect, it } from "vitest";
import { CONTROL_BYTES, CONTROL_RUN, CONTROL_SEED_HIGH, CONTROL_SEED_LOW, CONTROL_STEP } from "../../assembly/abi.ts";
import { bytes, dropped, type Place, philox } from "../reference/random.ts";
import { Kernels, lineShares, testNumbers, variants } from "./harness.ts";

const SEED = [0x12345678, 0x9abcdef0] as const;
const counts = [0, 1, 15, 16, 17, 64, 70, 127, 128, 129, 200];

for (const variant of variants) {
  const kernels = new Kernels(variant);

  describe(`dropout, ${variant}`, () => {
    const place: Required<Place> = { seedLow: SEED[0], seedHigh: SEED[1], stream: 4, step: 17, run: 2 };
    function control(changes: Partial<Place> = {}): number {
      const { seedLow, seedHigh, step, run } = { ...place, ...changes };
      const block = kernels.u32(kernels.alloc(CONTROL_BYTES), CONTROL_BYTES / 4);
      block[CONTROL_SEED_LOW / 4] = seedLow;
      block[CONTROL_SEED_HIGH / 4] = seedHigh;
      block[CONTROL_STEP / 4] = step;
      block[CONTROL_RUN / 4] = run;
      return block.byteOffset;
    }

    it("keeps and scales the elements whose draw reaches the threshold, in any shares, in place or not", () => {
      const threshold = Math.round(0.3 * 2 ** 32);
      const scale = Math.fround(1 / 0.7);
      for (const count of counts) {
        const next = testNumbers(count);
        const values = Float32Array.from({ length: count }, next);
        const wantMask = Float32Array.from(dropped(count, place, threshold), (isDropped) => (isDropped ? 0 : scale));
        const want = values.map((value, i) => (wantMask[i] ? value * scale : 0));
        for (const ranks of [1, 2, 3, 4]) {
          for (const isInPlace of [false, true]) {
            kernels.reset();
            const x = kernels.put(values);
            const y = isInPlace ? x : kernels.alloc(count * 4);
            const mask = kernels.alloc(count * 4);
            const block = control();
            const scratch = kernels.alloc(128);
            for (const [begin, end] of lineShares(count, ranks)) {
              kernels.call.dropout!(x, y, mask, block, place.stream, threshold, scale, scratch, begin, end);
            }
            expect(kernels.f32(mask, count)).toEqual(wantMask);
            expect(kernels.f32(y, count)).toEqual(want);
          }
        }
      }
    });

    it("a draw that ties with the threshold's highest byte is decided by 24 bits more", () => {
      const COUNT = 192;
      const high = bytes(COUNT, place);
      for (const e of [0, 1, 7, 8, 21, 63, 127, 128, 191]) {
        const low = philox([2 ** 31 + e, place.step, place.stream, place.run], SEED)[0]! & 0xffffff;
        for (const [part, isKept] of [
          [0, true],
          [low, true],
          [low + 1, false],
        ] as const) {
          if (part > 0xffffff) continue;
          kernels.reset();
          const x = kernels.put(new Float32Array(COUNT).fill(1));
          const mask = kernels.alloc(COUNT * 4);
          const threshold = high[e]! * 2 ** 24 + part;
          kernels.call.dropout!(x, x, mask, control(), place.stream, threshold, 2, kernels.alloc(128), 0, COUNT * 4);
          const got = [...kernels.f32(mask, COUNT)].map((factor) => factor === 0);
          expect(got[e], `element ${e}, threshold ${threshold}`).toBe(!isKept);
          expect(got).toEqual(dropped(COUNT, place, threshold));
        }
      }
    });

    it("writes no mask where none is asked for, and the mask alone where y is the mask", () => {
      const values = Float32Array.from({ length: 200 }, testNumbers(5));
      kernels.reset();
      const x = kernels.put(values);
      const [y, mask, alone] = [kernels.alloc(832), kernels.alloc(832), kernels.alloc(832)];
      const scratch = kernels.alloc(128);
      const drop = (to: number, factors: number) => {
        kernels.call.dropout!(x, to, factors, control(), 4, 2 ** 30, 2, scratch, 0, 832);
        return kernels.f32(to, 200).slice();
      };
      const want = drop(y, mask);
      kernels.f32(y, 208).fill(0);
      expect(drop(y, 0)).toEqual(want);
      expect(drop(alone, alone)).toEqual(kernels.f32(mask, 200));
      expect(new Set(kernels.f32(alone, 200))).toEqual(new Set([0, 2]));
    });

    it("gives +0 for a dropped element that is not finite, and keeps all at threshold 0", () => {
      kernels.reset();
      const x = kernels.put([NaN, Infinity, -Infinity, -1, NaN, Infinity, -Infinity, -1, ...Array(8).fill(-2)]);
      const y = kernels.alloc(64);
      const mask = kernels.alloc(64);
      const scratch = kernels.alloc(128);
      kernels.call.dropout!(x, y, mask, control(), 4, 0xffffffff, 1, scratch, 0, 64);
      expect([...kernels.f32(y, 16)]).toEqual(Array(16).fill(0));
      kernels.call.dropout!(x, y, mask, control(), 4, 0, 1, scratch, 0, 64);
      expect([...kernels.f32(y, 16)]).toEqual([...kernels.f32(x, 16)]);
    });

    it("draws another mask for another seed, run, step or stream, and the same again for the same", () => {
      kernels.reset();
      const x = kernels.put(new Float32Array(256).fill(1));
      const y = kernels.alloc(1024);
      const mask = kernels.alloc(1024);
      const scratch = kernels.alloc(128);
      const draw = (block: number, stream: number) => {
        kernels.call.dropout!(x, y, mask, block, stream, 2 ** 31, 2, scratch, 0, 1024);
        return kernels.f32(mask, 256).join();
      };
      const masks = [
        draw(control(), 4),
        draw(control(), 5),
        draw(control({ seedLow: 1 }), 4),
        draw(control({ seedHigh: 1 }), 4),
        draw(control({ run: 3 }), 4),
        draw(control({ step: 18 }), 4),
      ];
      expect(new Set(masks).size).toBe(6);
      expect(draw(control(), 4)).toBe(masks[0]);
    });
  });
}
