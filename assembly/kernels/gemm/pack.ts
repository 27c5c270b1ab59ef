/**
 * Packing: operands are copied into the order in which the tile reads them, so that the tile need not know strides (small.ts does).
 *
 * b, f32[inner, cols], as panels of 8 columns inside blocks of KC rows; the last panel is filled up with zeros:
 *   | block 0 (kc = 512)                           | block 1 (kc = the rest) ...
 *   | panel 0         | panel 1         | panel 2  |
 *   | k=0: 8  k=1: 8 ..  8 | k=0: 8 ...            |
 * a, one block of MC x KC, as tiles of mr rows, tile after tile:
 *   | k=0: mr  k=1: mr ...  k=kc-1: mr | next tile
 */
import { KC, MR, NR, tileRows } from "./blocking";

/**
 * Panels of columns side by side that are copied at once. Panels of 128 inner or a multiple are so far apart that all their lines have
 * the same place in the first cache: with all of 98 panels 128 x 784 took 48 µs, with 8 of them 7.5; 784 x 512 took 134 and 36
 * (Node 26, Zen 5).
 */
const SIDE_BY_SIDE: u32 = 8;

/**
 * packed = panels [begin, end) of b.
 * b: f32[inner, cols] at innerStride and colStride bytes, 4-byte aligned. packed: f32[ceil(cols / 8) * 8 * inner]. `=`
 */
export function packB(b: usize, packed: usize, inner: u32, cols: u32, innerStride: usize, colStride: usize, begin: u32, end: u32): void {
  const panels = (cols + NR - 1) / NR;
  if (end > panels) end = panels;
  // A panel through all blocks before the next one: columns that run along inner are read in one go, which memory fetches ahead.
  while (begin < end) {
    const copied = colStride == 4 ? min(min(end, cols / NR) - begin, SIDE_BY_SIDE) : 0;
    for (let k: u32 = 0; k < inner; k += KC) {
      const kc = min(KC, inner - k);
      const from = b + <usize>k * innerStride + <usize>(begin * NR) * colStride;
      const to = packed + (((<usize>k * panels + <usize>begin * kc) * NR) << 2);
      if (copied) copyPanels(from, innerStride, kc, to, copied);
      else packLines(from, colStride, innerStride, kc, min(NR, cols - begin * NR), to, NR);
    }
    begin += max(copied, 1);
  }
}

/**
 * packed = rows x kc of a in tiles.
 * a: address of the block's first element, at rowStride and innerStride bytes. packed: f32[rows * kc]. `=`
 */
export function packA(a: usize, rowStride: usize, innerStride: usize, rows: u32, kc: u32, packed: usize): void {
  while (rows) {
    const mr = tileRows(rows);
    if (MR == 6 && mr == 6 && rowStride == 4) copy6(a, innerStride, kc, packed);
    else packLines(a, rowStride, innerStride, kc, mr, packed, mr);
    a += <usize>mr * rowStride;
    packed += (<usize>mr * kc) << 2;
    rows -= mr;
  }
}

/** Interleaves `lines` lines (columns of b, rows of a) of kc elements: to[k, line], f32[kc, width]; zeros beyond the lines. */
export function packLines(from: usize, lineStride: usize, innerStride: usize, kc: u32, lines: u32, to: usize, width: u32): void {
  let line: u32 = 0;
  for (; line + 4 <= lines; line += 4)
    pack4(
      from + <usize>line * lineStride, lineStride, 2 * lineStride, 3 * lineStride, innerStride, kc, to + ((<usize>line) << 2), (<usize>width) << 2,
    );
  if (line + 2 <= lines) {
    pack2(from + <usize>line * lineStride, lineStride, innerStride, kc, to + ((<usize>line) << 2), (<usize>width) << 2);
    line += 2;
  }
  if (line < lines) {
    pack1(from + <usize>line * lineStride, innerStride, kc, to + ((<usize>line) << 2), (<usize>width) << 2);
    ++line;
  }
  for (; line < width; ++line) {
    for (let k: u32 = 0, at = to + ((<usize>line) << 2); k < kc; ++k, at += (<usize>width) << 2) store<f32>(at, 0);
  }
}

/** Four lines, the last three so many bytes past the first: transposed in registers when they run along inner, copied when side by side. */
export function pack4(from: usize, second: usize, third: usize, fourth: usize, innerStride: usize, kc: u32, to: usize, step: usize): void {
  if (innerStride == 4) {
    for (; kc >= 4; kc -= 4, from += 16) {
      const l0 = v128.load(from);
      const l1 = v128.load(from + second);
      const l2 = v128.load(from + third);
      const l3 = v128.load(from + fourth);
      const low01 = i8x16.shuffle(l0, l1, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
      const low23 = i8x16.shuffle(l2, l3, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
      const high01 = i8x16.shuffle(l0, l1, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
      const high23 = i8x16.shuffle(l2, l3, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
      v128.store(to, i8x16.shuffle(low01, low23, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
      v128.store(to + step, i8x16.shuffle(low01, low23, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
      v128.store(to + 2 * step, i8x16.shuffle(high01, high23, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
      v128.store(to + 3 * step, i8x16.shuffle(high01, high23, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
      to += 4 * step;
    }
  } else if (second == 4 && fourth == 12) {
    for (; kc; --kc, from += innerStride, to += step) v128.store(to, v128.load(from));
  }
  for (; kc; --kc, from += innerStride, to += step) {
    store<f32>(to, load<f32>(from));
    store<f32>(to, load<f32>(from + second), 4);
    store<f32>(to, load<f32>(from + third), 8);
    store<f32>(to, load<f32>(from + fourth), 12);
  }
}

/** Two lines. */
function pack2(from: usize, lineStride: usize, innerStride: usize, kc: u32, to: usize, step: usize): void {
  if (innerStride == 4) {
    for (; kc >= 4; kc -= 4, from += 16, to += 4 * step) {
      const l0 = v128.load(from);
      const l1 = v128.load(from + lineStride);
      const low = i8x16.shuffle(l0, l1, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
      const high = i8x16.shuffle(l0, l1, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
      v128.store_lane<u64>(to, low, 0);
      v128.store_lane<u64>(to + step, low, 1);
      v128.store_lane<u64>(to + 2 * step, high, 0);
      v128.store_lane<u64>(to + 3 * step, high, 1);
    }
  }
  for (; kc; --kc, from += innerStride, to += step) {
    store<f32>(to, load<f32>(from));
    store<f32>(to, load<f32>(from + lineStride), 4);
  }
}

/** One line. */
function pack1(from: usize, innerStride: usize, kc: u32, to: usize, step: usize): void {
  for (; kc; --kc, from += innerStride, to += step) store<f32>(to, load<f32>(from));
}

/** Six lines side by side, a whole tile: 128 x 64 x 32 with such an a takes 0.97 of the time (Node 26, Cascade Lake). */
function copy6(from: usize, innerStride: usize, kc: u32, to: usize): void {
  for (; kc; --kc, from += innerStride, to += 24) {
    v128.store(to, v128.load(from));
    store<u64>(to, load<u64>(from, 16), 16);
  }
}

/**
 * Whole panels of columns side by side, two rows at once, as two rows of a panel are one cache line: it is written in one go, and may
 * be pushed out of the first cache then.
 */
function copyPanels(from: usize, innerStride: usize, kc: u32, to: usize, panels: u32): void {
  const panelBytes = (<usize>kc) << 5;
  for (; kc >= 2; kc -= 2, from += 2 * innerStride, to += 64) {
    let at = from, p = to;
    const end = from + ((<usize>panels) << 5);
    do {
      v128.store(p, v128.load(at));
      v128.store(p, v128.load(at, 16), 16);
      v128.store(p, v128.load(at + innerStride), 32);
      v128.store(p, v128.load(at + innerStride, 16), 48);
      at += 32, p += panelBytes;
    } while (at != end);
  }
  if (!kc) return;
  for (; panels; --panels, from += 32, to += panelBytes) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
  }
}
