/**
 * Small operations on four f32 lanes. The only file that differs between the portable and the relaxed binary.
 */

/** a * b + c: fused where the engine fuses relaxed_madd, else two roundings. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a * b, with the rounding of madd. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** mask ? a : b, lane by lane; mask lanes are all ones or all zeros. */
// @ts-ignore: decorator
@inline
export function select(a: v128, b: v128, mask: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_laneselect(a, b, mask);
  return v128.bitselect(a, b, mask);
}

/** Sum of the four lanes, (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function laneSum(x: v128): f32 {
  const y = f32x4.add(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(y, 0) + f32x4.extract_lane(y, 1);
}

/**
 * Lanes below `least`, the smallest normal number, become +0: WebAssembly cannot flush denormals, and they cost 100 cycles each.
 * An operand, so that a loop holds it in a register; a constant would be loaded in each turn.
 */
// @ts-ignore: decorator
@inline
export function flush(x: v128, least: v128): v128 {
  return v128.and(x, f32x4.ge(f32x4.abs(x), least));
}
