/**
 * Batch normalization of channels with given moments, and its gradient in two ops: sums over the batch, then planes.
 * x, y, dy, dx: f32[rows, channels, positions], 4-byte aligned; plane q = i channels + j of `positions` values is row i of channel j.
 * mean, inverse (1 / sqrt(variance + eps)), weight, bias, dweight, dbias: f32[channels]. Below, xhat = (x - mean) inverse.
 * Nothing outside the planes or channels from begin to end is written; all results are =.
 */
import { madd, nmadd } from "../math/lanes";
import { Another, centeredSums } from "./channelMoments";
import { loadUpTo, storeUpTo } from "./elementwise";

/** y = max(xhat weight + bias, floor), a NaN stays one. floor: 0 for relu, -infinity for all values. y may be x. begin, end: planes. */
export function normalizeChannels(
  x: usize, mean: usize, inverse: usize, weight: usize, bias: usize, y: usize, floor: f32, channels: u32, positions: u32,
  begin: u32, end: u32,
): void {
  const zero = f32x4.splat(0);
  const least = f32x4.splat(floor);
  for (let q = begin; q < end; q++) {
    const j = <usize>(q % channels) << 2;
    const m = v128.load32_splat(mean + j);
    const r = v128.load32_splat(inverse + j);
    const w = v128.load32_splat(weight + j);
    const b = v128.load32_splat(bias + j);
    const plane = (<usize>q * positions) << 2;
    const stop = plane + (<usize>positions << 2);
    let at = plane;
    for (; at + 16 <= stop; at += 16) v128.store(y + at, normalized(v128.load(x + at), m, r, w, b, least));
    if (at == stop) continue;
    const left = <u32>(stop - at) >> 2;
    storeUpTo(y + at, left, normalized(loadUpTo(x + at, left, zero), m, r, w, b, least));
  }
}

// @ts-ignore: decorator
@inline
function normalized(x: v128, m: v128, r: v128, w: v128, b: v128, least: v128): v128 {
  return f32x4.pmax(madd(f32x4.mul(f32x4.sub(x, m), r), w, b), least);
}

/** dbias = Σ dy, dweight = Σ dy xhat, over all rows and positions, as channelMoments sums. begin, end: channels. */
export function normalizeChannelsSums(
  dy: usize, x: usize, mean: usize, inverse: usize, dweight: usize, dbias: usize,
  rows: u32, channels: u32, positions: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>positions << 2;
  for (let j = begin; j < end; j++) {
    const plane = <usize>j * bytes;
    const at = <usize>j << 2;
    const sums = centeredSums<Another>(dy + plane, x + plane, load<f32>(mean + at), <usize>channels * bytes, rows, positions);
    store<f32>(dbias + at, <f32>f64x2.extract_lane(sums, 0));
    store<f32>(dweight + at, <f32>(f64x2.extract_lane(sums, 1) * <f64>load<f32>(inverse + at)));
  }
}

/** dx = weight inverse (dy - dbias / n - xhat dweight / n), n = rows positions of the whole batch. dx may be dy. begin, end: planes. */
export function normalizeChannelsGrad(
  dy: usize, x: usize, mean: usize, inverse: usize, weight: usize, dweight: usize, dbias: usize, dx: usize,
  rows: u32, channels: u32, positions: u32, begin: u32, end: u32,
): void {
  const zero = f32x4.splat(0);
  const perValue: f32 = 1 / (<f32>rows * <f32>positions);
  for (let q = begin; q < end; q++) {
    const j = <usize>(q % channels) << 2;
    const r = load<f32>(inverse + j);
    const m = v128.load32_splat(mean + j);
    const shift = f32x4.splat(load<f32>(dbias + j) * perValue);
    const slope = f32x4.splat(load<f32>(dweight + j) * perValue * r);
    const scale = f32x4.splat(load<f32>(weight + j) * r);
    const plane = (<usize>q * positions) << 2;
    const stop = plane + (<usize>positions << 2);
    let at = plane;
    for (; at + 16 <= stop; at += 16) v128.store(dx + at, gradient(v128.load(dy + at), v128.load(x + at), m, shift, slope, scale));
    if (at == stop) continue;
    const left = <u32>(stop - at) >> 2;
    storeUpTo(dx + at, left, gradient(loadUpTo(dy + at, left, zero), loadUpTo(x + at, left, zero), m, shift, slope, scale));
  }
}

/** scale (dy - shift - (x - m) slope) */
// @ts-ignore: decorator
@inline
function gradient(dy: v128, x: v128, m: v128, shift: v128, slope: v128, scale: v128): v128 {
  return f32x4.mul(scale, nmadd(f32x4.sub(x, m), slope, f32x4.sub(dy, shift)));
}
