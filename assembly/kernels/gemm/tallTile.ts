/**
 * The tallest register tile, 6 x 8, for engines that fuse: 12 sums, 2 vectors of b and 1 of a are the 15 registers that V8 has.
 *
 * One turn over inner has twelve multiply-adds: six cycles of a core that starts two of them a cycle, and four instructions in all. So
 * 24 instructions are free, 20 are the turn itself, and what the loop adds decides. Four turns share one loop: 22.3 instructions each.
 * With one turn, which V8 unrolls three times with a test in each, it was 24, and 256 to 1024 square took 1.02 to 1.03 of the time.
 * The turns must stay apart: where Binaryen brought the four products of a sum together, registers ran out and it was 29
 * (Node 26, Cascade Lake).
 */
import { inOrder } from "../../math/inOrder";
import { madd } from "../../math/lanes";
import { finish, store8 } from "./tileEnd";

/**
 * As tiles() of tile.ts says, with mr = 6. One to four turns come first, so that fours are left: in the first one V8 makes the addresses
 * of a's rows, which it cannot fold into a splat's load, and keeps them.
 */
export function tiles6x8(count: u32, panels: u32, a: usize, b: usize, kc: u32, y: usize, toZ: usize, rowBytes: usize, bias: usize, flags: u32): void {
  const zero = f32x4.splat(0);
  const isBare = !(flags | <u32>bias | <u32>toZ);
  const panelBytes = <usize>kc << 5;
  const firstBytes = <usize>(((kc - 1) & 3) + 1) << 5;
  for (; panels; --panels) {
    const end = b + panelBytes;
    let at = a, row = y;
    for (let left = count; left; --left) {
      let y00 = zero, y01 = zero, y10 = zero, y11 = zero, y20 = zero, y21 = zero;
      let y30 = zero, y31 = zero, y40 = zero, y41 = zero, y50 = zero, y51 = zero;
      let p = b;
      if (kc) {
        let b0: v128, b1: v128, ai: v128;
        const first = p + firstBytes;
        do {
          b0 = v128.load(p), b1 = v128.load(p, 16);
          ai = v128.load32_splat(at), y00 = madd(ai, b0, y00), y01 = madd(ai, b1, y01);
          ai = v128.load32_splat(at, 4), y10 = madd(ai, b0, y10), y11 = madd(ai, b1, y11);
          ai = v128.load32_splat(at, 8), y20 = madd(ai, b0, y20), y21 = madd(ai, b1, y21);
          ai = v128.load32_splat(at, 12), y30 = madd(ai, b0, y30), y31 = madd(ai, b1, y31);
          ai = v128.load32_splat(at, 16), y40 = madd(ai, b0, y40), y41 = madd(ai, b1, y41);
          ai = v128.load32_splat(at, 20), y50 = madd(ai, b0, y50), y51 = madd(ai, b1, y51);
          p += 32, at += 24;
        } while (p != first);
        if (p != end) do {
          b0 = v128.load(p), b1 = v128.load(p, 16);
          ai = v128.load32_splat(at), y00 = next(ai, b0, y00), y01 = next(ai, b1, y01);
          ai = v128.load32_splat(at, 4), y10 = next(ai, b0, y10), y11 = next(ai, b1, y11);
          ai = v128.load32_splat(at, 8), y20 = next(ai, b0, y20), y21 = next(ai, b1, y21);
          ai = v128.load32_splat(at, 12), y30 = next(ai, b0, y30), y31 = next(ai, b1, y31);
          ai = v128.load32_splat(at, 16), y40 = next(ai, b0, y40), y41 = next(ai, b1, y41);
          ai = v128.load32_splat(at, 20), y50 = next(ai, b0, y50), y51 = next(ai, b1, y51);
          at += 24;
          b0 = v128.load(p, 32), b1 = v128.load(p, 48);
          ai = v128.load32_splat(at), y00 = next(ai, b0, y00), y01 = next(ai, b1, y01);
          ai = v128.load32_splat(at, 4), y10 = next(ai, b0, y10), y11 = next(ai, b1, y11);
          ai = v128.load32_splat(at, 8), y20 = next(ai, b0, y20), y21 = next(ai, b1, y21);
          ai = v128.load32_splat(at, 12), y30 = next(ai, b0, y30), y31 = next(ai, b1, y31);
          ai = v128.load32_splat(at, 16), y40 = next(ai, b0, y40), y41 = next(ai, b1, y41);
          ai = v128.load32_splat(at, 20), y50 = next(ai, b0, y50), y51 = next(ai, b1, y51);
          at += 24;
          b0 = v128.load(p, 64), b1 = v128.load(p, 80);
          ai = v128.load32_splat(at), y00 = next(ai, b0, y00), y01 = next(ai, b1, y01);
          ai = v128.load32_splat(at, 4), y10 = next(ai, b0, y10), y11 = next(ai, b1, y11);
          ai = v128.load32_splat(at, 8), y20 = next(ai, b0, y20), y21 = next(ai, b1, y21);
          ai = v128.load32_splat(at, 12), y30 = next(ai, b0, y30), y31 = next(ai, b1, y31);
          ai = v128.load32_splat(at, 16), y40 = next(ai, b0, y40), y41 = next(ai, b1, y41);
          ai = v128.load32_splat(at, 20), y50 = next(ai, b0, y50), y51 = next(ai, b1, y51);
          at += 24;
          b0 = v128.load(p, 96), b1 = v128.load(p, 112);
          ai = v128.load32_splat(at), y00 = next(ai, b0, y00), y01 = next(ai, b1, y01);
          ai = v128.load32_splat(at, 4), y10 = next(ai, b0, y10), y11 = next(ai, b1, y11);
          ai = v128.load32_splat(at, 8), y20 = next(ai, b0, y20), y21 = next(ai, b1, y21);
          ai = v128.load32_splat(at, 12), y30 = next(ai, b0, y30), y31 = next(ai, b1, y31);
          ai = v128.load32_splat(at, 16), y40 = next(ai, b0, y40), y41 = next(ai, b1, y41);
          ai = v128.load32_splat(at, 20), y50 = next(ai, b0, y50), y51 = next(ai, b1, y51);
          p += 128, at += 24;
        } while (p != end);
      }
      if (isBare) {
        store8(row, y00, y01), row += rowBytes;
        store8(row, y10, y11), row += rowBytes;
        store8(row, y20, y21), row += rowBytes;
        store8(row, y30, y31), row += rowBytes;
        store8(row, y40, y41), row += rowBytes;
        store8(row, y50, y51), row += rowBytes;
        continue;
      }
      finish(y00, y01, row, toZ, bias, flags), row += rowBytes;
      finish(y10, y11, row, toZ, bias, flags), row += rowBytes;
      finish(y20, y21, row, toZ, bias, flags), row += rowBytes;
      finish(y30, y31, row, toZ, bias, flags), row += rowBytes;
      finish(y40, y41, row, toZ, bias, flags), row += rowBytes;
      finish(y50, y51, row, toZ, bias, flags), row += rowBytes;
    }
    b = end, y += 32;
    if (bias) bias += 32;
  }
}

/** The sum with one more product, made here and not where the next turn needs it. */
// @ts-ignore: decorator
@inline
function next(a: v128, b: v128, sum: v128): v128 {
  return inOrder(madd(a, b, sum));
}
