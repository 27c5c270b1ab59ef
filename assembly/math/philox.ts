/**
 * Philox4x32-10, counter-based random bits (Salmon, Moraes, Dror & Shaw 2011): a block of four words is a function of a counter
 * and a key and of nothing else, so any share of an array can be filled by anybody, in any order.
 * Here key = (seed low, seed high), counter = (block, step, stream, run), and element 4 block + j of an array takes word j.
 */
const MULTIPLIER_0: i32 = 0xd2511f53;
const MULTIPLIER_1: i32 = 0xcd9e8d57;
const WEYL_0: i32 = 0x9e3779b9; // golden ratio
const WEYL_1: i32 = 0xbb67ae85; // sqrt(3) - 1

/** High words of the four 64-bit products in two halves. The low ones are made anew: multiplying leaves the units that shuffle free. */
// @ts-ignore: decorator
@inline
function high(first: v128, second: v128): v128 {
  return v128.shuffle<i32>(first, second, 1, 3, 5, 7);
}

/**
 * y = the words of blocks block .. block + 3, in order; one block per lane until the end, then transposed.
 * y: u32[16], 16-byte aligned.
 */
export function philox(y: usize, block: u32, step: u32, stream: u32, run: u32, keyLow: u32, keyHigh: u32): void {
  const multiplier0 = i32x4.splat(MULTIPLIER_0);
  const multiplier1 = i32x4.splat(MULTIPLIER_1);
  const weyl0 = i32x4.splat(WEYL_0);
  const weyl1 = i32x4.splat(WEYL_1);
  let c0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  let c1 = i32x4.splat(step);
  let c2 = i32x4.splat(stream);
  let c3 = i32x4.splat(run);
  let k0 = i32x4.splat(keyLow);
  let k1 = i32x4.splat(keyHigh);
  for (let round = 0; round < 10; round++) {
    const first0 = i64x2.extmul_low_i32x4_u(c0, multiplier0);
    const second0 = i64x2.extmul_high_i32x4_u(c0, multiplier0);
    const first1 = i64x2.extmul_low_i32x4_u(c2, multiplier1);
    const second1 = i64x2.extmul_high_i32x4_u(c2, multiplier1);
    const n0 = v128.xor(v128.xor(high(first1, second1), c1), k0);
    c1 = i32x4.mul(c2, multiplier1);
    c2 = v128.xor(v128.xor(high(first0, second0), c3), k1);
    c3 = i32x4.mul(c0, multiplier0);
    c0 = n0;
    k0 = i32x4.add(k0, weyl0);
    k1 = i32x4.add(k1, weyl1);
  }
  transpose(y, c0, c1, c2, c3);
}

/**
 * y = the words of blocks block .. block + 7, in order: two groups side by side, as one alone waits for its multiplications
 * (0.7 of the time; Node 26, Zen 5). y: u32[32], 16-byte aligned.
 */
export function philoxPair(y: usize, block: u32, step: u32, stream: u32, run: u32, keyLow: u32, keyHigh: u32): void {
  const multiplier0 = i32x4.splat(MULTIPLIER_0);
  const multiplier1 = i32x4.splat(MULTIPLIER_1);
  const weyl0 = i32x4.splat(WEYL_0);
  const weyl1 = i32x4.splat(WEYL_1);
  let c0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  let c1 = i32x4.splat(step);
  let c2 = i32x4.splat(stream);
  let c3 = i32x4.splat(run);
  let d0 = i32x4.add(i32x4.splat(block), i32x4(4, 5, 6, 7));
  let d1 = c1;
  let d2 = c2;
  let d3 = c3;
  let k0 = i32x4.splat(keyLow);
  let k1 = i32x4.splat(keyHigh);
  for (let round = 0; round < 10; round++) {
    let first0 = i64x2.extmul_low_i32x4_u(c0, multiplier0);
    let second0 = i64x2.extmul_high_i32x4_u(c0, multiplier0);
    let first1 = i64x2.extmul_low_i32x4_u(c2, multiplier1);
    let second1 = i64x2.extmul_high_i32x4_u(c2, multiplier1);
    const n0 = v128.xor(v128.xor(high(first1, second1), c1), k0);
    c1 = i32x4.mul(c2, multiplier1);
    c2 = v128.xor(v128.xor(high(first0, second0), c3), k1);
    c3 = i32x4.mul(c0, multiplier0);
    c0 = n0;
    first0 = i64x2.extmul_low_i32x4_u(d0, multiplier0);
    second0 = i64x2.extmul_high_i32x4_u(d0, multiplier0);
    first1 = i64x2.extmul_low_i32x4_u(d2, multiplier1);
    second1 = i64x2.extmul_high_i32x4_u(d2, multiplier1);
    const m0 = v128.xor(v128.xor(high(first1, second1), d1), k0);
    d1 = i32x4.mul(d2, multiplier1);
    d2 = v128.xor(v128.xor(high(first0, second0), d3), k1);
    d3 = i32x4.mul(d0, multiplier0);
    d0 = m0;
    k0 = i32x4.add(k0, weyl0);
    k1 = i32x4.add(k1, weyl1);
  }
  transpose(y, c0, c1, c2, c3);
  transpose(y + 64, d0, d1, d2, d3);
}

/** The first word of one block: where a single draw is wanted. */
export function philoxWord(block: u32, step: u32, stream: u32, run: u32, keyLow: u32, keyHigh: u32): u32 {
  for (let round = 0; round < 10; round++) {
    const product0 = <u64>block * <u64>(<u32>MULTIPLIER_0);
    const product1 = <u64>stream * <u64>(<u32>MULTIPLIER_1);
    block = <u32>(product1 >> 32) ^ step ^ keyLow;
    step = <u32>product1;
    stream = <u32>(product0 >> 32) ^ run ^ keyHigh;
    run = <u32>product0;
    keyLow += WEYL_0;
    keyHigh += WEYL_1;
  }
  return block;
}

/** Four blocks, one per lane, to y, one after the other. */
// @ts-ignore: decorator
@inline
function transpose(y: usize, c0: v128, c1: v128, c2: v128, c3: v128): void {
  const left01 = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5);
  const left23 = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5);
  const right01 = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7);
  const right23 = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<i64>(left01, left23, 0, 2));
  v128.store(y, v128.shuffle<i64>(left01, left23, 1, 3), 16);
  v128.store(y, v128.shuffle<i64>(right01, right23, 0, 2), 32);
  v128.store(y, v128.shuffle<i64>(right01, right23, 1, 3), 48);
}
