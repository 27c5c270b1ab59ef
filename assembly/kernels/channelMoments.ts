/**
 * Mean and variance of the channels of a batch of images, and the sums over a channel that they share with the gradient. Not the
 * normalization. x: f32[rows, channels, positions], so a channel is `rows` planes of `positions` values, one every `stride` bytes.
 * Each is summed by one rank, plane by plane, in chunks: a chunk in float32 lanes, the chunks in float64.
 */
import { madd } from "../math/lanes";
import { loadUpTo } from "./elementwise";

/** Values of a chunk at most: 128 steps of eight, so that its rounding error is bounded as that of columnSum's chunks. */
const CHUNK: u32 = 1024;

/**
 * mean = Σ x / n, variance = Σ (x - mean)² / n (biased), over the n = rows positions values of a channel. Two passes; the second
 * corrects both by what rounding has left of Σ (x - mean), as columnMoments does.
 * x: f32[rows, channels, positions], mean, variance: f32[channels], 4-byte aligned. rows, positions >= 1. begin, end: channels;
 * nothing else is written. =
 */
export function channelMoments(
  x: usize, mean: usize, variance: usize, rows: u32, channels: u32, positions: u32, begin: u32, end: u32,
): void {
  const n = <f64>rows * <f64>positions;
  const bytes = <usize>positions << 2;
  const stride = <usize>channels * bytes;
  for (let j = begin; j < end; j++) {
    const plane = x + <usize>j * bytes;
    const center = <f32>(f64x2.extract_lane(centeredSums<Itself>(plane, plane, 0, stride, rows, positions), 0) / n);
    const sums = centeredSums<Itself>(plane, plane, center, stride, rows, positions);
    const off = f64x2.extract_lane(sums, 0) / n;
    store<f32>(mean + (<usize>j << 2), <f32>(<f64>center + off));
    // Rounding could leave it a hair below 0; max keeps a NaN.
    store<f32>(variance + (<usize>j << 2), <f32>max<f64>(f64x2.extract_lane(sums, 1) / n - off * off, 0));
  }
}

/**
 * Σ u and Σ u d over a channel, d = x - center, in the two f64 lanes of the result. U says what u is: d Itself, or Another array.
 * u, x: where the channel begins in either array; both have the same stride. u is not read if it is d itself.
 */
export function centeredSums<U>(u: usize, x: usize, center: f32, stride: usize, rows: u32, positions: u32): v128 {
  const m = f32x4.splat(center);
  const zero = f32x4.splat(0);
  let sum = f64x2.splat(0);
  let product = f64x2.splat(0);
  for (let i: u32 = 0; i < rows; i++) {
    for (let k: u32 = 0; k < positions; ) {
      const last = min(k + CHUNK, positions);
      let a0 = zero;
      let a1 = zero;
      let b0 = zero;
      let b1 = zero;
      for (; k + 8 <= last; k += 8) {
        const at = <usize>k << 2;
        const d0 = f32x4.sub(v128.load(x + at), m);
        const d1 = f32x4.sub(v128.load(x + at, 16), m);
        const u0 = changetype<U>(0).value(u + at, 4, d0);
        const u1 = changetype<U>(0).value(u + at + 16, 4, d1);
        a0 = f32x4.add(a0, u0);
        a1 = f32x4.add(a1, u1);
        b0 = madd(u0, d0, b0);
        b1 = madd(u1, d1, b1);
      }
      for (; k < last; k += 4) {
        const at = <usize>k << 2;
        const left = last - k;
        const d = f32x4.sub(loadUpTo(x + at, left, m), m); // of missing lanes 0
        const v = changetype<U>(0).value(u + at, left, d);
        a0 = f32x4.add(a0, v);
        b0 = madd(v, d, b0);
      }
      sum = f64x2.add(sum, widened(f32x4.add(a0, a1)));
      product = f64x2.add(product, widened(f32x4.add(b0, b1)));
    }
    u += stride;
    x += stride;
  }
  const first = f64x2.splat(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  return f64x2.replace_lane(first, 1, f64x2.extract_lane(product, 0) + f64x2.extract_lane(product, 1));
}

// @ts-ignore: decorator
@final
export class Itself {
  // @ts-ignore: decorator
  @inline
  value(_: usize, left: u32, d: v128): v128 {
    return d;
  }
}

// @ts-ignore: decorator
@final
export class Another {
  // @ts-ignore: decorator
  @inline
  value(u: usize, left: u32, d: v128): v128 {
    return loadUpTo(u, left, f32x4.splat(0));
  }
}

/** Two f64 whose sum is that of the four lanes. */
// @ts-ignore: decorator
@inline
function widened(x: v128): v128 {
  const high = i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  return f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(high));
}
