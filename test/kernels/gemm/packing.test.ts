/** matmulPacking: the bits of packB and matmul, whatever the shape, the strides and the share. */
import { describe, expect, test } from "vitest";
import { ACTIVATION_RELU, ACTIVATION_TANH, GEMM_NR, PRODUCT_A, PRODUCT_B, PRODUCT_Y } from "../../../assembly/abi.ts";
import { Kernels, shares, variants } from "../harness.ts";
import { type Form, multiply, type Operands, type Options, operands, pack, UNTOUCHED } from "./operands.ts";

const FORMS: Form[] = ["NN", "NT", "TN", "TT", "SS"];
// Beyond a block of inner (512), and columns beyond the panels that are packed at once (64 of them for 512 inner, 1024 for 32).
const SHAPES = [
  [1, 1, 1],
  [5, 7, 3],
  [6, 8, 16],
  [7, 9, 17],
  [32, 128, 64],
  [13, 20, 0],
  [0, 8, 8],
  [8, 0, 8],
  [128, 64, 512],
  [128, 72, 512],
  [20, 131, 513],
  [9, 70, 1100],
  [3, 1030, 32],
  // Several groups of rows: of 12 rows for 10 inner, of 36 for 40, of 60 for 70.
  [24, 1030, 10],
  [25, 1030, 10],
  [37, 1030, 10],
  [100, 200, 40],
  [190, 130, 70],
];
const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

describe.each(variants)("matmulPacking, %s", (variant) => {
  const kernels = new Kernels(variant);

  /** Several shares: each packs a, or the first of them for all. */
  function packing(all: Operands, ranks = 1, once = false): Float32Array {
    all.set(PRODUCT_B, all.b);
    kernels.f32(all.scratch, 1000).fill(Number.NaN); // what an op before has left
    shares(Math.ceil(all.product.cols / GEMM_NR), ranks).forEach(([begin, end], index) => {
      kernels.call.matmulPacking(all.descriptor, all.scratch, begin, end, Number(once && index > 0));
    });
    return all.y();
  }

  test.each(FORMS)("%s: every shape, with whatever rides on it, in 1 to 4 shares of the panels", (form) => {
    const riders: Options[] = [
      {},
      { withBias: true, withZ: true, activation: ACTIVATION_RELU },
      { withBias: true, activation: ACTIVATION_TANH },
      { withMask: true, withT: true, activation: ACTIVATION_RELU, p: 1.25 },
    ];
    for (const [rows, cols, inner] of SHAPES) {
      for (const options of riders) {
        const make = () => {
          kernels.reset();
          return operands(kernels, form, rows, cols, inner, options);
        };
        const before = make();
        pack(kernels, before);
        const want = bits(multiply(kernels, before));
        const wantZ = options.withZ ? bits(before.z()) : [];
        for (const ranks of [1, 2, 3, 4]) {
          const all = make();
          const where = `${rows}x${cols}x${inner}, ${ranks} ranks`;
          expect(bits(packing(all, ranks, ranks % 2 === 0)), where).toEqual(want);
          if (options.withZ) expect(bits(all.z()), where).toEqual(wantZ);
          expect(all.guardsHold(), where).toBe(true);
        }
      }
    }
  });

  test.each([1, 2, 3, 4, 6])("groups hold whole tiles of %i rows", (height) => {
    for (const rows of [24, 25, 26, 31, 36, 37, 48, 49]) {
      kernels.reset();
      const all = operands(kernels, "NT", rows, 1030, 10);
      pack(kernels, all);
      kernels.call.setTileRows(6);
      const want = bits(multiply(kernels, all));
      kernels.call.setTileRows(height);
      kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_Y / 4], rows * 1030).fill(UNTOUCHED);
      expect(bits(packing(all)), `${rows} rows`).toEqual(want);
    }
    kernels.call.setTileRows(6);
  });

  test.each([
    [128, 40, 1024, true], // two blocks of inner, and just room for all of a
    [129, 40, 1024, false],
    [6, 40, 100, true],
  ])("%i x %i x %i: a lies packed for the next share: %s", (rows, cols, inner, isKept) => {
    kernels.reset();
    const all = operands(kernels, "NN", rows, cols, inner);
    const want = bits(packing(all));
    kernels.call.matmulPacking(all.descriptor, all.scratch, 0, 2, 0);
    kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_A / 4], rows * inner).fill(0);
    kernels.call.matmulPacking(all.descriptor, all.scratch, 2, 5, 1);
    if (isKept) expect(bits(all.y())).toEqual(want);
    else expect([...all.y()].filter((_, i) => i % cols >= 16).every((value) => value === 0)).toBe(true);
  });

  test("writes the columns of its panels alone", () => {
    kernels.reset();
    const all = operands(kernels, "NT", 12, 40, 20);
    all.set(PRODUCT_B, all.b);
    kernels.call.matmulPacking(all.descriptor, all.scratch, 1, 3);
    const y = all.y();
    for (let i = 0; i < y.length; i++) expect(y[i] === UNTOUCHED, `${i}`).toBe(i % 40 < 8 || i % 40 >= 24);
  });
});
