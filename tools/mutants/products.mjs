/** Mutants of assembly/kernels/gemm. */
import { rows } from "./place.mjs";

const matmul = ["test/kernels/gemm/matmul.test.ts", "test/kernels/shares.test.ts"];
const few = ["test/kernels/gemm/few.test.ts"];
const pack = ["test/kernels/gemm/pack.test.ts", ...matmul];

export const mutants = rows([
  {
    file: "assembly/kernels/gemm/blocking.ts",
    tests: matmul,
    changes: [
      { name: "setTileRows: taller than the tallest tile", find: "min(MR, rows)", replace: "rows" },
      {
        name: "setTileRows: does nothing",
        find: "tallest = max(1, min(MR, rows));",
        replace: "",
        equivalent: "the height of tiles decides speed alone; no bit depends on it, which a test asserts",
      },
      { name: "tileCount: one tile too many", find: "rows / tallest - 1", replace: "rows / tallest" },
      { name: "tileCount: odd rows in even tiles", find: " && !(rows & 1)", replace: "" },
      { name: "tileRows: a tile higher than the rows left", find: "rows > tallest ? (rows + 1) >> 1 : rows", replace: "tallest" },
      {
        name: "blockRows: blocks that the scratch does not hold",
        find: "return (even + tallest - 1) / tallest * tallest;",
        replace: "return rows;",
      },
    ],
  },
  {
    file: "assembly/kernels/gemm/tile.ts",
    tests: matmul,
    changes: [
      { name: "one row less", find: "case 3: tiles3x8(", replace: "case 3: tiles2x8(" },
      { name: "a bare tile without its last row", find: "if (mr > 5) store8(y, y50, y51), y += rowBytes;", replace: "" },
      {
        name: "bare tiles over the first",
        find: "if (mr > 2) store8(y, y20, y21), y += rowBytes;",
        replace: "if (mr > 2) store8(y, y20, y21);",
      },
      {
        name: "z of all rows in the first",
        find: "    const zBytes: usize = z ? rowBytes : 0;\n",
        replace: "    const zBytes: usize = 0;\n",
      },
      { name: "a product dropped", find: "y10 = madd(a1, b0, y10), y11 = madd(a1, b1, y11);", replace: "y10 = madd(a1, b0, y10);" },
      { name: "the wrong row of a", find: "v128.load32_splat(a, 20)", replace: "v128.load32_splat(a, 16)" },
      {
        name: "bias dropped",
        find: "  if (bias) {\n    low = f32x4.add(low, v128.load(bias));\n    high = f32x4.add(high, v128.load(bias, 16));\n  }\n",
        replace: "",
      },
      { name: "the second half of the bias is the first", find: "v128.load(bias, 16)", replace: "v128.load(bias)" },
      { name: "earlier blocks of inner are forgotten", find: "if (flags & TILE_CONTINUE) {", replace: "if (false) {" },
      { name: "no relu", find: "if (flags & TILE_RELU) {", replace: "if (false) {" },
      { name: "relu of one half", find: "    high = f32x4.pmax(high, f32x4.splat(0));\n", replace: "" },
      {
        name: "z after the relu",
        find: "if (z) {\n    v128.store(z, low);",
        replace: "if (z) {\n    v128.store(z, f32x4.pmax(low, f32x4.splat(0)));",
      },
      {
        name: "tile1x24: a sum dropped",
        find: "y5 = madd(a0, v128.load(b2, 16), y5);",
        replace: "y5 = madd(a0, v128.load(b2), y5);",
        in: "export function tile1x24(",
      },
      {
        name: "tile1x24: the bias of the first panel for the third",
        find: "bias ? bias + 64 : 0",
        replace: "bias ? bias : 0",
        in: "export function tile1x24(",
      },
      {
        name: "tile1x32: a panel twice",
        find: "y6 = madd(a0, v128.load(b2 + panelBytes), y6)",
        replace: "y6 = madd(a0, v128.load(b2), y6)",
      },
      { name: "tile1x32: the bias of the first panel for the fourth", find: "bias ? bias + 96 : 0", replace: "bias ? bias : 0" },
    ],
  },
  {
    file: "assembly/kernels/gemm/loops.ts",
    tests: matmul,
    changes: [
      { name: "rows begin at 0", find: "for (let i = rowBegin;", replace: "for (let i: u32 = 0;" },
      { name: "panels begin at 0", find: "for (let j = panelBegin;", replace: "for (let j: u32 = 0;" },
      { name: "the last block of inner is left out", find: "while (k < inner);", replace: "while (k + KC < inner && false);" },
      {
        name: "bias with every block of inner",
        find: "const bias = isLast ? <usize>load<u32>(product, PRODUCT_BIAS) : 0;",
        replace: "const bias = <usize>load<u32>(product, PRODUCT_BIAS);",
      },
      { name: "relu of every block of inner", find: "const isRelu = isLast && load", replace: "const isRelu = load" },
      { name: "z is not asked for", find: "const z = isLast ? <usize>load<u32>(product, PRODUCT_Z) : 0;", replace: "const z: usize = 0;" },
      { name: "an edge writes a whole panel", find: "else if (j + NR <= cols) panel(", replace: "else if (true) panel(" },
      { name: "an edge without bias", find: "bias ? edgeBias : 0", replace: "0" },
      {
        name: "an edge forgets earlier blocks",
        find: "if (flags & TILE_CONTINUE) copyColumns(y, rowBytes, edgeY, 32, mr, cols);",
        replace: "",
      },
      { name: "an edge without z", find: "      copyColumns(edgeZ, 32, z, rowBytes, mr, cols);\n", replace: "" },
      { name: "a row alone takes three panels of two", find: "(min(last, cols) - j) / NR)", replace: "(min(last, cols) - j) / NR + 1)" },
      { name: "the gradient of relu by the tile", find: " && !load<u32>(product, PRODUCT_T)", replace: "" },
      { name: "no epilogue", find: "      finish(product, i, rows,", replace: "      if (false) finish(product, i, rows," },
    ],
  },
  {
    file: "assembly/kernels/gemm/epilogue.ts",
    tests: matmul,
    changes: [
      { name: "a mask alone is left out", find: "if (!mask && (kind", replace: "if ((kind" },
      { name: "a gradient of relu is left out", find: "&& kind == ACTIVATION_RELU && !t", replace: "&& kind == ACTIVATION_RELU" },
      { name: "the first row of a block alone", find: "for (; rows; --rows, at += (<usize>cols) << 2) segment", replace: "segment" },
      { name: "whole rows at once for a part of the columns", find: "if (end - begin == cols)", replace: "if (true)" },
      { name: "the activation's parameter", find: "const p = load<f32>(product, PRODUCT_P);", replace: "const p: f32 = 0;" },
      { name: "the mask from its begin", find: "mask + at, y + at, count", replace: "mask, y + at, count" },
      { name: "t from its begin", find: "t + at, y + at, count", replace: "t, y + at, count" },
      { name: "an activation where its gradient is meant", find: "if (t) activationGradSegment", replace: "if (!t) activationGradSegment" },
    ],
  },
  {
    file: "assembly/kernels/gemm/pack.ts",
    tests: pack,
    changes: [
      { name: "packB: the first panels of a share", find: "let panel = begin;", replace: "let panel: u32 = 0;" },
      {
        name: "packB: blocks of inner on top of one another",
        find: "const to = packed + ((<usize>k * panels * NR) << 2);",
        replace: "const to = packed;",
      },
      {
        name: "packB: four panels at once past the edge",
        find: "panel + 4 <= end && (panel + 4) * NR <= cols",
        replace: "panel + 4 <= end",
      },
      { name: "packA: the next tile from the same rows", find: "a += <usize>mr * rowStride;", replace: "" },
      {
        name: "pack2: lines swapped",
        find: "v128.store_lane<u64>(to + step, low, 1);",
        replace: "v128.store_lane<u64>(to + step, low, 0);",
      },
      {
        name: "copyPanels: a panel twice",
        find: "v128.store(to3 + at, v128.load(from, 96));",
        replace: "v128.store(to3 + at, v128.load(from, 64));",
      },
    ],
  },
  {
    file: "assembly/kernels/gemm/few.ts",
    tests: few,
    changes: [
      { name: "no bias", find: "if (bias) addBias(y, bias + ((<usize>begin) << 2), end - begin);", replace: "" },
      { name: "the bias of column 0", find: "bias + ((<usize>begin) << 2), end - begin", replace: "bias, end - begin" },
      {
        name: "bias for whole vectors only",
        find: "  for (; count; --count, y += 4, bias += 4) store<f32>(y, load<f32>(y) + load<f32>(bias));\n",
        replace: "",
      },
      { name: "no z", find: "if (z) memory.copy(y + toZ, y, (<usize>(end - begin)) << 2);", replace: "" },
      { name: "no epilogue", find: "  finish(product, 0,", replace: "  if (false) finish(product, 0," },
      { name: "a relu that nobody applied", find: "begin, end, false);", replace: "begin, end, true);" },
      { name: "more columns than there are", find: "end = min(end, load<u32>(product, PRODUCT_COLS));", replace: "" },
    ],
  },
  {
    file: "assembly/kernels/gemm/dots.ts",
    tests: few,
    changes: [
      {
        name: "the last products of four rows",
        find: "y00 = madd(a0, b0, y00), y10 = madd(a1, b0, y10), y20 = madd(a2, b0, y20), y30 = madd(a3, b0, y30);\n    if (nc > 1) {\n      const b1 = v128.load32_zero(bt1);",
        replace: "if (nc > 1) {\n      const b1 = v128.load32_zero(bt1);",
      },
      { name: "the second column takes the first", find: "const b1 = v128.load(bt1);", replace: "const b1 = v128.load(bt0);" },
      { name: "rows 2 and 3 swapped", find: "store<f32>(y, laneSum(y20));", replace: "store<f32>(y, laneSum(y30));" },
      { name: "one row: a column of six dropped", find: "store<f32>(y, laneSum(y5), 20);", replace: "" },
      {
        name: "one row: the wrong column of three",
        find: "y2 = madd(ai, v128.load(bt + col2), y2);",
        replace: "y2 = madd(ai, v128.load(bt + colStride), y2);",
      },
      { name: "the fifth column of a group left out", find: "if (j < nc) dots4x1(", replace: "if (false) dots4x1(" },
    ],
  },
  {
    file: "assembly/kernels/gemm/scaledRows.ts",
    tests: few,
    changes: [
      { name: "one pass only", find: "while (k < inner);", replace: "while (false);" },
      { name: "each pass begins anew", find: "let s = k ? v128.load(y) : zero;", replace: "let s = zero;" },
      { name: "four rows: a row of a twice", find: "v128.load32_splat(at + aRow * 3)", replace: "v128.load32_splat(at + aRow * 2)" },
      { name: "four rows: the sums of earlier passes dropped", find: "        s31 = v128.load(y2 + rowBytes, 16);\n", replace: "" },
      { name: "sixteen columns: a product dropped", find: "        s3 = madd(ai, v128.load(bt, 48), s3);\n", replace: "" },
      { name: "single columns begin anew", find: "let s = k ? v128.load32_zero(y) : zero;", replace: "let s = zero;" },
      { name: "columns beyond the last 8 left out", find: "if (cols) {", replace: "if (false) {" },
    ],
  },
]);
