/**
 * Folds batch normalization with its running statistics into the dense layer before it, for inference:
 *   ((w x + b) - mean) scale + shift = (w scale) x + ((b - mean) scale + shift),  scale = weight / sqrt(variance + eps)
 */
import { madd } from "../math/lanes";

/** scale = weight / sqrt(variance + eps). All f32, 16-byte aligned; begin, end: bytes, multiples of 16. = */
export function columnScale(variance: usize, weight: usize, scale: usize, eps: f32, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) {
    const root = f32x4.sqrt(f32x4.add(v128.load(variance + i), f32x4.splat(eps)));
    v128.store(scale + i, f32x4.div(v128.load(weight + i), root));
  }
}

/** y[i, :] = w[i, :] scale[i]. w, y: f32[rows, cols], 4-byte aligned, may be the same; begin, end: rows. = */
export function scaleRows(w: usize, scale: usize, y: usize, cols: u32, begin: u32, end: u32): void {
  const bytes = (<usize>cols) << 2;
  for (let i = begin; i < end; i++) {
    const from = w + <usize>i * bytes;
    const to = y + <usize>i * bytes;
    const s = load<f32>(scale + ((<usize>i) << 2));
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) v128.store(to + at, f32x4.mul(v128.load(from + at), f32x4.splat(s)));
    for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at) * s);
  }
}

/** y = (bias - mean) scale + shift. All f32, 16-byte aligned; bias may be 0 (zeros); y may be any of them. begin, end: bytes. = */
export function foldBias(bias: usize, mean: usize, scale: usize, shift: usize, y: usize, begin: usize, end: usize): void {
  for (let i = begin; i < end; i += 16) {
    const b = bias != 0 ? v128.load(bias + i) : f32x4.splat(0);
    v128.store(y + i, madd(f32x4.sub(b, v128.load(mean + i)), v128.load(scale + i), v128.load(shift + i)));
  }
}
