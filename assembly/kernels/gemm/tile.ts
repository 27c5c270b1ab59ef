/**
 * The register tiles: mr x 8 outputs, mr 1 to 4 or, in tallTile.ts, 6, from one packed tile of a and one packed panel of b; 1 x 24 and
 * 1 x 32 for a row alone. They know nothing of strides of a and b, edges or blocks.
 */
import { madd } from "../../math/lanes";
import { MR } from "./blocking";
import { tiles6x8 } from "./tallTile";
import { finish } from "./tileEnd";

/**
 * `count` tiles, one below the other, for each of `panels` panels, in one call, as a call costs a tenth of a tile with 32 inner:
 * value = sum over k of a[k, i] b[k, j] in order of k from 0, (+ y if TILE_CONTINUE) (+ bias);   z = value;   y = value or max(value, 0)
 * mr: rows of each, 1 to 4 or MR. a: f32[count, kc, mr], b: f32[panels, kc, 8], packed. bias: f32[panels * 8] or 0. y: f32 rows of
 * panels * 8, rowBytes apart; z, if asked for, lies so many bytes, toZ, from y, which 0 says is not.
 * 4-byte alignment. flags: TILE_*.
 */
// @ts-ignore: decorator
@inline
export function tiles(
  mr: u32,
  count: u32,
  panels: u32,
  a: usize,
  b: usize,
  kc: u32,
  y: usize,
  toZ: usize,
  rowBytes: usize,
  bias: usize,
  flags: u32,
): void {
  switch (mr) {
    case 1: tiles1x8(count, panels, a, b, kc, y, toZ, rowBytes, bias, flags); return;
    case 2: tiles2x8(count, panels, a, b, kc, y, toZ, rowBytes, bias, flags); return;
    case 3: tiles3x8(count, panels, a, b, kc, y, toZ, rowBytes, bias, flags); return;
    case 4: tiles4x8(count, panels, a, b, kc, y, toZ, rowBytes, bias, flags); return;
    default: if (MR >= 6) tiles6x8(count, panels, a, b, kc, y, toZ, rowBytes, bias, flags);
  }
}

function tiles1x8(count: u32, panels: u32, a: usize, b: usize, kc: u32, y: usize, toZ: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tilesOf(1, count, panels, a, b, kc, y, toZ, rowBytes, bias, flags);
}
function tiles2x8(count: u32, panels: u32, a: usize, b: usize, kc: u32, y: usize, toZ: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tilesOf(2, count, panels, a, b, kc, y, toZ, rowBytes, bias, flags);
}
function tiles3x8(count: u32, panels: u32, a: usize, b: usize, kc: u32, y: usize, toZ: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tilesOf(3, count, panels, a, b, kc, y, toZ, rowBytes, bias, flags);
}
function tiles4x8(count: u32, panels: u32, a: usize, b: usize, kc: u32, y: usize, toZ: usize, rowBytes: usize, bias: usize, flags: u32): void {
  tilesOf(4, count, panels, a, b, kc, y, toZ, rowBytes, bias, flags);
}

/**
 * The body of tiles of up to four rows: mr is a constant at every call, so rows beyond it fold away.
 * The loop over inner tests at its end and, of four rows, its first turn stands before it, for V8's sake: it unrolls such a loop
 * three times, and keeps the addresses of a's rows, which it cannot fold into a splat's load, from the first turn on. Else it makes
 * them anew in each turn. Tiles of fewer rows have few addresses, and wait for their sums anyway.
 */
// @ts-ignore: decorator
@inline
function tilesOf(
  mr: u32,
  count: u32,
  panels: u32,
  a: usize,
  b: usize,
  kc: u32,
  y: usize,
  toZ: usize,
  rowBytes: usize,
  bias: usize,
  flags: u32,
): void {
  const zero = f32x4.splat(0);
  const panelBytes = <usize>kc << 5;
  for (; panels; --panels) {
    const end = b + panelBytes;
    let at = a, row = y;
    for (let left = count; left; --left) {
      let y00 = zero, y01 = zero, y10 = zero, y11 = zero, y20 = zero, y21 = zero;
      let y30 = zero, y31 = zero;
      let p = b;
      if (kc) {
        if (mr > 3) {
          const b0 = v128.load(p), b1 = v128.load(p, 16);
          const a0 = v128.load32_splat(at);
          y00 = madd(a0, b0, y00), y01 = madd(a0, b1, y01);
          const a1 = v128.load32_splat(at, 4);
          y10 = madd(a1, b0, y10), y11 = madd(a1, b1, y11);
          const a2 = v128.load32_splat(at, 8);
          y20 = madd(a2, b0, y20), y21 = madd(a2, b1, y21);
          const a3 = v128.load32_splat(at, 12);
          y30 = madd(a3, b0, y30), y31 = madd(a3, b1, y31);
          p += 32, at += <usize>mr << 2;
        }
        if (mr < 4 || p != end) do {
          const b0 = v128.load(p), b1 = v128.load(p, 16);
          const a0 = v128.load32_splat(at);
          y00 = madd(a0, b0, y00), y01 = madd(a0, b1, y01);
          if (mr > 1) { const a1 = v128.load32_splat(at, 4); y10 = madd(a1, b0, y10), y11 = madd(a1, b1, y11); }
          if (mr > 2) { const a2 = v128.load32_splat(at, 8); y20 = madd(a2, b0, y20), y21 = madd(a2, b1, y21); }
          if (mr > 3) { const a3 = v128.load32_splat(at, 12); y30 = madd(a3, b0, y30), y31 = madd(a3, b1, y31); }
          p += 32, at += <usize>mr << 2;
        } while (p != end);
      }
      finish(y00, y01, row, toZ, bias, flags), row += rowBytes;
      if (mr > 1) finish(y10, y11, row, toZ, bias, flags), row += rowBytes;
      if (mr > 2) finish(y20, y21, row, toZ, bias, flags), row += rowBytes;
      if (mr > 3) finish(y30, y31, row, toZ, bias, flags), row += rowBytes;
    }
    b = end, y += 32;
    if (bias) bias += 32;
  }
}

/**
 * The same for one row and three panels, panelBytes apart: y, z and bias are rows of 24. tile1x8 has two sums and waits for
 * each multiply-add; with six, 1 x 512 x 512 takes 12 µs and not 28 (Node 26, Zen 5).
 */
export function tile1x24(a: usize, b: usize, panelBytes: usize, kc: u32, y: usize, toZ: usize, bias: usize, flags: u32): void {
  const zero = f32x4.splat(0);
  let y0 = zero, y1 = zero, y2 = zero, y3 = zero, y4 = zero, y5 = zero;
  let b2 = b + panelBytes * 2;
  for (const end = b + (<usize>kc << 5); b != end; b += 32, b2 += 32, a += 4) {
    const a0 = v128.load32_splat(a);
    y0 = madd(a0, v128.load(b), y0), y1 = madd(a0, v128.load(b, 16), y1);
    y2 = madd(a0, v128.load(b + panelBytes), y2), y3 = madd(a0, v128.load(b + panelBytes, 16), y3);
    y4 = madd(a0, v128.load(b2), y4), y5 = madd(a0, v128.load(b2, 16), y5);
  }
  finish(y0, y1, y, toZ, bias, flags);
  finish(y2, y3, y + 32, toZ, bias ? bias + 32 : 0, flags);
  finish(y4, y5, y + 64, toZ, bias ? bias + 64 : 0, flags);
}

/** The same for four panels: rows of 32. */
export function tile1x32(a: usize, b: usize, panelBytes: usize, kc: u32, y: usize, toZ: usize, bias: usize, flags: u32): void {
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
  finish(y0, y1, y, toZ, bias, flags);
  finish(y2, y3, y + 32, toZ, bias ? bias + 32 : 0, flags);
  finish(y4, y5, y + 64, toZ, bias ? bias + 64 : 0, flags);
  finish(y6, y7, y + 96, toZ, bias ? bias + 96 : 0, flags);
}
