/** Mutants of assembly/math and of the arrays that tests read it through. */
import { rows } from "./place.mjs";

const functions = ["test/math/functions.test.ts"];
const random = ["test/math/random.test.ts"];

export const mutants = rows([
  {
    file: "assembly/math/exp.ts",
    tests: functions,
    changes: [
      { name: "log2 e off by half a percent", find: "LOG2_E: f32 = 1.4426950408889634", replace: "LOG2_E: f32 = 1.4496950408889634" },
      { name: "a coefficient off by 2e-4", find: "4.1668102e-2", replace: "4.1676102e-2" },
      {
        name: "the remainder without the low part of ln 2",
        find: "nmadd(n, f32x4.splat(LN2_LOW), nmadd(n, f32x4.splat(LN2_HIGH), x))",
        replace: "nmadd(n, f32x4.splat(LN2_HIGH), x)",
        in: "function scaled(",
      },
      { name: "no zero below 2^-126", find: "v128.andnot(finite, f32x4.lt(x, f32x4.splat(UNDERFLOW)))", replace: "finite" },
      {
        name: "below 0: no zero below 2^-126",
        find: "v128.andnot(v128.or(scaled(x), f32x4.ne(x, x)), f32x4.lt(x, f32x4.splat(UNDERFLOW)))",
        replace: "v128.or(scaled(x), f32x4.ne(x, x))",
      },
      { name: "below 0: NaN becomes a number", find: "v128.or(scaled(x), f32x4.ne(x, x))", replace: "scaled(x)" },
      { name: "no infinity above ln(2^128)", find: "f32x4.lt(x, f32x4.splat(OVERFLOW))", replace: "f32x4.eq(x, x)" },
    ],
  },
  {
    file: "assembly/math/expm1.ts",
    tests: functions,
    changes: [
      { name: "a coefficient of another sign", find: "f32x4.splat(8.34151e-3)", replace: "f32x4.splat(-8.34151e-3)" },
      {
        name: "no lower bound",
        find: "f32x4.pmax(f32x4.pmin(x, f32x4.splat(HIGHEST)), f32x4.splat(LOWEST))",
        replace: "f32x4.pmin(x, f32x4.splat(HIGHEST))",
      },
      { name: "no upper bound", find: "f32x4.pmin(x, f32x4.splat(HIGHEST))", replace: "x" },
      { name: "2^n where 2^n - 1 is added", find: "f32x4.sub(half, f32x4.splat(0.5))", replace: "half" },
    ],
  },
  {
    file: "assembly/math/log.ts",
    tests: functions,
    changes: [
      { name: "the square's half added", find: "y = nmadd(square,", replace: "y = madd(square," },
      {
        name: "the low part of ln 2 dropped",
        find: "madd(e, f32x4.splat(LN2_LOW), f32x4.mul(f32x4.mul(square, f), p))",
        replace: "f32x4.mul(f32x4.mul(square, f), p)",
      },
      { name: "denormals scaled, the exponent not", find: "v128.and(isSmall, f32x4.splat(23))", replace: "f32x4.splat(0)" },
      { name: "ln 0 is finite", find: "y = select(f32x4.splat(f32.NEGATIVE_INFINITY), y, f32x4.eq(x, f32x4.splat(0)));", replace: "" },
      { name: "a number for x below 0", find: "v128.or(y, f32x4.lt(x, f32x4.splat(0)))", replace: "y" },
    ],
  },
  {
    file: "assembly/math/power.ts",
    tests: ["test/math/power.test.ts"],
    changes: [
      { name: "the rest of p dropped", find: "madd(f32x4.splat(p - high), e, f32x4.sub(whole, n))", replace: "f32x4.sub(whole, n)" },
      { name: "whole powers of two only", find: "f32x4.mul(rest, f32x4.splat(LN2))", replace: "f32x4.splat(0)" },
      { name: "denormals' exponent", find: "v128.and(isSmall, f32x4.splat(23))", replace: "f32x4.splat(0)" },
      { name: "0 to any power is not 0", find: "v128.and(y, f32x4.ne(x, f32x4.splat(0)))", replace: "y" },
      { name: "no flush below 2^-126", find: "y = v128.andnot(y, f32x4.lt(total, f32x4.splat(-126)));\n", replace: "" },
      {
        name: "ln2 in one part",
        find: "nmadd(k, f32x4.splat(LN2_LOW), nmadd(k, f32x4.splat(LN2_HIGH), s))",
        replace: "nmadd(k, f32x4.splat(LN2_HIGH), s)",
      },
    ],
  },
  {
    file: "assembly/math/log1p.ts",
    tests: functions,
    changes: [
      {
        name: "the bits that 1 + x loses are not kept",
        find: "v128.andnot(f32x4.add(i32x4.sub(x, shift), f32x4.sub(inverse, one)), isTiny)",
        replace: "v128.andnot(f32x4.sub(i32x4.sub(f32x4.add(x, one), shift), one), isTiny)",
      },
      {
        name: "tiny numbers are 0",
        find: "v128.andnot(f32x4.lt(x, f32x4.splat(f32.POSITIVE_INFINITY)), isTiny)",
        replace: "f32x4.lt(x, f32x4.splat(f32.POSITIVE_INFINITY))",
      },
      {
        name: "numbers that are not tiny stay as they are",
        find: "TINY: f32 = 1.4901161193847656e-8",
        replace: "TINY: f32 = 1.4901161193847656e-2",
      },
      { name: "ln 0 is finite", find: "f32x4.eq(x, f32x4.splat(-1))", replace: "f32x4.ne(x, x)" },
      { name: "2^-e below 0 for large e", find: "i32x4.max_s(i32x4.sub(one, shift), i32x4.splat(0))", replace: "i32x4.sub(one, shift)" },
    ],
  },
  {
    file: "assembly/math/erf.ts",
    tests: functions,
    changes: [
      { name: "a coefficient of another sign", find: "f32x4.splat(-1.6949465e-4)", replace: "f32x4.splat(1.6949465e-4)" },
      { name: "even, not odd", find: "v128.or(f32x4.abs(y), sign)", replace: "f32x4.abs(y)" },
      { name: "no bound on |x|", find: "f32x4.pmin(f32x4.abs(x), f32x4.splat(HIGHEST))", replace: "f32x4.abs(x)" },
    ],
  },
  {
    file: "assembly/math/sigmoid.ts",
    tests: functions,
    changes: [
      { name: "the sign of x", find: "exp(f32x4.neg(x))", replace: "exp(x)" },
      { name: "denormals below", find: "v128.andnot(y, f32x4.lt(x, f32x4.splat(UNDERFLOW)))", replace: "y" },
    ],
  },
  {
    file: "assembly/math/tanh.ts",
    tests: functions,
    changes: [
      { name: "e^-x for e^-2x", find: "f32x4.splat(-2)", replace: "f32x4.splat(-1)" },
      {
        name: "the zero's sign is lost",
        find: "const sign = v128.and(x, i32x4.splat(SIGN));",
        replace: "const sign = v128.and(v128.and(x, i32x4.splat(SIGN)), f32x4.ne(x, f32x4.splat(0)));",
      },
      { name: "no bound on |x|", find: "f32x4.pmin(f32x4.abs(x), f32x4.splat(HIGHEST))", replace: "f32x4.abs(x)" },
    ],
  },
  {
    file: "assembly/math/lanes.ts",
    tests: [...functions, "test/kernels/softmax.test.ts", "test/optimizers/kernels.test.ts"],
    changes: [
      {
        name: "the portable madd subtracts",
        find: "f32x4.add(f32x4.mul(a, b), c)",
        replace: "f32x4.sub(f32x4.mul(a, b), c)",
        variant: "portable",
      },
      {
        name: "the portable nmadd without its factor",
        find: "f32x4.sub(c, f32x4.mul(a, b))",
        replace: "f32x4.sub(c, b)",
        variant: "portable",
      },
      { name: "the portable select swaps", find: "v128.bitselect(a, b, mask)", replace: "v128.bitselect(b, a, mask)", variant: "portable" },
      { name: "the fast nmadd adds", find: "f32x4.relaxed_nmadd(a, b, c)", replace: "f32x4.relaxed_madd(a, b, c)" },
      { name: "the fast select swaps", find: "i32x4.relaxed_laneselect(a, b, mask)", replace: "i32x4.relaxed_laneselect(b, a, mask)" },
      {
        name: "three lanes summed",
        find: "f32x4.extract_lane(y, 0) + f32x4.extract_lane(y, 1)",
        replace: "f32x4.extract_lane(y, 0) + f32x4.extract_lane(x, 1)",
      },
      { name: "denormals are kept", find: "v128.and(x, f32x4.ge(f32x4.abs(x), least))", replace: "x" },
    ],
  },
  {
    file: "assembly/math/philox.ts",
    tests: random,
    changes: [
      { name: "philox: a word of a multiplier", find: "MULTIPLIER_0: i32 = 0xd2511f53", replace: "MULTIPLIER_0: i32 = 0xd2511f51" },
      { name: "philox: the golden ratio", find: "WEYL_0: i32 = 0x9e3779b9", replace: "WEYL_0: i32 = 0x9e3779bb" },
      { name: "philox: sqrt(3) - 1", find: "WEYL_1: i32 = 0xbb67ae85", replace: "WEYL_1: i32 = 0xbb67ae84" },
      { name: "philox: nine rounds", find: "round < 10", replace: "round < 9", in: "export function philox(" },
      { name: "philox: keys swapped", find: "i32x4.splat(keyLow)", replace: "i32x4.splat(keyHigh)", in: "export function philox(" },
      { name: "philox: the step is not read", find: "i32x4.splat(step)", replace: "i32x4.splat(0)", in: "export function philox(" },
      { name: "philoxPair: the run is not read", find: "i32x4.splat(run)", replace: "i32x4.splat(0)", in: "export function philoxPair(" },
      { name: "philoxPair: the second group is the first one", find: "i32x4(4, 5, 6, 7)", replace: "i32x4(0, 1, 2, 3)" },
      {
        name: "two words of a block swapped",
        find: "v128.shuffle<i64>(right01, right23, 1, 3), 48",
        replace: "v128.shuffle<i64>(right01, right23, 3, 1), 48",
      },
    ],
  },
  {
    file: "assembly/math/normal.ts",
    tests: random,
    changes: [
      { name: "a coefficient of the middle", find: "f32x4.splat(-1.7727871e-3)", replace: "f32x4.splat(-1.7767871e-3)" },
      { name: "a coefficient of the tail", find: "f32x4.splat(1.8136875e-3)", replace: "f32x4.splat(-1.8136875e-3)" },
      { name: "no tail", find: "if (v128.any_true(isTail)) p = select(tail(v), p, isTail);", replace: "" },
      { name: "one sign only", find: "v128.or(size, v128.andnot(i32x4.splat(0x80000000), words))", replace: "size" },
      {
        name: "the middle's half dropped",
        find: "f32x4.convert_i32x4_s(middle), f32x4.splat(0.5)",
        replace: "f32x4.convert_i32x4_s(middle), f32x4.splat(0)",
      },
      {
        name: "truncated: not scaled to two deviations",
        find: "f32x4.mul(symmetric(words, fromMiddle(words)), f32x4.splat(WITHIN_TWO))",
        replace: "symmetric(words, fromMiddle(words))",
      },
    ],
  },
  {
    file: "assembly/kernels/mathArrays.ts",
    tests: [...functions, "test/kernels/shares.test.ts"],
    changes: [
      { name: "expArray: begin is not read", find: "let i = begin", replace: "let i: usize = 0", in: "export function expArray(" },
      { name: "logArray: of 1 + x", find: "log(v128.load(x + i))", replace: "log1p(v128.load(x + i))", in: "export function logArray(" },
      {
        name: "tanhArray: sigmoid",
        find: "tanh(v128.load(x + i))",
        replace: "sigmoid(v128.load(x + i))",
        in: "export function tanhArray(",
      },
      { name: "erfArray: tanh", find: "erf(v128.load(x + i))", replace: "tanh(v128.load(x + i))", in: "export function erfArray(" },
      { name: "sigmoidArray: every second vector", find: "i += 16", replace: "i += 32", in: "export function sigmoidArray(" },
      { name: "expm1Array: exp", find: "expm1(v128.load(x + i))", replace: "exp(v128.load(x + i))", in: "export function expm1Array(" },
      { name: "log1pArray: log", find: "log1p(v128.load(x + i))", replace: "log(v128.load(x + i))", in: "export function log1pArray(" },
      {
        name: "normalArray: cut to [-2, 2]",
        find: "normal(v128.load(x + i))",
        replace: "truncatedNormal(v128.load(x + i))",
        in: "export function normalArray(",
        tests: random,
      },
      {
        name: "truncatedNormalArray: not cut",
        find: "truncatedNormal(v128.load(x + i))",
        replace: "normal(v128.load(x + i))",
        in: "export function truncatedNormalArray(",
        tests: random,
      },
    ],
  },
]);
