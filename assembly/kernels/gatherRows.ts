/** Rows picked by number: the batch of a step out of the data of a fit. */

/**
 * y[i, :] = x[indices[i], :], bit for bit. x, y: rows of `words` 4-byte words, 4-byte aligned, not overlapping; indices: u32.
 * begin, end: rows of y; nothing else is written. =
 */
export function gatherRows(x: usize, indices: usize, y: usize, words: u32, begin: u32, end: u32): void {
  const bytes = (<usize>words) << 2;
  for (let i = begin; i < end; i++) {
    const from = x + <usize>load<u32>(indices + ((<usize>i) << 2)) * bytes;
    const to = y + <usize>i * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) v128.store(to + at, v128.load(from + at));
    for (; at < bytes; at += 4) store<u32>(to + at, load<u32>(from + at));
  }
}
