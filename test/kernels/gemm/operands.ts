/** Operands of matrix products in wasm memory, at any strides and alignment, and calls of the kernels upon them. */
import {
  ACTIVATION_NONE,
  GEMM_NR,
  PRODUCT_A,
  PRODUCT_A_INNER,
  PRODUCT_A_ROW,
  PRODUCT_ACTIVATION,
  PRODUCT_B,
  PRODUCT_B_COL,
  PRODUCT_B_INNER,
  PRODUCT_BIAS,
  PRODUCT_COLS,
  PRODUCT_INNER,
  PRODUCT_MASK,
  PRODUCT_P,
  PRODUCT_ROWS,
  PRODUCT_T,
  PRODUCT_Y,
  PRODUCT_Z,
  SCRATCH_BYTES,
} from "../../../assembly/abi.ts";
import type { Product } from "../../reference/matmul.ts";
import { type Kernels, shares, testNumbers } from "../harness.ts";

/** N: a or b as in y = a · b; T: its transpose lies in memory; S: neither extent is contiguous. */
export type Form = "NN" | "NT" | "TN" | "TT" | "SS";
/** Floats around y and z that no kernel may touch. */
const GUARD = 16;
export const UNTOUCHED = 12345;

export interface Options {
  withBias?: boolean;
  withZ?: boolean;
  activation?: number;
  p?: number;
  /** y is multiplied by a mask of 0 and 2. */
  withMask?: boolean;
  /** y is multiplied by the activation's gradient at a t of both signs, in place of the activation. */
  withT?: boolean;
  /** Whole numbers, whose sums are exact in any order. */
  exact?: boolean;
  seed?: number;
}

/** Operands of one product: the values as JavaScript sees them, and a descriptor with y and z filled with UNTOUCHED. */
export function operands(kernels: Kernels, form: Form, rows: number, cols: number, inner: number, options: Options = {}) {
  const {
    withBias = false,
    withZ = false,
    withMask = false,
    withT = false,
    activation = ACTIVATION_NONE,
    p = 0,
    exact = false,
    seed = 1,
  } = options;
  const next = testNumbers(seed);
  const fill = (length: number) => Float32Array.from({ length }, () => (exact ? Math.floor(next() * 8) : next()));
  const strides = (order: string, across: number, along: number) =>
    order === "N" ? [along, 1] : order === "T" ? [1, across] : [2 * along + 1, 2];
  const [aRow, aInner] = strides(form[0], rows, inner);
  const [bInner, bCol] = strides(form[1], inner, cols);
  const extent = (count: number, stride: number, more: number, moreStride: number) =>
    count && more ? (count - 1) * stride + (more - 1) * moreStride + 1 : 0;
  const product: Product = {
    rows,
    cols,
    inner,
    a: fill(extent(rows, aRow, inner, aInner)),
    aRow,
    aInner,
    b: fill(extent(inner, bInner, cols, bCol)),
    bInner,
    bCol,
    bias: withBias ? fill(cols) : undefined,
  };
  const a = kernels.put(product.a, 4);
  const b = kernels.put(product.b, 12);
  const packed = kernels.alloc(Math.ceil(cols / GEMM_NR) * GEMM_NR * inner * 4, 8);
  const guarded = () => {
    const address = kernels.alloc((rows * cols + 2 * GUARD) * 4, 4);
    kernels.f32(address, rows * cols + 2 * GUARD).fill(UNTOUCHED);
    return address + GUARD * 4;
  };
  const y = guarded();
  const z = withZ ? guarded() : 0;
  const mask = Float32Array.from({ length: rows * cols }, (_, i) => (i % 3 === 1 ? 0 : 2));
  const t = Float32Array.from({ length: rows * cols }, (_, i) => Math.fround(((i * 7) % 11) / 4 - 1.25));
  const descriptor = kernels.alloc(64);
  const u32 = kernels.u32(descriptor, 16);
  const set = (offset: number, value: number) => {
    u32[offset / 4] = value;
  };
  set(PRODUCT_A, a);
  set(PRODUCT_B, packed);
  set(PRODUCT_BIAS, product.bias ? kernels.put(product.bias, 4) : 0);
  set(PRODUCT_Y, y);
  set(PRODUCT_Z, z);
  set(PRODUCT_ROWS, rows);
  set(PRODUCT_COLS, cols);
  set(PRODUCT_INNER, inner);
  set(PRODUCT_A_ROW, aRow * 4);
  set(PRODUCT_A_INNER, aInner * 4);
  set(PRODUCT_B_INNER, bInner * 4);
  set(PRODUCT_B_COL, bCol * 4);
  set(PRODUCT_ACTIVATION, activation);
  set(PRODUCT_MASK, withMask ? kernels.put(mask, 4) : 0);
  set(PRODUCT_T, withT ? kernels.put(t, 8) : 0);
  kernels.f32(descriptor + PRODUCT_P, 1)[0] = p;
  const read = (address: number) => kernels.f32(address, rows * cols).slice();
  return {
    product,
    mask,
    t,
    descriptor,
    packed,
    b,
    scratch: kernels.alloc(SCRATCH_BYTES),
    y: () => read(y),
    z: () => read(z),
    /** Everything outside y and z is as it was. */
    guardsHold: () =>
      [y, z].every(
        (address) =>
          address === 0 ||
          [address - GUARD * 4, address + rows * cols * 4].every((guard) =>
            kernels.f32(guard, GUARD).every((value) => value === UNTOUCHED),
          ),
      ),
    set,
  };
}
export type Operands = ReturnType<typeof operands>;

/** Packs b, one call for each of `ranks` shares of the panels. */
export function pack(kernels: Kernels, { product, b, packed }: Operands, ranks = 1): void {
  const { inner, cols, bInner, bCol } = product;
  for (const [begin, end] of shares(Math.ceil(cols / GEMM_NR), ranks))
    kernels.call.packB(b, packed, inner, cols, bInner * 4, bCol * 4, begin, end);
}

/** The product over packed panels, one call per rank and direction in which work is cut. */
export function multiply(kernels: Kernels, operands: Operands, rowRanks = 1, panelRanks = 1): Float32Array {
  const { product, descriptor, scratch, packed } = operands;
  operands.set(PRODUCT_B, packed);
  for (const [rowBegin, rowEnd] of shares(product.rows, rowRanks)) {
    for (const [panelBegin, panelEnd] of shares(Math.ceil(product.cols / GEMM_NR), panelRanks)) {
      kernels.call.matmul(descriptor, scratch, rowBegin, rowEnd, panelBegin, panelEnd);
    }
  }
  return operands.y();
}

/** The kernels that take b where it lies. */
export type Unpacked = "matmulFew" | "matmulSmall";

/** Columns [begin, end) of the product over b where it lies. */
export function callUnpacked(kernels: Kernels, path: Unpacked, { descriptor, scratch }: Operands, begin: number, end: number): void {
  if (path === "matmulFew") kernels.call.matmulFew(descriptor, begin, end);
  else kernels.call.matmulSmall(descriptor, scratch, begin, end);
}

/** The product over b where it lies, one call per rank; columns are cut at multiples of `line`. */
export function multiplyUnpacked(kernels: Kernels, path: Unpacked, operands: Operands, ranks = 1, line = 1): Float32Array {
  operands.set(PRODUCT_B, operands.b);
  for (const [begin, end] of shares(operands.product.cols, ranks, line)) callUnpacked(kernels, path, operands, begin, end);
  return operands.y();
}
