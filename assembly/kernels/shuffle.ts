/** The order of an epoch's rows, drawn where it is read: shuffleInto of src/random.ts, with the same bits in an eighth of the time. */
import { philoxPair } from "../math/philox";

/** Words of eight blocks. */
const WORDS: u32 = 32;

/**
 * order = 0 to count - 1 in random order, each equally likely (Fisher & Yates, from the end); as they are if words is 0.
 * order: u32[count]. words: u32[32], 16-byte aligned, overwritten.
 */
export function shuffle(order: usize, count: u32, words: usize, seedLow: u32, seedHigh: u32, stream: u32, run: u32, step: u32): void {
  for (let i: u32 = 0; i < count; i++) store<u32>(order + ((<usize>i) << 2), i);
  if (words == 0 || count == 0) return;
  let used: u32 = WORDS;
  let block: u32 = 0;
  for (let i = count - 1; i > 0; i--) {
    const n = i + 1;
    let word: u32, rest: u32;
    do {
      if (used == WORDS) {
        philoxPair(words, block, step, stream, run, seedLow, seedHigh);
        block += WORDS / 4;
        used = 0;
      }
      word = load<u32>(words + ((<usize>used) << 2));
      used++;
      rest = word % n;
    } while (word - rest > 0 - n); // words that would favour small numbers are drawn again; 0 - n is 2^32 - n
    const here = order + ((<usize>i) << 2);
    const there = order + ((<usize>rest) << 2);
    const kept = load<u32>(here);
    store<u32>(here, load<u32>(there));
    store<u32>(there, kept);
  }
}
