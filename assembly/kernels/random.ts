/**
 * Arrays of random numbers, and dropout. Element e depends on seed, stream, step, run and e alone (math/philox.ts), so shares
 * make no difference. Pads are written too. Here y, mask: f32[n], 16-byte aligned; begin, end: this share in bytes, multiples of
 * 64. Words are written where the result goes and read back from there.
 */
import { CONTROL_RUN, CONTROL_SEED_HIGH, CONTROL_SEED_LOW, CONTROL_STEP } from "../abi";
import { madd } from "../math/lanes";
import { normal, truncatedNormal } from "../math/normal";
import { philox, philoxPair } from "../math/philox";

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

/** y = mean + std z, z standard normal, error 2e-6 of z. Step 0 of run 0. */
export function fillNormal(y: usize, mean: f32, std: f32, seedLow: u32, seedHigh: u32, stream: u32, begin: usize, end: usize): void {
  const centre = f32x4.splat(mean);
  const scale = f32x4.splat(std);
  for (let i = begin; i < end; i += 64) {
    philox(y + i, <u32>(i >> 4), 0, stream, 0, seedLow, seedHigh);
    for (let j = i; j < i + 64; j += 16) v128.store(y + j, madd(scale, normal(v128.load(y + j)), centre));
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
 * One draw for the whole step: whether word 0 of the stream is below threshold, the probability times 2^32. words: 64 bytes of
 * scratch, 16-byte aligned. Seed, run and step are those of the control block, so that every rank comes to the same answer.
 */
export function isDrawn(control: usize, stream: u32, threshold: u32, words: usize): bool {
  const seedLow = load<u32>(control, CONTROL_SEED_LOW);
  const seedHigh = load<u32>(control, CONTROL_SEED_HIGH);
  philox(words, 0, load<u32>(control, CONTROL_STEP), stream, load<u32>(control, CONTROL_RUN), seedLow, seedHigh);
  return load<u32>(words) < threshold;
}

/**
 * mask = word >= threshold ? scale : 0, y = mask ? x scale : 0: a dropped element is +0 even if x is not finite.
 * threshold: probability of a drop times 2^32; seed, run and step are those of the control block. x: f32[n], 16-byte aligned, may be y.
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
  const seedLow = load<u32>(control, CONTROL_SEED_LOW);
  const seedHigh = load<u32>(control, CONTROL_SEED_HIGH);
  const run = load<u32>(control, CONTROL_RUN);
  const step = load<u32>(control, CONTROL_STEP);
  const least = i32x4.splat(threshold);
  const factor = f32x4.splat(scale);
  let i = begin;
  for (; i + 128 <= end; i += 128) {
    philoxPair(mask + i, <u32>(i >> 4), step, stream, run, seedLow, seedHigh);
    drop(x, y, mask, least, factor, i, i + 128);
  }
  if (i < end) {
    philox(mask + i, <u32>(i >> 4), step, stream, run, seedLow, seedHigh);
    drop(x, y, mask, least, factor, i, i + 64);
  }
}

/**
 * mask = word >= threshold ? scale : 0, y = x mask + (kept ? shift : dropped): a dropped element is `dropped` even if x is not finite.
 * Operands as dropout.
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
  const least = i32x4.splat(threshold);
  const factor = f32x4.splat(scale);
  const added = f32x4.splat(shift);
  const instead = f32x4.splat(dropped);
  for (let i = begin; i < end; i += 64) {
    philox(mask + i, <u32>(i >> 4), step, stream, run, seedLow, seedHigh);
    for (let j = i; j < i + 64; j += 16) {
      const isKept = i32x4.ge_u(v128.load(mask + j), least);
      v128.store(mask + j, v128.and(factor, isKept));
      v128.store(y + j, v128.bitselect(madd(v128.load(x + j), factor, added), instead, isKept));
    }
  }
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
    for (let j = i; j < i + 64; j += 16) v128.store(y + j, madd(scale, normal(v128.load(y + j)), v128.load(x + j)));
  }
}

/** Words in mask become factors of x. */
// @ts-ignore: decorator
@inline
function drop(x: usize, y: usize, mask: usize, least: v128, factor: v128, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) {
    const isKept = i32x4.ge_u(v128.load(mask + i), least);
    v128.store(mask + i, v128.and(factor, isKept));
    v128.store(y + i, v128.and(f32x4.mul(v128.load(x + i), factor), isKept));
  }
}
