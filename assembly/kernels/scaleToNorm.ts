/** Clipping by the norm of a part of the gradients; guard.ts does the same for all of them together. */
import { sumPieces } from "./reduce";

/**
 * x *= min(1, max / (norm + 1e-6)), norm² = Σ sums: x may be one of several arrays whose squares were summed. Where the norm is
 * not finite x stays as it is: the guard finds what is wrong in it, and the pads stay zeros, which nobody would write again.
 * x: f32[n], 16-byte aligned, padded to whole vectors; sums: f64[pieces]. begin, end: this share in bytes, multiples of 16.
 */
export function scaleToNorm(x: usize, sums: usize, pieces: u32, max: f32, begin: usize, end: usize): void {
  const norm = sqrt<f64>(sumPieces(sums, pieces));
  const ratio = <f64>max / (norm + 1e-6);
  if (!(ratio < 1 && ratio > 0)) return;
  const scale = f32x4.splat(<f32>ratio);
  for (let i = begin; i < end; i += 16) v128.store(x + i, f32x4.mul(v128.load(x + i), scale));
}
