/** The products that take b where it lies, matmulFew and matmulSmall: the same cases for both. */
import { describe, expect, test } from "vitest";
import {
  ACTIVATION_LEAKY_RELU,
  ACTIVATION_NONE,
  ACTIVATION_RELU,
  ACTIVATION_TANH,
  PRODUCT_A,
  PRODUCT_BIAS,
  PRODUCT_ROWS,
  PRODUCT_Y,
} from "../../../assembly/abi.ts";
import { matmul } from "../../reference/matmul.ts";
import { Kernels, variants } from "../harness.ts";
import { callUnpacked, type Form, multiply, multiplyUnpacked, operands, pack, UNTOUCHED, type Unpacked } from "./operands.ts";

const FORMS: Form[] = ["NN", "NT", "TN", "TT", "SS"];
const ROWS = [0, 1, 2, 3, 4, 5, 7, 8, 9];
const COLS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 33];
const INNER = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31];
const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

const paths: Unpacked[] = ["matmulFew", "matmulSmall"];
const cases = paths.flatMap((path) => variants.map((variant) => ({ path, variant })));

describe.each(cases)("$path, $variant", ({ path, variant }) => {
  const kernels = new Kernels(variant);
  type Operands = Parameters<typeof multiplyUnpacked>[2];
  const product = (all: Operands, ranks?: number, line?: number) => multiplyUnpacked(kernels, path, all, ranks, line);

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
          expect([...product(all)], `${rows}x${cols}x${inner}`).toEqual([...matmul(all.product).y].map((value) => value + 0));
          expect(all.guardsHold(), `${rows}x${cols}x${inner} wrote outside y`).toBe(true);
        }
      }
    }
  });

  test.each(FORMS)("%s: within inner + 1 roundings of float64", (form) => {
    let worst = 0;
    for (const [rows, cols, inner] of [
      [1, 130, 215],
      [8, 65, 300],
      [300, 70, 8],
      [5, 7, 1000],
    ]) {
      kernels.reset();
      const all = operands(kernels, form, rows, cols, inner, { withBias: true, seed: rows });
      const got = product(all);
      const { y, magnitude } = matmul(all.product);
      for (let i = 0; i < y.length; i++) worst = Math.max(worst, Math.abs(got[i] - y[i]) / (magnitude[i] * (inner + 1) * 2 ** -24));
    }
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(1);
  });

  test.each(FORMS)("%s: the bits are those of one row alone, whatever the share and the other rows", (form) => {
    for (const [rows, cols, inner] of [
      [8, 45, 30],
      [7, 13, 70],
      [8, 100, 9],
      [21, 50, 8],
    ]) {
      kernels.reset();
      const all = operands(kernels, form, rows, cols, inner, { withBias: true, withZ: true, activation: ACTIVATION_RELU });
      const whole = bits(product(all));
      for (const ranks of [2, 3, 4, cols]) {
        for (const line of [1, 16]) {
          kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_Y / 4], rows * cols).fill(UNTOUCHED);
          expect(bits(product(all, ranks, line)), `${ranks} ranks, cut at ${line}`).toEqual(whole);
        }
      }
      const a = kernels.u32(all.descriptor, 16)[PRODUCT_A / 4];
      for (let i = 0; i < rows; i++) {
        all.set(PRODUCT_ROWS, 1);
        all.set(PRODUCT_A, a + i * all.product.aRow * 4);
        callUnpacked(kernels, path, all, 0, cols);
        expect(bits(all.y().subarray(0, cols)), `row ${i} alone`).toEqual(whole.slice(i * cols, (i + 1) * cols));
      }
    }
  });

  if (path === "matmulSmall") {
    test("bits of matmul, as both add in the order of k", () => {
      for (const form of FORMS) {
        for (const [rows, cols, inner] of [
          [16, 16, 4],
          [9, 21, 31],
          [3, 10, 512],
        ]) {
          for (const options of [{ withBias: true }, { withT: true }, { withT: true, withMask: true }, { withZ: true }]) {
            kernels.reset();
            const all = operands(kernels, form, rows, cols, inner, { ...options, activation: ACTIVATION_RELU, p: 1.25 });
            const small = bits(product(all));
            pack(kernels, all);
            expect(small, `${form} ${rows}x${cols}x${inner}`).toEqual(bits(multiply(kernels, all)));
          }
        }
      }
    });

    test("a product that rounds to 0 has the same sign in every row, and as in matmul", () => {
      for (const cols of [1, 4, 8, 16]) {
        kernels.reset();
        const all = operands(kernels, "TN", 9, cols, 1, { seed: 3 });
        kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_A / 4], all.product.a.length).fill(1e-30);
        kernels.f32(all.b, all.product.b.length).fill(-1e-30);
        const small = bits(product(all));
        expect([...new Set(small)]).toEqual([kernels.call.probeFused(1) === 1 ? 0x80000000 : 0]); // rounded once, or 0 + -0
        pack(kernels, all);
        expect(bits(multiply(kernels, all))).toEqual(small);
      }
    });

    test("a gradient too small for a float32 is 0, as in matmul", () => {
      for (const cols of [8, 16]) {
        kernels.reset();
        const all = operands(kernels, "NN", 4, cols, 3, { withT: true, activation: ACTIVATION_RELU, p: 1 });
        const a = kernels.f32(kernels.u32(all.descriptor, 16)[PRODUCT_A / 4], all.product.a.length);
        const b = kernels.f32(all.b, all.product.b.length);
        for (const values of [a, b]) values.set(values.map((value) => value * 1e-20));
        expect(product(all).every((value) => value === 0)).toBe(true);
      }
    });

    test("nothing beyond the last column of b and of bias is read", () => {
      for (const cols of [1, 2, 3, 7, 9]) {
        kernels.reset();
        const all = operands(kernels, "NN", 5, cols, 6, { withBias: true });
        const want = product(all);
        const atTheEnd = (values: ArrayLike<number>) => {
          const address = kernels.memory.buffer.byteLength - values.length * 4;
          kernels.f32(address, values.length).set(values);
          return address;
        };
        const bias = kernels.u32(all.descriptor, 16)[PRODUCT_BIAS / 4];
        all.set(PRODUCT_BIAS, atTheEnd(all.product.bias!));
        expect(product(all)).toEqual(want);
        all.set(PRODUCT_BIAS, bias);
        expect(product({ ...all, b: atTheEnd(all.product.b) })).toEqual(want);
      }
    });
  }

  test("z keeps the value before the activation, y takes it", () => {
    for (const form of ["NN", "NT"] as const) {
      for (const activation of [ACTIVATION_NONE, ACTIVATION_RELU, ACTIVATION_TANH]) {
        const run = (withZ: boolean, kind: number, ranks: number) => {
          kernels.reset();
          const all = operands(kernels, form, 3, 29, 10, { withBias: true, withZ, activation: kind });
          const y = product(all, ranks);
          expect(all.guardsHold()).toBe(true);
          return { y, z: withZ ? all.z() : undefined };
        };
        const value = run(false, ACTIVATION_NONE, 1).y;
        const source = kernels.put(value);
        const target = kernels.alloc(value.length * 4);
        if (activation !== ACTIVATION_NONE) kernels.call.activationSegment(activation, source, target, value.length, 0);
        const want = bits(activation === ACTIVATION_NONE ? value : kernels.f32(target, value.length).slice());
        for (const ranks of [1, 2, 4]) {
          const { y, z } = run(true, activation, ranks);
          expect(bits(z!)).toEqual(bits(value));
          expect(bits(y)).toEqual(want);
          expect(bits(run(false, activation, ranks).y)).toEqual(want);
        }
      }
    }
  });

  test("mask and gradient of the epilogue: the bits of the ops of their own", () => {
    for (const form of ["NN", "NT"] as const) {
      for (const [withMask, withT] of [
        [true, false],
        [false, true],
        [true, true],
      ]) {
        const kind = withT ? ACTIVATION_LEAKY_RELU : ACTIVATION_NONE;
        kernels.reset();
        const plain = operands(kernels, form, 3, 29, 10);
        const want = product(plain);
        const y = kernels.put(want);
        if (withMask) kernels.call.multiplySegment(y, kernels.put(plain.mask), y, want.length);
        if (withT) kernels.call.activationGradSegment(kind, y, kernels.put(plain.t), y, want.length, 0.25);
        const expected = bits(kernels.f32(y, want.length).slice());
        for (const ranks of [1, 2, 4]) {
          kernels.reset();
          const all = operands(kernels, form, 3, 29, 10, { withMask, withT, activation: kind, p: 0.25 });
          expect(bits(product(all, ranks))).toEqual(expected);
          expect(all.guardsHold()).toBe(true);
        }
      }
    }
  });

  test("an activation gets its parameter, and a share may end past the last column", () => {
    for (const form of ["NN", "NT"] as const) {
      kernels.reset();
      const plain = operands(kernels, form, 3, 29, 10, {});
      const value = product(plain);
      const leaky = operands(kernels, form, 3, 29, 10, { activation: ACTIVATION_LEAKY_RELU, p: 0.25 });
      expect([...product(leaky)]).toEqual([...value].map((v) => (v < 0 ? 0.25 * v : v)));
      callUnpacked(kernels, path, plain, 0, 32);
      expect(bits(plain.y())).toEqual(bits(value));
      expect(plain.guardsHold()).toBe(true);
    }
  });
});
