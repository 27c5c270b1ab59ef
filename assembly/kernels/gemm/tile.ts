/**
 * The register tile: mr x 8 outputs, mr from 1 to MR, from one packed tile of a and one packed panel of b; 1 x 24 for a row alone.
 * Knows nothing of strides of a and b, edges or blocks.
 */
import { madd } from "../../math/lanes";
import { MR, NR } from "./blocking";

/** The sums in y continue those of an earlier block of inner. */
export const TILE_CONTINUE: u32 = 1;
/** y = max(value, 0); z, if asked for, keeps the value. */
export const TILE_RELU: u32 = 2;

/**
 * value = sum over k of a[k, i] b[k, j] in order of k from 0, (+ y if TILE_CONTINUE) (+ bias);   z = value;   y = value or max(value, 0)
 * mr: rows, 1 to MR. a: f32[kc, mr], b: f32[kc, 8], packed. bias: f32[8] or 0. y, z: f32 rows of 8, rowBytes apart; z may be 0.
 * 4-byte alignment. flags: TILE_*.
 */
// @ts-ignore: decorator
@inline
export function tile(mr: u32, a: usize, b: usize, kc: u32, y: usize, z: usize, rowBytes: usize, bias: usize, flags: u32): void {
  switch (mr) {
    case 1: tile1x8(a, b, kc, y, z, rowBytes, bias, flags); return;
    case 2: tile2x8(a, b, kc, y, z, rowBytes, bias, flags); return;
    case 3: tile3x8(a, b, kc, y, z, rowBytes, bias, flags); return;
    case 4: tile4x8(a, b, kc, y, z, rowBytes, bias, flags); return;
    case 5: if (MR >= 5) tile5x8(a, b, kc, y, z, rowBytes, bias, flags); return;
    default: if (MR >= 6) tile6x8(a, b, kc, y, z, rowBytes, bias, flags);
  }
}

function tile1x8(a: usize, b: usize, kc: u32, y: usize, z: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tileOf(1, a, b, kc, y, z, rowBytes, bias, flags);
}
function tile2x8(a: usize, b: usize, kc: u32, y: usize, z: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tileOf(2, a, b, kc, y, z, rowBytes, bias, flags);
}
function tile3x8(a: usize, b: usize, kc: u32, y: usize, z: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tileOf(3, a, b, kc, y, z, rowBytes, bias, flags);
}
function tile4x8(a: usize, b: usize, kc: u32, y: usize, z: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tileOf(4, a, b, kc, y, z, rowBytes, bias, flags);
}
function tile5x8(a: usize, b: usize, kc: u32, y: usize, z: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tileOf(5, a, b, kc, y, z, rowBytes, bias, flags);
}
function tile6x8(a: usize, b: usize, kc: u32, y: usize, z: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tileOf(6, a, b, kc, y, z, rowBytes, bias, flags);
}

/** The body of all tiles: mr is a constant at every call, so rows beyond it fold away. */
// @ts-ignore: decorator
@inline
function tileOf(mr: u32, a: usize, b: usize, kc: u32, y: usize, z: usize, rowBytes: usize, bias: usize, flags: u32): void {
  const zero = f32x4.splat(0);
  let y00 = zero, y01 = zero, y10 = zero, y11 = zero, y20 = zero, y21 = zero;
  let y30 = zero, y31 = zero, y40 = zero, y41 = zero, y50 = zero, y51 = zero;
  for (const end = b + (<usize>kc << 5); b != end; b += 32, a += <usize>mr << 2) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    y00 = madd(a0, b0, y00), y01 = madd(a0, b1, y01);
    if (mr > 1) { const a1 = v128.load32_splat(a, 4); y10 = madd(a1, b0, y10), y11 = madd(a1, b1, y11); }
    if (mr > 2) { const a2 = v128.load32_splat(a, 8); y20 = madd(a2, b0, y20), y21 = madd(a2, b1, y21); }
    if (mr > 3) { const a3 = v128.load32_splat(a, 12); y30 = madd(a3, b0, y30), y31 = madd(a3, b1, y31); }
    if (mr > 4) { const a4 = v128.load32_splat(a, 16); y40 = madd(a4, b0, y40), y41 = madd(a4, b1, y41); }
    if (mr > 5) { const a5 = v128.load32_splat(a, 20); y50 = madd(a5, b0, y50), y51 = madd(a5, b1, y51); }
  }
  finish(y00, y01, y, z, bias, flags);
  if (mr > 1) finish(y10, y11, y += rowBytes, z += z ? rowBytes : 0, bias, flags);
  if (mr > 2) finish(y20, y21, y += rowBytes, z += z ? rowBytes : 0, bias, flags);
  if (mr > 3) finish(y30, y31, y += rowBytes, z += z ? rowBytes : 0, bias, flags);
  if (mr > 4) finish(y40, y41, y += rowBytes, z += z ? rowBytes : 0, bias, flags);
  if (mr > 5) finish(y50, y51, y += rowBytes, z += z ? rowBytes : 0, bias, flags);
}

/**
 * The same for one row and three panels, panelBytes apart: y, z and bias are rows of 24. tile1x8 has two sums and waits for
 * each multiply-add; with six, 1 x 512 x 512 takes 12 µs and not 28 (Node 26, Zen 5).
 */
export function tile1x24(a: usize, b: usize, panelBytes: usize, kc: u32, y: usize, z: usize, bias: usize, flags: u32): void {
  const zero = f32x4.splat(0);
  let y0 = zero, y1 = zero, y2 = zero, y3 = zero, y4 = zero, y5 = zero;
  let b2 = b + panelBytes * 2;
  for (const end = b + (<usize>kc << 5); b != end; b += 32, b2 += 32, a += 4) {
    const a0 = v128.load32_splat(a);
    y0 = madd(a0, v128.load(b), y0), y1 = madd(a0, v128.load(b, 16), y1);
    y2 = madd(a0, v128.load(b + panelBytes), y2), y3 = madd(a0, v128.load(b + panelBytes, 16), y3);
    y4 = madd(a0, v128.load(b2), y4), y5 = madd(a0, v128.load(b2, 16), y5);
  }
  finish(y0, y1, y, z, bias, flags);
  finish(y2, y3, y + 32, z ? z + 32 : 0, bias ? bias + 32 : 0, flags);
  finish(y4, y5, y + 64, z ? z + 64 : 0, bias ? bias + 64 : 0, flags);
}

/** The same for four panels: rows of 32. */
export function tile1x32(a: usize, b: usize, panelBytes: usize, kc: u32, y: usize, z: usize, bias: usize, flags: u32): void {
  const zero = f32x4.splat(0);
  let y0 = zero, y1 = zero, y2 = zero, y3 = zero, y4 = zero, y5 = zero, y6 = zero, y7 = zero;
  let b2 = b + panelBytes * 2;
  for (const end = b + (<usize>kc << 5); b != end; b += 32, b2 += 32, a += 4) {
    const a0 = v128.load32_splat(a);
    y0 = madd(a0, v128.load(b), y0), y1 = madd(a0, v128.load(b, 16), y1);
    y2 = madd(a0, v128.load(b + panelBytes), y2), y3 = madd(a0, v128.load(b + panelBytes, 16), y3);
    y4 = madd(a0, v128.load(b2), y4), y5 = madd(a0, v128.load(b2, 16), y5);
    y6 = madd(a0, v128.load(b2 + panelBytes), y6), y7 = madd(a0, v128.load(b2 + panelBytes, 16), y7);
  }
  finish(y0, y1, y, z, bias, flags);
  finish(y2, y3, y + 32, z ? z + 32 : 0, bias ? bias + 32 : 0, flags);
  finish(y4, y5, y + 64, z ? z + 64 : 0, bias ? bias + 64 : 0, flags);
  finish(y6, y7, y + 96, z ? z + 96 : 0, bias ? bias + 96 : 0, flags);
}

/** Stores one row of a tile. */
// @ts-ignore: decorator
@inline
function finish(low: v128, high: v128, y: usize, z: usize, bias: usize, flags: u32): void {
  if (flags & TILE_CONTINUE) {
    low = f32x4.add(v128.load(y), low);
    high = f32x4.add(v128.load(y, 16), high);
  }
  if (bias) {
    low = f32x4.add(low, v128.load(bias));
    high = f32x4.add(high, v128.load(bias, 16));
  }
  if (z) {
    v128.store(z, low);
    v128.store(z, high, 16);
  }
  if (flags & TILE_RELU) {
    low = f32x4.pmax(low, f32x4.splat(0));
    high = f32x4.pmax(high, f32x4.splat(0));
  }
  v128.store(y, low);
  v128.store(y, high, 16);
}
