/**
 * The rectifier whose slope below 0 is learned (He et al. 2015): value, gradient, and the slope's own gradient.
 * w: f32[1], the slope a. Derivatives at 0 are those from below, as PyTorch's.
 */
import { PIECE } from "../abi";
import { select } from "../math/lanes";
import { flushTail } from "./elementwise";

/** y = x above 0, a x below. x, y: f32, 16-byte aligned, may be the same. begin, end: bytes, multiples of 16. */
export function prelu(x: usize, w: usize, y: usize, begin: usize, end: usize): void {
  const a = v128.load32_splat(w);
  for (let i = begin; i < end; i += 16) {
    const xi = v128.load(x + i);
    v128.store(y + i, select(f32x4.mul(a, xi), xi, f32x4.le(xi, f32x4.splat(0))));
  }
}

/** dx = dy above 0, a dy else. dy, x, dx: f32, 16-byte aligned, dx may be dy. begin, end: bytes, multiples of 16. */
export function preluGrad(dy: usize, x: usize, w: usize, dx: usize, begin: usize, end: usize): void {
  const a = v128.load32_splat(w);
  for (let i = begin; i < end; i += 16) {
    const d = v128.load(dy + i);
    v128.store(dx + i, flushTail(select(f32x4.mul(a, d), d, f32x4.le(v128.load(x + i), f32x4.splat(0)))));
  }
}

/**
 * sums[i] = Σ dy x over the elements of piece i where x is not above 0: PIECE i up to PIECE (i + 1) or count, in float64.
 * dy, x: f32[count], 4-byte aligned; sums: f64[pieces]. begin, end: pieces. =
 */
export function preluSums(dy: usize, x: usize, sums: usize, count: u32, begin: u32, end: u32): void {
  for (let i = begin; i < end; i++) {
    const from = (<usize>i * PIECE) << 2;
    const to = min<usize>(from + (PIECE << 2), <usize>count << 2);
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let at = from;
    for (; at + 16 <= to; at += 16) {
      const xi = v128.load(x + at);
      const below = v128.andnot(xi, f32x4.gt(xi, f32x4.splat(0)));
      const d = v128.load(dy + at);
      const high = i8x16.shuffle(d, d, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
      const belowHigh = i8x16.shuffle(below, below, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
      s0 = f64x2.add(s0, f64x2.mul(f64x2.promote_low_f32x4(d), f64x2.promote_low_f32x4(below)));
      s1 = f64x2.add(s1, f64x2.mul(f64x2.promote_low_f32x4(high), f64x2.promote_low_f32x4(belowHigh)));
    }
    const s = f64x2.add(s0, s1);
    let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
    for (; at < to; at += 4) {
      const xi = load<f32>(x + at);
      if (!(xi > 0)) sum += <f64>load<f32>(dy + at) * <f64>xi;
    }
    store<f64>(sums + ((<usize>i) << 3), sum);
  }
}
