/** Mutants of the losses of assembly/kernels. */
import { rows } from "./place.mjs";

const kernel = (name) => [`test/kernels/${name}.test.ts`];

export const mutants = rows([
  {
    file: "assembly/kernels/softmaxCrossEntropy.ts",
    tests: kernel("softmaxCrossEntropy"),
    changes: [
      { name: "labels: one column off", find: "i32x4(0, 1, 2, 3)), v128.load32_splat", replace: "i32x4(1, 2, 3, 4)), v128.load32_splat" },
      { name: "targets: the first columns of every row", find: "(<usize>i * cols + j) << 2", replace: "(<usize>i * cols) << 2" },
      { name: "smoothing is not divided by the classes", find: "f32x4.splat(smoothing / <f32>cols)", replace: "f32x4.splat(smoothing)" },
      { name: "smoothing adds, and takes nothing away", find: "f32x4.splat(1 - smoothing)", replace: "f32x4.splat(1)" },
      { name: "class weights are not read", find: "if (c != 0) return", replace: "if (false) return" },
      { name: "missing lanes have weight", find: "v128.and(q, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(cols - j)))", replace: "q" },
      { name: "all of several largest are left out", find: "(laneSum(f32x4.convert_i32x4_s(tops)) + 3)", replace: "0" },
      {
        name: "a class without weight and logit -infinity is NaN",
        find: "v128.and(f32x4.mul(q, d), f32x4.ne(q, zero))",
        replace: "f32x4.mul(q, d)",
      },
      {
        name: "losses without the margin to the largest",
        find: "f32x4.add(f32x4.mul(sum4, log1p(others4)), below4)",
        replace: "f32x4.mul(sum4, log1p(others4))",
      },
      { name: "losses of the last rows of a share are not stored", find: "filled == 4 || i + 1 == end", replace: "filled == 4" },
      { name: "row weights are not read", find: "weights != 0 ? scale * load<f32>(weights + (<usize>i << 2)) : scale", replace: "scale" },
      { name: "gradient p + q", find: "f32x4.neg(q)", replace: "q" },
      { name: "the largest's gradient like the others'", find: "select(top, other, f32x4.eq(e, one))", replace: "other" },
    ],
  },
  {
    file: "assembly/kernels/narrowCrossEntropy.ts",
    tests: kernel("softmaxCrossEntropy"),
    changes: [
      {
        name: "never narrow",
        find: "export const NARROW: u32 = 16;",
        replace: "export const NARROW: u32 = 0;",
        equivalent: "whole rows give the same values within their bounds",
      },
      { name: "labels: one column off", find: "i32x4.splat(<i32>(j >> 2))", replace: "i32x4.splat(<i32>(j >> 2) + 1)" },
      { name: "targets of the first row for the second", find: "target + r1 + j", replace: "target + r0 + j" },
      { name: "class weights are not read", find: "if (c != 0) q =", replace: "if (false) q =" },
      { name: "smoothing is not divided by the classes", find: "f32x4.splat(smoothing / <f32>cols)", replace: "f32x4.splat(smoothing)" },
      { name: "smoothing adds, and takes nothing away", find: "f32x4.splat(1 - smoothing)", replace: "f32x4.splat(1)" },
      { name: "a row past the share", find: "i3 = min(i0 + 12, last)", replace: "i3 = i0 + 12" },
      { name: "rows past the share are the first", find: "i1 = min(i0 + 4, last)", replace: "i1 = i0" },
      { name: "weights of targets are not kept", find: "      v128.store(at, q, 16);\n", replace: "" },
      { name: "exponentials are not kept", find: "      v128.store(at, e);\n", replace: "" },
      { name: "all of several largest are left out", find: "f32x4.add(rest, f32x4.convert_i32x4_s(tops))", replace: "rest" },
      { name: "one row's lane lost", find: "v = v128.load32_lane(a2, v, 2);", replace: "" },
      { name: "one row is not stored", find: "  v128.store32_lane(a3, v, 3);\n", replace: "" },
      {
        name: "a class without weight and logit -infinity is NaN",
        find: "v128.and(f32x4.mul(q, d), f32x4.ne(q, zero))",
        replace: "f32x4.mul(q, d)",
      },
      {
        name: "losses without the margin to the largest",
        find: "f32x4.sub(f32x4.mul(sum, log1p(others)), above)",
        replace: "f32x4.mul(sum, log1p(others))",
      },
      { name: "row weights are not read", find: "if (weights != 0) k =", replace: "if (false) k =" },
      { name: "gradient p + q", find: "madd(e, inverse, f32x4.neg(q))", replace: "madd(e, inverse, q)" },
      { name: "the largest's gradient like the others'", find: "select(top, other, f32x4.eq(e, one))", replace: "other" },
      {
        name: "denormal gradients",
        find: "flushTail(f32x4.mul(k, select(top, other, f32x4.eq(e, one))))",
        replace: "f32x4.mul(k, select(top, other, f32x4.eq(e, one)))",
      },
    ],
  },
  {
    file: "assembly/kernels/binaryCrossEntropy.ts",
    tests: kernel("binaryCrossEntropy"),
    changes: [
      {
        name: "losses of targets 1 and 0 swapped",
        find: "madd(positive, below, f32x4.mul(negative, above))",
        replace: "madd(positive, above, f32x4.mul(negative, below))",
      },
      { name: "positive weights are not read", find: "if (positiveWeights != 0) positive", replace: "if (false) positive" },
      { name: "missing lanes add log 2", find: "firstLanes(term, cols - j)", replace: "term" },
      { name: "sums over columns, not means", find: "laneSum(sum) / <f32>cols", replace: "laneSum(sum)" },
      { name: "gradient's second term added", find: "f32x4.sub(up, down)", replace: "f32x4.add(up, down)" },
      {
        name: "row weights are not read",
        find: "weights != 0 ? perElement * load<f32>(weights + (<usize>i << 2)) : perElement",
        replace: "perElement",
      },
    ],
  },
  {
    file: "assembly/kernels/regressionLosses.ts",
    tests: kernel("regressionLosses"),
    changes: [
      { name: "squaredError: half the slope", find: "f32x4.mul(f32x4.add(e, e), k)", replace: "f32x4.mul(e, k)" },
      { name: "squaredError: absolute values", find: "rows<Square>", replace: "rows<Absolute>" },
      { name: "absoluteError: the slope's sign", find: "v128.xor(k, v128.and(e, f32x4.splat(-0.0)))", replace: "k" },
      {
        name: "absoluteError: a slope at a hit",
        find: "v128.and(v128.xor(k, v128.and(e, f32x4.splat(-0.0))), f32x4.ne(e, f32x4.splat(0)))",
        replace: "v128.xor(k, v128.and(e, f32x4.splat(-0.0)))",
      },
      { name: "the slope is not divided by the columns", find: "scale / <f32>cols", replace: "scale" },
      {
        name: "row weights are not read",
        find: "weights != 0 ? perElement * load<f32>(weights + (<usize>i << 2)) : perElement",
        replace: "perElement",
      },
      { name: "denormal slopes", find: "flushTail(changetype<F>(0).slope(e, k))", replace: "changetype<F>(0).slope(e, k)" },
    ],
  },
  {
    file: "assembly/kernels/elementLosses.ts",
    tests: kernel("elementLosses"),
    changes: [
      { name: "huberError: the half dropped inside", find: "f32x4.mul(half, f32x4.mul(a, a))", replace: "f32x4.mul(a, a)" },
      { name: "huberError: outside without its offset", find: "f32x4.mul(p, nmadd(half, p, a))", replace: "f32x4.mul(p, a)" },
      { name: "huberError: the slope has no lower bound", find: "f32x4.max(f32x4.min(e, p), f32x4.neg(p))", replace: "f32x4.min(e, p)" },
      { name: "logCoshError: ln 2 dropped", find: "f32x4.sub(a, f32x4.splat(LN2))", replace: "a" },
      { name: "logCoshError: far everywhere", find: "select(near, far, isSmall)", replace: "far" },
      { name: "logCoshError: the slope's sign", find: "tanh(f32x4.sub(x, target))", replace: "tanh(f32x4.sub(target, x))" },
      { name: "hingeError: missing lanes have a loss", find: "return -3e38;", replace: "return 0;" },
      { name: "hingeError: the slope's sign", find: "select(f32x4.neg(k), k, isPositive)", replace: "select(k, f32x4.neg(k), isPositive)" },
      { name: "hingeError: a slope at the kink", find: "f32x4.gt(left, f32x4.splat(0))", replace: "f32x4.ge(left, f32x4.splat(0))" },
      {
        name: "klDivergence: NaN where the target is 0",
        find: "v128.and(f32x4.mul(target, f32x4.sub(log(target), x)), f32x4.ne(target, f32x4.splat(0)))",
        replace: "f32x4.mul(target, f32x4.sub(log(target), x))",
      },
      { name: "klDivergence: the slope's sign", find: "f32x4.neg(f32x4.mul(k, target))", replace: "f32x4.mul(k, target)" },
      {
        name: "row weights are not read",
        find: "weights != 0 ? scale * factor * load<f32>(weights + (<usize>i << 2)) : scale * factor",
        replace: "scale * factor",
      },
      { name: "losses without their factor", find: "laneSum(sum) * factor", replace: "laneSum(sum)" },
    ],
  },
  {
    file: "assembly/kernels/multiMargin.ts",
    tests: kernel("elementLosses"),
    changes: [
      { name: "the label's own margin counts", find: "if (j != label) sum +=", replace: "sum +=" },
      { name: "the label is pushed once", find: "-k * <f32>pushed", replace: "-k" },
      { name: "a slope at the kink", find: "left > 0", replace: "left >= 0" },
      { name: "sums over classes, not means", find: "sum / <f32>cols", replace: "sum" },
    ],
  },
  {
    file: "assembly/kernels/normError.ts",
    tests: kernel("elementLosses"),
    changes: [
      {
        name: "powers of what is not divided by the largest",
        find: "const over = f32x4.splat(largest);",
        replace: "const over = f32x4.splat(1);",
      },
      { name: "no root for p = 2", find: "sqrt<f32>(total)", replace: "total" },
      { name: "the slope's power", find: "power(f32x4.div(a, overRoot), p - 1)", replace: "power(f32x4.div(a, overRoot), p)" },
      { name: "the slope's sign", find: "v128.or(slope, v128.and(e, f32x4.splat(-0.0)))", replace: "slope" },
      { name: "p = infinity: the last largest", find: "if (a > largest) first = j;", replace: "if (a >= largest) first = j;" },
      {
        name: "0^q is NaN",
        find: "v128.and(exp(f32x4.mul(f32x4.splat(q), log(r))), f32x4.ne(r, f32x4.splat(0)))",
        replace: "exp(f32x4.mul(f32x4.splat(q), log(r)))",
        equivalent: "q > 0 here, and exp(q ln 0) = exp(-infinity) is 0 already: the mask says so and changes nothing",
      },
    ],
  },
]);
