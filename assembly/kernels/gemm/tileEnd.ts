/** How a tile ends: its sums meet what lies in y, the bias and the activation, and are stored. */

/** The sums in y continue those of an earlier block of inner. */
export const TILE_CONTINUE: u32 = 1;
/** y = max(value, 0); z, if asked for, keeps the value. */
export const TILE_RELU: u32 = 2;

/** One row of a bare product. */
// @ts-ignore: decorator
@inline
export function store8(y: usize, low: v128, high: v128): void {
  v128.store(y, low);
  v128.store(y, high, 16);
}

/** Stores one row of a tile. */
// @ts-ignore: decorator
@inline
export function finish(low: v128, high: v128, y: usize, toZ: usize, bias: usize, flags: u32): void {
  if (flags & TILE_CONTINUE) {
    low = f32x4.add(v128.load(y), low);
    high = f32x4.add(v128.load(y, 16), high);
  }
  if (bias) {
    low = f32x4.add(low, v128.load(bias));
    high = f32x4.add(high, v128.load(bias, 16));
  }
  if (toZ) store8(y + toZ, low, high);
  if (flags & TILE_RELU) {
    low = f32x4.pmax(low, f32x4.splat(0));
    high = f32x4.pmax(high, f32x4.splat(0));
  }
  store8(y, low, high);
}
