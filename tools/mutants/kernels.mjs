/** Mutants of assembly/kernels but products and losses. */
import { rows } from "./place.mjs";

const kernel = (name) => [`test/kernels/${name}.test.ts`];
const noise = ["test/kernels/random.test.ts", "test/layers/noise.test.ts", "test/layers/dropout.test.ts", "test/math/random.test.ts"];

export const mutants = rows([
  {
    file: "assembly/kernels/activations.ts",
    tests: kernel("activations"),
    changes: [
      { name: "relu: min for max", find: "f32x4.pmax(x, f32x4.splat(0))", replace: "f32x4.pmin(x, f32x4.splat(0))", in: "class Relu {" },
      { name: "relu: slope 1 at 0", find: "f32x4.le(y,", replace: "f32x4.lt(y,", in: "class Relu {" },
      { name: "leakyRelu: slope dropped", find: "f32x4.mul(x, p)", replace: "f32x4.splat(0)", in: "class LeakyRelu {" },
      { name: "leakyRelu: gradient without slope", find: "f32x4.mul(dy, p)", replace: "dy", in: "class LeakyRelu {" },
      { name: "elu: gradient p e^x + p", find: "f32x4.add(y, p)", replace: "f32x4.add(f32x4.add(y, p), p)", in: "class Elu {" },
      { name: "elu: alpha dropped", find: "f32x4.mul(p, expm1(x))", replace: "expm1(x)", in: "class Elu {" },
      {
        name: "selu: gradient's scale dropped",
        find: "select(below, f32x4.splat(SELU_SCALE),",
        replace: "select(below, f32x4.splat(1),",
        in: "class Selu {",
      },
      {
        name: "selu: alpha off",
        find: "SELU_SCALE_ALPHA: f32 = 1.7580993408473766",
        replace: "SELU_SCALE_ALPHA: f32 = 1.7580893408473766",
      },
      {
        name: "gelu: no left tail",
        find: "select(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0)))",
        replace: "f32x4.sub(f32x4.splat(1), tail)",
      },
      {
        name: "gelu: a coefficient of another sign",
        find: "f32x4.splat(-0.03930715098977089)",
        replace: "f32x4.splat(0.03930715098977089)",
      },
      {
        name: "gelu: gradient's second term added",
        find: "nmadd(f32x4.splat(0.3989422804014327), a,",
        replace: "madd(f32x4.splat(0.3989422804014327), a,",
        in: "class Gelu {",
      },
      {
        name: "geluTanh: cubic term dropped",
        find: "madd(f32x4.splat(0.0713548162726009), f32x4.mul(x, x), f32x4.splat(1.5957691216057308))",
        replace: "f32x4.splat(1.5957691216057308)",
        in: "class GeluTanh {",
      },
      {
        name: "geluTanh: 0 times infinity far out",
        find: "f32x4.pmax(f32x4.pmin(x, f32x4.splat(30)), f32x4.splat(-30))",
        replace: "x",
        in: "class GeluTanh {",
      },
      {
        name: "silu: gradient without s",
        find: "select(r, er, isBelow)), s, s)",
        replace: "select(r, er, isBelow)), s, r)",
        in: "class Silu {",
      },
      { name: "softplus: |x|", find: "f32x4.pmax(x, f32x4.splat(0))", replace: "f32x4.abs(x)", in: "class Softplus {" },
      {
        name: "softplus: gradient of relu",
        find: "f32x4.mul(dy, sigmoid(x))",
        replace: "v128.andnot(dy, f32x4.le(x, f32x4.splat(0)))",
        in: "class Softplus {",
      },
      { name: "sigmoid: gradient y", find: "f32x4.mul(y, f32x4.sub(f32x4.splat(1), y))", replace: "y", in: "class Sigmoid {" },
      {
        name: "tanh: gradient 1 + y²",
        find: "f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y))",
        replace: "madd(y, y, one)",
        in: "class Tanh {",
      },
      {
        name: "softsign: gradient of one factor",
        find: "f32x4.mul(f32x4.mul(dy, r), r)",
        replace: "f32x4.mul(dy, r)",
        in: "class Softsign {",
      },
      {
        name: "mish: gradient's second term dropped",
        find: "madd(x, rise, f32x4.mul(n, r))",
        replace: "f32x4.mul(n, r)",
        in: "class Mish {",
      },
      { name: "mish: denominator", find: "select(f32x4.splat(2),", replace: "select(f32x4.splat(1),", in: "function mishDenominator(" },
      {
        name: "hardtanh: gradient inside -2 to 2",
        find: "f32x4.ge(f32x4.abs(y), f32x4.splat(1))",
        replace: "f32x4.ge(f32x4.abs(y), f32x4.splat(2))",
        in: "class Hardtanh {",
      },
      { name: "hardtanh: no lower bound", find: "f32x4.pmax(x, f32x4.splat(-1))", replace: "x", in: "class Hardtanh {" },
      {
        name: "relu6: gradient past 6",
        find: "v128.or(f32x4.le(y, f32x4.splat(0)), f32x4.ge(y, f32x4.splat(6)))",
        replace: "f32x4.le(y, f32x4.splat(0))",
        in: "class Relu6 {",
      },
      { name: "activation: begin is not read", find: "(kind, x + begin, y + begin,", replace: "(kind, x, y," },
      { name: "activation: p is not read", find: "f32x4.splat(p)", replace: "f32x4.splat(1)", in: "export function activationSegment(" },
      {
        name: "activationSegment: another function",
        find: "unary<Silu>",
        replace: "unary<Mish>",
        tests: [...kernel("activations"), "test/kernels/gemm/matmul.test.ts"],
      },
      {
        name: "activationSegment: none does not copy",
        find: "memory.copy(y, x, <usize>count << 2)",
        replace: "{}",
        in: "export function activationSegment(",
      },
      { name: "activationGrad: another function", find: "unaryGrad<Elu>", replace: "unaryGrad<LeakyRelu>" },
      { name: "activationGrad: begin of t is not read", find: "dy + begin, t + begin, dx", replace: "dy + begin, t, dx" },
      {
        name: "activationGradSegment: p is not read",
        find: "f32x4.splat(p)",
        replace: "f32x4.splat(1)",
        in: "export function activationGradSegment(",
      },
      { name: "activationGradSegment: none does not copy", find: "memory.copy(dx, dy, <usize>count << 2)", replace: "{}" },
    ],
  },
  {
    file: "assembly/kernels/elementwise.ts",
    tests: [...kernel("elementwise"), ...kernel("activations"), ...kernel("softmax"), ...kernel("shares")],
    changes: [
      { name: "add subtracts", find: "f32x4.add(x, y)", replace: "f32x4.sub(x, y)", in: "class Add {" },
      { name: "multiply adds", find: "f32x4.mul(x, y)", replace: "f32x4.add(x, y)", in: "class Multiply {" },
      {
        name: "combine: p and q swapped",
        find: "madd(v, v128.load(y + i), f32x4.mul(u, v128.load(x + i)))",
        replace: "madd(u, v128.load(y + i), f32x4.mul(v, v128.load(x + i)))",
      },
      {
        name: "combine: without y not scaled",
        find: "f32x4.mul(u, v128.load(x + i)));\n    return;",
        replace: "v128.load(x + i));\n    return;",
      },
      {
        name: "copy: the whole from its start",
        find: "memory.copy(y + begin, x + begin, end - begin)",
        replace: "memory.copy(y, x, end - begin)",
        in: "export function copy(",
      },
      {
        name: "flushTail: a NaN becomes 0",
        find: "v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(1.1754943508222875e-38)))",
        replace: "v128.and(x, f32x4.ge(f32x4.abs(x), f32x4.splat(1.1754943508222875e-38)))",
      },
      {
        name: "flushTail: denormals are kept",
        find: "v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(1.1754943508222875e-38)))",
        replace: "x",
      },
      {
        name: "loadUpTo: reads past the end of a row",
        find: "if (left > 2) v = v128.load32_lane(a, v, 2, 8);\n  return v;",
        replace: "v = v128.load32_lane(a, v, 2, 8);\n  return v;",
      },
      {
        name: "storeUpTo: writes past the end of a row",
        find: "if (left > 2) v128.store32_lane(a, v, 2, 8);",
        replace: "v128.store32_lane(a, v, 2, 8);",
      },
      {
        name: "One stores a whole vector",
        find: "v128.store32_lane(a, v, 0);\n  }\n}",
        replace: "v128.store(a, v);\n  }\n}",
        tests: [...kernel("columnSum"), ...kernel("normalizeColumns")],
      },
      {
        name: "unary: whole vectors past the count",
        find: "storeUpTo(y + at, count - i, changetype<F>",
        replace: "storeUpTo(y + at, 4, changetype<F>",
      },
      {
        name: "unaryGrad: denormals are kept",
        find: "flushTail(changetype<F>(0).gradient(loadUpTo(dy + at, left, zero), loadUpTo(t + at, left, zero), p))",
        replace: "changetype<F>(0).gradient(loadUpTo(dy + at, left, zero), loadUpTo(t + at, left, zero), p)",
      },
      {
        name: "unaryGrad: whole vectors past the count",
        find: "storeUpTo(dx + at, left, flushTail",
        replace: "storeUpTo(dx + at, 4, flushTail",
      },
      {
        name: "multiplySegment: the last few left out",
        find: "storeUpTo(z + at, left, f32x4.mul",
        replace: "if (left >= 4) storeUpTo(z + at, left, f32x4.mul",
      },
    ],
  },
  {
    file: "assembly/kernels/columnSum.ts",
    tests: [...kernel("columnSum"), ...kernel("shares")],
    changes: [
      {
        name: "the last row left out",
        find: "for (let i: u32 = 0; i < rows; ) {\n    const last = min(i + ROWS, rows);\n    let a = ",
        replace: "for (let i: u32 = 1; i < rows; ) {\n    const last = min(i + ROWS, rows);\n    let a = ",
      },
      { name: "chunks forget the ones before", find: "s = f32x4.add(s, a);", replace: "s = a;" },
      { name: "sixteen columns: a vector twice", find: "v128.load(x, 48)", replace: "v128.load(x, 32)" },
      { name: "sixteen columns: chunks forget the ones before", find: "s2 = f32x4.add(s2, a2);", replace: "s2 = a2;" },
      { name: "columns begin at 0", find: "let j = begin;", replace: "let j: u32 = 0;" },
      {
        name: "no chunks",
        find: "ROWS: u32 = 128",
        replace: "ROWS: u32 = 1048576",
        tests: [...kernel("columnSum"), ...kernel("columnMoments")],
      },
    ],
  },
  {
    file: "assembly/kernels/columnMoments.ts",
    tests: kernel("columnMoments"),
    changes: [
      { name: "columnMoments: the mean is not corrected", find: "f32x4.add(center, off)", replace: "center" },
      {
        name: "columnMoments: the variance is not corrected",
        find: "nmadd(off, off, f32x4.div(squares, n))",
        replace: "f32x4.div(squares, n)",
      },
      {
        name: "columnMoments: unbiased variance",
        find: "f32x4.div(squares, n)",
        replace: "f32x4.div(squares, f32x4.sub(n, f32x4.splat(1)))",
      },
      {
        name: "columnMoments: a variance below 0",
        find: "f32x4.pmax(nmadd(off, off, f32x4.div(squares, n)), f32x4.splat(0))",
        replace: "nmadd(off, off, f32x4.div(squares, n))",
        equivalent: "no column is known that falls below 0: 320,000 constant ones of 2 to 128 rows were tried with either rounding",
      },
      { name: "columnInverse: eps dropped", find: "f32x4.add(v, f32x4.splat(eps))", replace: "v" },
      {
        name: "columnInverse: an infinite variance passes as 0",
        find: "madd(v, f32x4.splat(0), f32x4.div(f32x4.splat(1), root))",
        replace: "f32x4.div(f32x4.splat(1), root)",
      },
      { name: "blendStatistics: momentum and its rest swapped", find: "f32x4.splat(1 - momentum)", replace: "f32x4.splat(momentum)" },
      { name: "blendStatistics: biased variance", find: "momentum * (<f32>samples / <f32>(samples - 1))", replace: "momentum" },
      { name: "blendStatistics: denormal variances", find: "flushTail(v)", replace: "v" },
      { name: "blendStatistics: denormal means", find: "flushTail(m)", replace: "m" },
    ],
  },
  {
    file: "assembly/kernels/normalizeColumns.ts",
    tests: [...kernel("normalizeColumns"), ...kernel("shares")],
    changes: [
      {
        name: "normalizeColumns: bias dropped",
        find: "madd(xhat, changetype<L>(0).load(weight + at), changetype<L>(0).load(bias + at))",
        replace: "f32x4.mul(xhat, changetype<L>(0).load(weight + at))",
      },
      {
        name: "normalizeColumns: mean added",
        find: "f32x4.sub(changetype<L>(0).load(x + at), changetype<L>(0).load(mean + at))",
        replace: "f32x4.add(changetype<L>(0).load(x + at), changetype<L>(0).load(mean + at))",
        in: "function normalize<L>(",
      },
      {
        name: "normalizeColumns: rows begin at 0",
        find: "let i = begin",
        replace: "let i: u32 = 0",
        in: "export function normalizeColumns(",
      },
      {
        name: "normalizeColumnsSums: dweight of x, not of x - mean",
        find: "f32x4.sub(changetype<L>(0).load(x + p), m)",
        replace: "changetype<L>(0).load(x + p)",
      },
      {
        name: "normalizeColumnsSums: inverse dropped",
        find: "f32x4.mul(product, changetype<L>(0).load(inverse + at))",
        replace: "product",
      },
      { name: "normalizeColumnsSums: chunks forget the ones before", find: "product = f32x4.add(product, b);", replace: "product = b;" },
      {
        name: "normalizeColumnsGrad: dbias dropped",
        find: "nmadd(perRow, changetype<L>(0).load(dbias + at), changetype<L>(0).load(dy + at))",
        replace: "changetype<L>(0).load(dy + at)",
      },
      { name: "normalizeColumnsGrad: dweight added", find: "const d = nmadd(xhat,", replace: "const d = madd(xhat," },
      { name: "normalizeColumnsGrad: weight dropped", find: "f32x4.mul(changetype<L>(0).load(weight + at), r)", replace: "r" },
    ],
  },
  {
    file: "assembly/kernels/normalizeRows.ts",
    tests: [...kernel("normalizeRows"), ...kernel("shares")],
    changes: [
      { name: "normalizeRows: eps dropped", find: "<f32>cols + eps)", replace: "<f32>cols)" },
      {
        name: "normalizeRows: missing lanes join the variance",
        find: "f32x4.sub(loadUpTo(x + row + (<usize>j << 2), cols - j, m), m)",
        replace: "f32x4.sub(loadUpTo(x + row + (<usize>j << 2), cols - j, zero), m)",
      },
      { name: "normalizeRows: the mean is not stored", find: "store<f32>(mean + (<usize>i << 2), mu);", replace: "" },
      { name: "normalizeRowsGrad: Σ g dropped", find: "f32x4.sub(g, meanG)", replace: "g" },
      { name: "normalizeRowsGrad: xhat's term added", find: "nmadd(xhat, meanProduct,", replace: "madd(xhat, meanProduct," },
      {
        name: "normalizeRowsGrad: the weight in one loop only",
        find: "const g = f32x4.mul(loadUpTo(dy + row + at, left, zero), loadUpTo(weight + at, left, zero));\n      a =",
        replace: "const g = loadUpTo(dy + row + at, left, zero);\n      a =",
      },
      {
        name: "normalizeRowsSums: dweight without inverse",
        find: "f32x4.mul(centred, v128.load32_splat(inverse + (<usize>i << 2)))",
        replace: "centred",
      },
      { name: "normalizeRowsSums: columns begin at 0", find: "let j = begin;", replace: "let j: u32 = 0;" },
    ],
  },
  {
    file: "assembly/kernels/foldColumns.ts",
    tests: kernel("foldColumns"),
    changes: [
      {
        name: "columnScale: eps dropped",
        find: "f32x4.add(v128.load(variance + i), f32x4.splat(eps))",
        replace: "v128.load(variance + i)",
      },
      { name: "scaleRows: the scale of row 0", find: "load<f32>(scale + ((<usize>i) << 2))", replace: "load<f32>(scale)" },
      { name: "scaleRows: the row's end is copied", find: "load<f32>(from + at) * s", replace: "load<f32>(from + at)" },
      { name: "foldBias: mean added", find: "f32x4.sub(b, v128.load(mean + i))", replace: "f32x4.add(b, v128.load(mean + i))" },
      { name: "foldBias: bias dropped", find: "bias != 0 ? v128.load(bias + i) : f32x4.splat(0)", replace: "f32x4.splat(0)" },
    ],
  },
  {
    file: "assembly/kernels/copyColumns.ts",
    tests: kernel("copyColumns"),
    changes: [
      { name: "rows as far apart in both", find: "<usize>i * yCols", replace: "<usize>i * xCols" },
      { name: "a column less", find: "<usize>cols << 2);", replace: "<usize>(cols - 1) << 2);" },
    ],
  },
  {
    file: "assembly/kernels/gatherRows.ts",
    tests: [...kernel("gatherRows"), ...kernel("shares")],
    changes: [
      { name: "rows in their own order", find: "<usize>load<u32>(indices + ((<usize>i) << 2)) * bytes", replace: "<usize>i * bytes" },
      { name: "whole vectors only", find: "    for (; at < bytes; at += 4) store<u32>(to + at, load<u32>(from + at));\n", replace: "" },
      { name: "rows begin at 0", find: "let i = begin", replace: "let i: u32 = 0" },
    ],
  },
  {
    file: "assembly/kernels/limitRowNorms.ts",
    tests: kernel("limitRowNorms"),
    changes: [
      { name: "rows within the norm are scaled up", find: "!(norm > <f64>max) || norm - norm != 0", replace: "norm - norm != 0" },
      { name: "a row that is not finite becomes 0", find: "!(norm > <f64>max) || norm - norm != 0", replace: "!(norm > <f64>max)" },
      { name: "the end of a row keeps its length", find: "store<f32>(p, load<f32>(p) * scale)", replace: "store<f32>(p, load<f32>(p))" },
      { name: "the end of a row does not count", find: "sum += v * v;", replace: "" },
      { name: "half a vector does not count", find: "const both = f64x2.add(low, high);", replace: "const both = low;" },
    ],
  },
  {
    file: "assembly/kernels/maxPieces.ts",
    tests: kernel("maxPieces"),
    changes: [
      {
        name: "the smallest",
        find: "max<f32>(best, load<f32>(from + (<usize>k << 2)))",
        replace: "min<f32>(best, load<f32>(from + (<usize>k << 2)))",
      },
      { name: "the gradient to the last largest", find: "if (value > best)", replace: "if (value >= best)" },
      { name: "the gradient to all", find: "k == first ? load<f32>(from) : 0", replace: "load<f32>(from)" },
    ],
  },
  {
    file: "assembly/kernels/peak.ts",
    tests: ["test/kernels/gemm/matmul.test.ts"],
    changes: [
      {
        name: "a chain dropped",
        find: "s11 = madd(f, g, s11);",
        replace: "s11 = f32x4.add(f, s11);",
        equivalent:
          "the yardstick of npm run bench, part of no training; only its time counts, and the bench fails if a product beats it by 5%",
      },
    ],
  },
  {
    file: "assembly/kernels/penalty.ts",
    tests: kernel("penalty"),
    changes: [
      { name: "l1's sign", find: "f32x4.add(changetype<L>(0).load(g), sign)", replace: "f32x4.sub(changetype<L>(0).load(g), sign)" },
      {
        name: "sign(0) is 1",
        find: "v128.and(v128.xor(f32x4.splat(slope), signOf(v)), f32x4.ne(v, f32x4.splat(0)))",
        replace: "v128.xor(f32x4.splat(slope), signOf(v))",
      },
      { name: "the value with twice l2", find: "0.5 * l2", replace: "l2" },
      { name: "the gradient is set, not added to", find: "f32x4.add(changetype<L>(0).load(g), sign)", replace: "sign" },
      {
        name: "the upper lanes' values dropped",
        find: "f64x2.add(elasticNet(f64x2.promote_low_f32x4(a), <f64>l1, <f64>l2), elasticNet(high(a), <f64>l1, <f64>l2))",
        replace: "elasticNet(f64x2.promote_low_f32x4(a), <f64>l1, <f64>l2)",
      },
      { name: "a power's sign", find: "v128.xor(y, signOf(v))", replace: "y" },
      { name: "a power's value times p + 1", find: "<f64>factor / (<f64>p + 1)", replace: "<f64>factor" },
      { name: "a power's upper lanes dropped", find: "f64x2.add(low, f64x2.mul(high(a), high(y)))", replace: "low" },
    ],
  },
  {
    file: "assembly/kernels/prelu.ts",
    tests: kernel("prelu"),
    changes: [
      { name: "prelu: slope dropped", find: "f32x4.mul(a, xi)", replace: "f32x4.splat(0)" },
      {
        name: "preluGrad: slope 1 at 0",
        find: "f32x4.le(v128.load(x + i), f32x4.splat(0))",
        replace: "f32x4.lt(v128.load(x + i), f32x4.splat(0))",
      },
      { name: "preluSums: inputs above 0 too", find: "v128.andnot(xi, f32x4.gt(xi, f32x4.splat(0)))", replace: "xi" },
      { name: "preluSums: the end of a piece dropped", find: "if (!(xi > 0)) sum +=", replace: "if (false) sum +=" },
    ],
  },
  {
    file: "assembly/kernels/random.ts",
    tests: noise,
    changes: [
      {
        name: "fillConstant: another constant",
        find: "const v = f32x4.splat(value);",
        replace: "const v = f32x4.splat(value + 1);",
        tests: ["test/initializers.test.ts", ...noise],
      },
      { name: "fillUniform: high is reached", find: "f32x4.splat(max(low, nextBelow(high)))", replace: "f32x4.splat(high)" },
      { name: "fillUniform: half the width", find: "5.960464477539063e-8", replace: "2.9802322387695312e-8" },
      {
        name: "fillNormal: the mean dropped",
        find: "madd(scale, normal(v128.load(y + j)), centre)",
        replace: "f32x4.mul(scale, normal(v128.load(y + j)))",
      },
      {
        name: "fillTruncatedNormal: the mean dropped",
        find: "madd(scale, truncatedNormal(v128.load(y + j)), centre)",
        replace: "f32x4.mul(scale, truncatedNormal(v128.load(y + j)))",
      },
      { name: "fillNormal: stream is not read", find: "0, stream, 0", replace: "0, 0, 0", in: "export function fillNormal(" },
      {
        name: "isDrawn: the wrong way round",
        find: "load<u32>(words) < threshold",
        replace: "load<u32>(words) >= threshold",
        tests: ["test/layers/residual.test.ts"],
      },
      {
        name: "isDrawn: the run is not read",
        find: "load<u32>(control, CONTROL_RUN)",
        replace: "0",
        in: "export function isDrawn(",
        tests: ["test/layers/residual.test.ts"],
      },
      {
        name: "dropout: kept elements dropped",
        find: "i32x4.ge_u(v128.load(mask + i), least)",
        replace: "i32x4.lt_u(v128.load(mask + i), least)",
      },
      {
        name: "dropout: not scaled",
        find: "v128.and(f32x4.mul(v128.load(x + i), factor), isKept)",
        replace: "v128.and(v128.load(x + i), isKept)",
      },
      {
        name: "dropout: a dropped infinity is NaN",
        find: "v128.and(f32x4.mul(v128.load(x + i), factor), isKept)",
        replace: "f32x4.mul(v128.load(x + i), v128.and(factor, isKept))",
      },
      { name: "dropout: the last line of a share", find: "if (i < end) {", replace: "if (false) {" },
      { name: "dropout: the step is not read", find: "load<u32>(control, CONTROL_STEP)", replace: "0", in: "export function dropout(" },
      {
        name: "alphaDropout: shift dropped",
        find: "madd(v128.load(x + j), factor, added)",
        replace: "f32x4.mul(v128.load(x + j), factor)",
      },
      {
        name: "alphaDropout: 0 where dropped",
        find: "madd(v128.load(x + j), factor, added), instead, isKept",
        replace: "madd(v128.load(x + j), factor, added), f32x4.splat(0), isKept",
      },
      {
        name: "gaussianNoise: alone",
        find: "madd(scale, normal(v128.load(y + j)), v128.load(x + j))",
        replace: "f32x4.mul(scale, normal(v128.load(y + j)))",
      },
      {
        name: "gaussianNoise: the run is not read",
        find: "load<u32>(control, CONTROL_RUN)",
        replace: "0",
        in: "export function gaussianNoise(",
      },
    ],
  },
  {
    file: "assembly/kernels/reduce.ts",
    tests: kernel("reduce"),
    changes: [
      { name: "weightedMean: weights are not read", find: "(weights != 0 ? <f64>load<f32>(weights + r) : 1)", replace: "1" },
      { name: "weightedMean: sums, not means", find: "<f32>(sum * <f64>scale)", replace: "<f32>sum" },
      {
        name: "weightTotal: class weights are not read",
        find: "if (labels != 0 && classWeights != 0) weight *=",
        replace: "if (false) weight *=",
      },
      { name: "squareSums: a vector's half dropped", find: "    s3 = f64x2.add(s3, f64x2.mul(d, d));\n", replace: "" },
      { name: "squareSums: the end of a piece dropped", find: "sum += v * v;", replace: "" },
      { name: "finiteSums: the end of a piece dropped", find: "  for (; p < last; p += 4) sum += load<f32>(p) * 0;\n", replace: "" },
      {
        name: "finiteSums: one of two sums dropped",
        find: "laneSum(f32x4.add(s0, s1))",
        replace: "laneSum(s0)",
        in: "export function finiteSums(",
      },
      {
        name: "areFinite: one of two sums dropped",
        find: "laneSum(f32x4.add(s0, s1))",
        replace: "laneSum(s0)",
        in: "export function areFinite(",
      },
      { name: "areFinite: the last few left out", find: "for (; x < last; x += 4) sum", replace: "for (; x < 0; x += 4) sum" },
      {
        name: "sumPieces: the first piece left out",
        find: "for (let i: u32 = 0; i < pieces; i++) sum",
        replace: "for (let i: u32 = 1; i < pieces; i++) sum",
      },
    ],
  },
  {
    file: "assembly/kernels/softThreshold.ts",
    tests: kernel("softThreshold"),
    changes: [
      { name: "small negative weights stay", find: "f32x4.max(v, low)", replace: "v" },
      { name: "the rate is not read", find: "load<f32>(s, UPDATE_LEARNING_RATE) * lambda", replace: "lambda" },
    ],
  },
  {
    file: "assembly/kernels/scaleToNorm.ts",
    tests: kernel("scaleToNorm"),
    changes: [
      { name: "gradients below the norm are scaled up", find: "ratio < 1 && ratio > 0", replace: "ratio > 0" },
      { name: "the square of the norm", find: "sqrt<f64>(sumPieces(sums, pieces))", replace: "sumPieces(sums, pieces)" },
      { name: "scaled to 0 where the norm is infinite", find: "ratio < 1 && ratio > 0", replace: "ratio < 1" },
      { name: "1e-6 dropped", find: "<f64>max / (norm + 1e-6)", replace: "<f64>max / norm" },
    ],
  },
  {
    file: "assembly/kernels/softmax.ts",
    tests: kernel("softmax"),
    changes: [
      {
        name: "rowMax: two lanes of four",
        find: "  m = f32x4.pmax(m, i8x16.shuffle(m, m, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));\n",
        replace: "",
      },
      {
        name: "softmaxRows: the largest is not subtracted",
        find: "exp(f32x4.sub(loadUpTo(x + at, cols - j, f32x4.splat(-Infinity)), m))",
        replace: "exp(loadUpTo(x + at, cols - j, f32x4.splat(-Infinity)))",
      },
      { name: "softmaxRows: not divided", find: "f32x4.splat(1 / laneSum(sum))", replace: "f32x4.splat(1)" },
      {
        name: "softmaxRows: denormals are kept",
        find: "flushTail(f32x4.mul(loadUpTo(y + at, cols - j, zero), scale))",
        replace: "f32x4.mul(loadUpTo(y + at, cols - j, zero), scale)",
      },
      {
        name: "softmaxRowsGrad: the mean added",
        find: "f32x4.sub(loadUpTo(dy + at, cols - j, zero), mean)",
        replace: "f32x4.add(loadUpTo(dy + at, cols - j, zero), mean)",
      },
      {
        name: "logSoftmaxRows: the largest of a full row joins the missing lanes",
        find: "exp(f32x4.sub(loadUpTo(x + row + (<usize>j << 2), cols - j, f32x4.splat(-Infinity)), m))",
        replace: "exp(f32x4.sub(loadUpTo(x + row + (<usize>j << 2), cols - j, m), m))",
      },
      {
        name: "logSoftmaxRowsGrad: of a row's first four",
        find: "sum = f32x4.add(sum, loadUpTo(dy + row + (<usize>j << 2), cols - j, zero))",
        replace: "sum = loadUpTo(dy + row + (<usize>j << 2), cols - j, zero)",
      },
      { name: "logSoftmaxRowsGrad: the sum added", find: "nmadd(e, total,", replace: "nmadd(f32x4.neg(e), total," },
    ],
  },
]);
