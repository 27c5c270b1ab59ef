/**
 * Arrays of random numbers, and dropout. Element e depends on seed, stream, step, run and e alone (math/philox.ts), so shares
 * make no difference. Pads are written too. Here y, mask: f32[n], 16-byte aligned; begin, end: this share in bytes, multiples of
 * 64. Words are written where the result goes and read back from there.
 */
import { CONTROL_RUN, CONTROL_SEED_HIGH, CONTROL_SEED_LOW, CONTROL_STEP } from "../abi";
import { madd } from "../math/lanes";
import { normal, truncatedNormal } from "../math/normal";
import { philox, philoxPair, philoxWord } from "../math/philox";

/** The next float32 below x. */
function nextBelow(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  return x == 0 ? reinterpret<f32>(0x80000001) : reinterpret<f32>(x > 0 ? bits - 1 : bits + 1);
}

/** y = value. */
export function fillConstant(y: usize, value: f32, begin: usize, end: usize): void {
  const v = f32x4.splat(value);
  for (let i = begin; i < end; i += 16) v128.store(y + i, v);
}

/**
 * y = low + (high - low) u, u a multiple of 2^-24 in [0, 1); rounding never reaches high. Step 0 of run 0.
 * low <= high, high - low finite; y = low if they are equal.
 */
export function fillUniform(y: usize, low: f32, high: f32, seedLow: u32, seedHigh: u32, stream: u32, begin: usize, end: usize): void {
  const first = f32x4.splat(low);
  const last = f32x4.splat(max(low, nextBelow(high)));
  const unit = f32x4.splat((high - low) * <f32>5.960464477539063e-8); // 2^-24
  for (let i = begin; i < end; i += 64) {
    philox(y + i, <u32>(i >> 4), 0, stream, 0, seedLow, seedHigh);
    for (let j = i; j < i + 64; j += 16) {
      const steps = f32x4.convert_i32x4_s(i32x4.shr_u(v128.load(y + j), 8));
      v128.store(y + j, f32x4.pmin(madd(steps, unit, first), last));
    }
  }
}

/** 16 words at y become numbers that are standard normal. Not inlined: it is large and used twice. */
function normals(y: usize): void {
  for (let j = y; j < y + 64; j += 16) v128.store(j, normal(v128.load(j)));
}

/** y = mean + std z, z standard normal, error 2e-6 of z. Step 0 of run 0. */
export function fillNormal(y: usize, mean: f32, std: f32, seedLow: u32, seedHigh: u32, stream: u32, begin: usize, end: usize): void {
  const centre = f32x4.splat(mean);
  const scale = f32x4.splat(std);
  for (let i = begin; i < end; i += 64) {
    philox(y + i, <u32>(i >> 4), 0, stream, 0, seedLow, seedHigh);
    normals(y + i);
    for (let j = i; j < i + 64; j += 16) v128.store(y + j, madd(scale, v128.load(y + j), centre));
  }
}

/** y = mean + std z, z normal within [-2, 2], error 2e-6 of z. Its own deviation is 0.87962566 std. Step 0 of run 0. */
export function fillTruncatedNormal(
  y: usize,
  mean: f32,
  std: f32,
  seedLow: u32,
  seedHigh: u32,
  stream: u32,
  begin: usize,
  end: usize,
): void {
  const centre = f32x4.splat(mean);
  const scale = f32x4.splat(std);
  for (let i = begin; i < end; i += 64) {
    philox(y + i, <u32>(i >> 4), 0, stream, 0, seedLow, seedHigh);
    for (let j = i; j < i + 64; j += 16) v128.store(y + j, madd(scale, truncatedNormal(v128.load(y + j)), centre));
  }
}

/**
 * One draw for the whole step: whether word 0 of the stream is below threshold, the probability times 2^32. Seed, run and step
 * are those of the control block, so that every rank comes to the same answer.
 */
export function isDrawn(control: usize, stream: u32, threshold: u32): bool {
  return wordAt(control, stream, 0) < threshold;
}

/** Word 0 of a block of the step. */
function wordAt(control: usize, stream: u32, block: u32): u32 {
  const seedLow = load<u32>(control, CONTROL_SEED_LOW);
  const seedHigh = load<u32>(control, CONTROL_SEED_HIGH);
  return philoxWord(block, load<u32>(control, CONTROL_STEP), stream, load<u32>(control, CONTROL_RUN), seedLow, seedHigh);
}

/** Blocks from here on hold what a tie asks for: those of the elements' halves are below. */
const TIES: u32 = 0x80000000;

/**
 * mask = draw >= threshold ? scale : 0, y = mask ? x scale : 0: a dropped element is +0 even if x is not finite.
 * threshold: probability of a drop times 2^32; seed, run and step are those of the control block. x: f32[n], 16-byte aligned, may be y.
 *
 * A draw has 32 bits, but its high half decides unless it equals the threshold's: element e takes half e & 7 of block e >> 3, and
 * only on a tie, once in 65,536, the low half of word 0 of block TIES + e. Two elements that share a word halve the cost of masks.
 */
export function dropout(
  x: usize,
  y: usize,
  mask: usize,
  control: usize,
  stream: u32,
  threshold: u32,
  scale: f32,
  begin: usize,
  end: usize,
): void {
  alphaDropout(x, y, mask, control, stream, threshold, scale, 0, 0, begin, end);
}

/**
 * mask = draw >= threshold ? scale : 0, y = x mask + (kept ? shift : dropped): a dropped element is `dropped` even if x is not finite.
 * Operands and draws as dropout's.
 */
export function alphaDropout(
  x: usize,
  y: usize,
  mask: usize,
  control: usize,
  stream: u32,
  threshold: u32,
  scale: f32,
  shift: f32,
  dropped: f32,
  begin: usize,
  end: usize,
): void {
  const seedLow = load<u32>(control, CONTROL_SEED_LOW);
  const seedHigh = load<u32>(control, CONTROL_SEED_HIGH);
  const run = load<u32>(control, CONTROL_RUN);
  const step = load<u32>(control, CONTROL_STEP);
  let i = begin;
  for (; i + 256 <= end; i += 256) {
    philoxPair(mask + i, <u32>(i >> 5), step, stream, run, seedLow, seedHigh);
    drop(x, y, mask, control, stream, threshold, scale, shift, dropped, i, 128);
  }
  for (; i < end; i += 64) {
    philox(mask + i, <u32>(i >> 5), step, stream, run, seedLow, seedHigh);
    drop(x, y, mask, control, stream, threshold, scale, shift, dropped, i, 32);
  }
}

/**
 * `bytes` bytes of halves, at mask + i, become factors of x. From the last to the first: a vector of halves makes two of factors,
 * which lie where halves lay that are done with.
 */
// @ts-ignore: decorator
@inline
function drop(
  x: usize, y: usize, mask: usize, control: usize, stream: u32, threshold: u32, scale: f32, shift: f32, dropped: f32, i: usize, bytes: usize,
): void {
  const factor = f32x4.splat(scale);
  const added = f32x4.splat(shift);
  const instead = f32x4.splat(dropped);
  const high = i16x8.splat(<i16>(threshold >> 16));
  for (let j = bytes; j != 0; ) {
    j -= 16;
    const half = v128.load(mask + i + j);
    const to = i + 2 * j;
    let isKept = i16x8.ge_u(half, high);
    const isTie = i16x8.eq(half, high);
    if (v128.any_true(isTie)) isKept = settle(mask + to, isKept, isTie, control, stream, threshold, <u32>(to >> 2));
    const low = i32x4.extend_low_i16x8_s(isKept);
    const above = i32x4.extend_high_i16x8_s(isKept);
    v128.store(mask + to, v128.and(factor, low));
    v128.store(mask + to, v128.and(factor, above), 16);
    const first = madd(v128.load(x + to), factor, added);
    const second = madd(v128.load(x + to, 16), factor, added);
    v128.store(y + to, v128.bitselect(first, instead, low));
    v128.store(y + to, v128.bitselect(second, instead, above), 16);
  }
}

/** isKept with the ties of eight elements from e on decided. words: 32 bytes that may be written. */
function settle(words: usize, isKept: v128, isTie: v128, control: usize, stream: u32, threshold: u32, e: u32): v128 {
  v128.store(words, isKept);
  v128.store(words, isTie, 16);
  for (let lane: usize = 0; lane < 8; lane++, words += 2) {
    if (load<u16>(words, 16) == 0) continue;
    const isAbove = (wordAt(control, stream, TIES + e + <u32>lane) & 0xffff) >= (threshold & 0xffff);
    store<u16>(words, isAbove ? 0xffff : 0);
  }
  return v128.load(words - 16);
}

/** y = x + std z, z standard normal. x: f32[n], 16-byte aligned, not y: the words are written there. Seed, run and step: control's. */
export function gaussianNoise(x: usize, y: usize, control: usize, stream: u32, std: f32, begin: usize, end: usize): void {
  const seedLow = load<u32>(control, CONTROL_SEED_LOW);
  const seedHigh = load<u32>(control, CONTROL_SEED_HIGH);
  const run = load<u32>(control, CONTROL_RUN);
  const step = load<u32>(control, CONTROL_STEP);
  const scale = f32x4.splat(std);
  for (let i = begin; i < end; i += 64) {
    philox(y + i, <u32>(i >> 4), step, stream, run, seedLow, seedHigh);
    normals(y + i);
    for (let j = i; j < i + 64; j += 16) v128.store(y + j, madd(scale, v128.load(y + j), v128.load(x + j)));
  }
}
