import { describe, expect, test } from "vitest";
import {
  ACTIVATION_GELU,
  ACTIVATION_LEAKY_RELU,
  ACTIVATION_NONE,
  ACTIVATION_RELU,
  ACTIVATION_TANH,
  GEMM_KC,
  PRODUCT_A,
  PRODUCT_ROWS,
  PRODUCT_Y,
} from "../../../assembly/abi.ts";
import { matmul, matmulInOrder } from "../../reference/matmul.ts";
import { Kernels, variants } from "../harness.ts";
import { type Form, multiply, type Options, operands, pack, UNTOUCHED } from "./operands.ts";

const FORMS: Form[] = ["NN", "NT", "TN", "TT", "SS"];
// Every tile height (1 to 6, and the even split of the last two), every count of columns in the last panel, and three panels at once.
const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
const COLS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 32, 41];
const INNER = [0, 1, 3, 4, 5, 6, 8, 17];
// [rows, cols, inner] beyond a group of rows (18 for 512 inner, 126 for 70), a block of inner (512), one of columns (512 for 512 inner).
const BLOCKS = [
  [230, 9, 40],
  [126, 8, 512],
  [127, 17, 513],
  [260, 24, 70],
  [13, 20, 1025],
  [7, 1024, 512],
  [18, 8, 512],
  [19, 9, 512],
  [23, 16, 512],
  [24, 17, 512],
  [9, 1033, 514],
  [130, 16, 1040],
  [1, 77, 1027],
];

const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

describe.each(variants)("matmul, %s", (variant) => {
  const kernels = new Kernels(variant);

  test.each(FORMS)("%s: whole numbers come out exactly, for every tile and edge", (form) => {
    for (const rows of ROWS) {
      for (const cols of COLS) {
        for (const inner of INNER) {
          kernels.reset();
          const all = operands(kernels, form, rows, cols, inner, {
            exact: true,
            withBias: (rows + cols) % 2 === 0,
            seed: rows * 31 + cols * 7 + inner,
          });
          pack(kernels, all);
          expect([...multiply(kernels, all)], `${rows}x${cols}x${inner}`).toEqual([...matmul(all.product).y].map((value) => value + 0));
          expect(all.guardsHold(), `${rows}x${cols}x${inner} wrote outside y`).toBe(true);
        }
      }
    }
  });

  test.each(FORMS)("%s: within inner + 1 roundings of float64, for every block and its edge", (form) => {
    let worst = 0;
    for (const [rows, cols, inner] of BLOCKS) {
      kernels.reset();
      const all = operands(kernels, form, rows, cols, inner, { withBias: true, seed: rows });
      pack(kernels, all);
      const got = multiply(kernels, all);
      const { y, magnitude } = matmul(all.product);
      for (let i = 0; i < y.length; i++) worst = Math.max(worst, Math.abs(got[i] - y[i]) / (magnitude[i] * (inner + 1) * 2 ** -24));
      expect(all.guardsHold()).toBe(true);
    }
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(1);
  });

  test("the bits are those of one row alone, whatever the share and the other rows", () => {
    for (const [rows, cols, inner] of [
      [23, 41, 20],
      [33, 20, 1100],
      [140, 9, 600],
      [8, 1100, 5],
    ]) {
      kernels.reset();
      const all = operands(kernels, "NT", rows, cols, inner, { withBias: true, withZ: true, activation: ACTIVATION_RELU });
      pack(kernels, all);
      const whole = bits(multiply(kernels, all));
      for (const [rowRanks, panelRanks] of [
        [2, 1],
        [3, 1],
        [4, 1],
        [1, 2],
        [1, 3],
        [1, 4],
        [2, 2],
        [rows, 1],
      ]) {
        kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_Y / 4], rows * cols).fill(UNTOUCHED);
        expect(bits(multiply(kernels, all, rowRanks, panelRanks)), `${rowRanks} x ${panelRanks} ranks`).toEqual(whole);
      }
      const left = Math.ceil(cols / 8) - 1;
      kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_Y / 4], rows * cols).fill(UNTOUCHED);
      kernels.call.matmul(all.descriptor, all.scratch, 0, rows, 0, left);
      const beyond = all.y().filter((_, at) => at % cols >= 8 * left);
      expect(
        beyond.every((value) => value === UNTOUCHED),
        "a share writes its own panels alone",
      ).toBe(true);
      expect(beyond.length).toBeGreaterThan(0);
      const i = rows - 2;
      all.set(PRODUCT_ROWS, 1);
      all.set(PRODUCT_A, kernels.u32(all.descriptor, 16)[PRODUCT_A / 4] + i * inner * 4);
      kernels.call.matmul(all.descriptor, all.scratch, 0, 1, 0, Math.ceil(cols / 8));
      expect(bits(all.y().subarray(0, cols)), `row ${i} alone`).toEqual(whole.slice(i * cols, (i + 1) * cols));
    }
  });

  test("setTileRows changes no bit", () => {
    for (const [rows, cols, inner] of BLOCKS) {
      kernels.reset();
      const all = operands(kernels, "TN", rows, cols, inner, { withBias: true });
      pack(kernels, all);
      const want = bits(multiply(kernels, all));
      for (const tallest of [1, 2, 3, 4, 5, 0, 99]) {
        kernels.call.setTileRows(tallest);
        kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_Y / 4], rows * cols).fill(UNTOUCHED);
        expect(bits(multiply(kernels, all)), `tiles of ${tallest} rows`).toEqual(want);
        expect(all.guardsHold()).toBe(true);
      }
    }
  });

  test("the forms agree bit for bit", () => {
    const product = (form: Form) => {
      kernels.reset();
      const all = operands(kernels, form, 31, 21, 300);
      const value = (i: number, k: number) => Math.fround(Math.sin(i * 300 + k));
      const { aRow, aInner, bInner, bCol } = all.product;
      const a = kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_A / 4], all.product.a.length);
      const b = kernels.f32(all.b, all.product.b.length);
      for (let k = 0; k < 300; k++) {
        for (let i = 0; i < 31; i++) a[i * aRow + k * aInner] = value(i, k);
        for (let j = 0; j < 21; j++) b[k * bInner + j * bCol] = value(-j, k);
      }
      pack(kernels, all);
      return bits(multiply(kernels, all));
    };
    const want = product("NN");
    for (const form of FORMS.slice(1)) expect(product(form), form).toEqual(want);
  });

  test("z keeps the value before the activation, y takes it", () => {
    for (const [rows, cols, inner] of [
      [7, 13, 5],
      [14, 16, 300],
      [3, 1030, 9],
      [0, 4, 4],
      [4, 0, 4],
    ]) {
      for (const [activation, p] of [
        [ACTIVATION_NONE, 0],
        [ACTIVATION_RELU, 0],
        [ACTIVATION_LEAKY_RELU, 0.25],
        [ACTIVATION_TANH, 0],
        [ACTIVATION_GELU, 0],
      ]) {
        const run = (withZ: boolean, kind: number, ranks: number) => {
          kernels.reset();
          const all = operands(kernels, "NN", rows, cols, inner, { withBias: true, withZ, activation: kind, p });
          pack(kernels, all);
          const y = multiply(kernels, all, 1, ranks);
          expect(all.guardsHold()).toBe(true);
          return { y, z: withZ ? all.z() : undefined };
        };
        const value = run(false, ACTIVATION_NONE, 1).y;
        const source = kernels.put(value);
        const target = kernels.alloc(value.length * 4);
        if (activation !== ACTIVATION_NONE) kernels.call.activationSegment(activation, source, target, value.length, p);
        const want = bits(activation === ACTIVATION_NONE ? value : kernels.f32(target, value.length).slice());
        for (const ranks of [1, 2, 3]) {
          const { y, z } = run(true, activation, ranks);
          expect(bits(z!), `z, activation ${activation}`).toEqual(bits(value));
          expect(bits(y), `y, activation ${activation}`).toEqual(want);
          expect(bits(run(false, activation, ranks).y), `y without z, activation ${activation}`).toEqual(want);
        }
      }
    }
  });

  test("mask and gradient of the epilogue: the bits of the ops of their own", () => {
    for (const [rows, cols, inner] of [
      [1, 1, 1],
      [7, 13, 5],
      [14, 16, 300],
      [97, 33, 9],
      [3, 1030, 9],
      [0, 4, 4],
      [4, 0, 4],
      [4, 5, 0],
    ]) {
      for (const [activation, p] of [
        [ACTIVATION_RELU, 1.25],
        [ACTIVATION_LEAKY_RELU, 0.25],
        [ACTIVATION_GELU, 0],
      ]) {
        for (const [withMask, withT] of [
          [true, false],
          [false, true],
          [true, true],
        ]) {
          const kind = withT ? activation : ACTIVATION_NONE;
          const run = (own: Options, ranks: number) => {
            kernels.reset();
            const all = operands(kernels, "NT", rows, cols, inner, own);
            pack(kernels, all);
            const y = multiply(kernels, all, 1, ranks);
            expect(all.guardsHold()).toBe(true);
            return { y, mask: all.mask, t: all.t };
          };
          const { y: want, mask, t } = run({}, 1);
          const y = kernels.put(want);
          if (withMask) kernels.call.multiplySegment(y, kernels.put(mask), y, want.length);
          if (withT) kernels.call.activationGradSegment(kind, y, kernels.put(t), y, want.length, p);
          const expected = bits(kernels.f32(y, want.length).slice());
          for (const ranks of [1, 2, 3, 4]) {
            const got = run({ activation: kind, p, withMask, withT }, ranks);
            expect(bits(got.y), `${rows}x${cols}, ${kind}, ${withMask}, ${withT}, ${ranks}`).toEqual(expected);
          }
        }
      }
    }
  });

  test("a NaN in one row of a stays in that row, through relu as well; b's padding never reaches an output", () => {
    kernels.reset();
    const all = operands(kernels, "NT", 9, 10, 12, { activation: ACTIVATION_RELU });
    pack(kernels, all);
    kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_A / 4], 9 * 12)[4 * 12 + 3] = Number.NaN;
    const isNaNs = [...multiply(kernels, all)].map(Number.isNaN);
    expect(isNaNs).toEqual(isNaNs.map((_, at) => Math.floor(at / 10) === 4));
  });

  if (variant === "portable") {
    test("portable: the very bits of products added in order of k, blocks of 512, then the bias", () => {
      for (const [rows, cols, inner] of [...BLOCKS, [3, 5, 7]]) {
        kernels.reset();
        const all = operands(kernels, "NT", rows, cols, inner, { withBias: true });
        pack(kernels, all);
        expect(bits(multiply(kernels, all))).toEqual(bits(matmulInOrder(all.product, GEMM_KC)));
      }
    });
  }
});
