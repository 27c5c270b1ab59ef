/** The max-norm constraint (Srivastava et al. 2014, section 5.1): each unit's incoming weights within a ball. */

/**
 * w[r] *= max / |w[r]| where |w[r]| > max, the norm in float64; other rows keep every bit. Where a norm is not finite too.
 * w: f32[rows, cols], 4-byte aligned, in place. begin, end: rows of this share.
 */
export function limitRowNorms(w: usize, cols: u32, max: f32, begin: u32, end: u32): void {
  for (let r = begin; r < end; r++) {
    const row = w + (<usize>r * <usize>cols << 2);
    const stop = row + (<usize>cols << 2);
    const norm = sqrt<f64>(squares(row, stop));
    if (!(norm > <f64>max) || norm - norm != 0) continue;
    const scale = <f32>(<f64>max / norm);
    const factor = f32x4.splat(scale);
    let p = row;
    for (; p + 16 <= stop; p += 16) v128.store(p, f32x4.mul(v128.load(p), factor));
    for (; p < stop; p += 4) store<f32>(p, load<f32>(p) * scale);
  }
}

function squares(p: usize, stop: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (; p + 16 <= stop; p += 16) {
    const a = f64x2.promote_low_f32x4(v128.load64_zero(p));
    const b = f64x2.promote_low_f32x4(v128.load64_zero(p, 8));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const both = f64x2.add(low, high);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; p < stop; p += 4) {
    const v = <f64>load<f32>(p);
    sum += v * v;
  }
  return sum;
}
