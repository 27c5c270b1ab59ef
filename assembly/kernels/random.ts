/**
 * Arrays of random numbers. Element e depends on seed, stream, step, run and e alone (math/philox.ts), so shares make no
 * difference. Pads are written too. Here y: f32[n], 16-byte aligned; begin, end: this share in bytes, multiples of 64. Words are
 * written where the result goes and read back from there.
 */
import { CONTROL_RUN, CONTROL_SEED_HIGH, CONTROL_SEED_LOW, CONTROL_STEP } from "../abi";
import { madd } from "../math/lanes";
import { normal, truncatedNormal } from "../math/normal";
import { philox } from "../math/philox";

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
