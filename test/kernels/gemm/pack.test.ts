import { describe, expect, test } from "vitest";
import { GEMM_KC, GEMM_NR } from "../../../assembly/abi.ts";
import { packB } from "../../reference/matmul.ts";
import { Kernels, variants } from "../harness.ts";
import { type Form, operands, pack } from "./operands.ts";

const FORMS: Form[] = ["NN", "NT", "SS"];
// [inner, cols]: nothing, one, less than a panel, a panel, one more; eight panels at once, one more and their edges; blocks of inner and one more.
const SIZES = [
  [0, 5],
  [5, 0],
  [1, 1],
  [3, 7],
  [4, 8],
  [5, 9],
  [7, 31],
  [9, 32],
  [10, 33],
  [12, 64],
  [13, 72],
  [11, 131],
  [255, 12],
  [512, 40],
  [513, 41],
  [520, 70],
];

describe.each(variants)("packB, %s", (variant) => {
  const kernels = new Kernels(variant);

  test.each(FORMS)("%s: blocks of inner, panels of 8 columns, zeros beyond the last column, for 1 to 4 ranks", (form) => {
    for (const [inner, cols] of SIZES) {
      for (const ranks of [1, 2, 3, 4]) {
        kernels.reset();
        const all = operands(kernels, form, 1, cols, inner, { seed: inner + cols });
        const length = Math.ceil(cols / GEMM_NR) * GEMM_NR * inner;
        kernels.f32(all.packed, length + 8).fill(7);
        pack(kernels, all, ranks);
        expect([...kernels.f32(all.packed, length)], `${inner}x${cols}, ${ranks} ranks`).toEqual([...packB(all.product, GEMM_NR, GEMM_KC)]);
        expect([...kernels.f32(all.packed + length * 4, 8)], "floats past the end").toEqual(Array(8).fill(7));
      }
    }
  });

  test("a share writes its own panels alone", () => {
    kernels.reset();
    const all = operands(kernels, "NN", 1, 33, 600);
    const { inner, cols } = all.product;
    kernels.f32(all.packed, 40 * inner).fill(7);
    kernels.call.packB(all.b, all.packed, inner, cols, cols * 4, 4, 1, 3);
    const want = packB(all.product, GEMM_NR, GEMM_KC);
    const isMine = (at: number) => {
      const block = at < 40 * GEMM_KC ? 0 : 1;
      const panel = Math.floor((at - block * 40 * GEMM_KC) / ((block ? inner - GEMM_KC : GEMM_KC) * GEMM_NR));
      return panel === 1 || panel === 2;
    };
    expect([...kernels.f32(all.packed, 40 * inner)]).toEqual([...want].map((value, at) => (isMine(at) ? value : 7)));
  });
});
