/**
 * Masks drawn anew in each step, of elements and of whole branches. What is drawn for element e depends on seed, stream, step, run
 * and e alone (math/philox.ts), so shares make no difference. Seed, run and step are those of the control block.
 *
 * A draw has 32 bits, but its highest byte decides unless it equals the threshold's: element e takes byte e & 15 of block e >> 4, and
 * on a tie, once in 256, the low three bytes of word 0 of block TIES + e. Elements that share a word make masks cheap.
 */
import { CONTROL_RUN, CONTROL_SEED_HIGH, CONTROL_SEED_LOW, CONTROL_STEP } from "../abi";
import { madd } from "../math/lanes";
import { philoxPair, philoxWord } from "../math/philox";

/** Blocks from here on hold what a tie asks for: those of the elements' bytes are below. */
const TIES: u32 = 0x80000000;

/** The bits of a threshold that decide a tie. */
const BELOW: u32 = 0xffffff;

/** Bytes of x whose draws are made at once: 128 elements. */
const PAIR: usize = 512;

/**
 * One draw for the whole step: whether word 0 of the stream is below threshold, the probability times 2^32. Every rank comes to
 * the same answer.
 */
export function isDrawn(control: usize, stream: u32, threshold: u32): bool {
  return wordAt(control, stream, 0) < threshold;
}

/** Word 0 of a block of the step. */
function wordAt(control: usize, stream: u32, block: u32): u32 {
  const seedLow = load<u32>(control, CONTROL_SEED_LOW);
  const seedHigh = load<u32>(control, CONTROL_SEED_HIGH);
  return philoxWord(block, load<u32>(control, CONTROL_STEP), stream, load<u32>(control, CONTROL_RUN), seedLow, seedHigh);
}

/**
 * y = draw >= threshold ? x scale : 0: a dropped element is +0 even if x is not finite. mask, if asked for: the factors, 0 or scale.
 * threshold: probability of a drop times 2^32. x, y, mask: f32[n], 16-byte aligned; mask may be 0, for none; y may be x, or mask, which
 * then is what it holds. Pads are written too. begin, end: this share in bytes, multiples of 64. scratch: 128 bytes, 16-byte aligned.
 */
export function dropout(
  x: usize, y: usize, mask: usize, control: usize, stream: u32, threshold: u32, scale: f32, scratch: usize, begin: usize, end: usize,
): void {
  const seedLow = load<u32>(control, CONTROL_SEED_LOW), seedHigh = load<u32>(control, CONTROL_SEED_HIGH);
  const step = load<u32>(control, CONTROL_STEP), run = load<u32>(control, CONTROL_RUN);
  while (begin < end) {
    const last = min(begin + PAIR, end);
    philoxPair(scratch, <u32>(begin >> 6), step, stream, run, seedLow, seedHigh);
    const factor = f32x4.splat(scale), high = i8x16.splat(<i8>(threshold >> 24));
    for (let drawn = scratch; begin < last; begin += 64, drawn += 16) {
      const byte = v128.load(drawn), ties = i8x16.bitmask(i8x16.eq(byte, high));
      let isKept = i8x16.ge_u(byte, high);
      if (ties) isKept = settle(drawn, isKept, ties, control, stream, threshold, <u32>(begin >> 2));
      const first = firstBytes(isKept), rest = lastBytes(isKept);
      const kept0 = firstHalves(first), kept1 = lastHalves(first), kept2 = firstHalves(rest), kept3 = lastHalves(rest);
      const from = x + begin, to = y + begin;
      v128.store(to, v128.and(f32x4.mul(v128.load(from), factor), kept0));
      v128.store(to, v128.and(f32x4.mul(v128.load(from, 16), factor), kept1), 16);
      v128.store(to, v128.and(f32x4.mul(v128.load(from, 32), factor), kept2), 32);
      v128.store(to, v128.and(f32x4.mul(v128.load(from, 48), factor), kept3), 48);
      if (mask == 0) continue;
      const at = mask + begin;
      v128.store(at, v128.and(factor, kept0)), v128.store(at, v128.and(factor, kept1), 16);
      v128.store(at, v128.and(factor, kept2), 32), v128.store(at, v128.and(factor, kept3), 48);
    }
  }
}

/**
 * mask = draw >= threshold ? scale : 0, y = x mask + (kept ? shift : dropped): a dropped element is `dropped` even if x is not finite.
 * All as dropout's, but the mask is always asked for. scale > 0.
 */
export function alphaDropout(
  x: usize, y: usize, mask: usize, control: usize, stream: u32, threshold: u32, scale: f32, shift: f32, dropped: f32,
  scratch: usize, begin: usize, end: usize,
): void {
  dropout(x, mask, mask, control, stream, threshold, scale, scratch, begin, end);
  const added = f32x4.splat(shift), instead = f32x4.splat(dropped);
  for (; begin < end; begin += 16) {
    const factor = v128.load(mask + begin), isDropped = f32x4.eq(factor, f32x4.splat(0));
    v128.store(y + begin, v128.bitselect(instead, madd(v128.load(x + begin), factor, added), isDropped));
  }
}

/** isKept with the ties, a bit each, of 16 elements from e on decided. bytes: 16 that may be written. */
function settle(bytes: usize, isKept: v128, ties: u32, control: usize, stream: u32, threshold: u32, e: u32): v128 {
  v128.store(bytes, isKept);
  for (; ties; ties &= ties - 1) {
    const lane = ctz(ties);
    const isAbove = (wordAt(control, stream, TIES + e + lane) & BELOW) >= (threshold & BELOW);
    store<u8>(bytes + lane, isAbove ? 0xff : 0);
  }
  return v128.load(bytes);
}

/** Lanes of 8 bits to lanes of 16, each twice its own: the first half of them, and the last. */
// @ts-ignore: decorator
@inline
function firstBytes(v: v128): v128 {
  return i8x16.shuffle(v, v, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
// @ts-ignore: decorator
@inline
function lastBytes(v: v128): v128 {
  return i8x16.shuffle(v, v, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** The same for lanes of 16 bits. */
// @ts-ignore: decorator
@inline
function firstHalves(v: v128): v128 {
  return v128.shuffle<i16>(v, v, 0, 8, 1, 9, 2, 10, 3, 11);
}
// @ts-ignore: decorator
@inline
function lastHalves(v: v128): v128 {
  return v128.shuffle<i16>(v, v, 4, 12, 5, 13, 6, 14, 7, 15);
}
