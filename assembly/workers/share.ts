/**
 * The only place where work is divided: which part of an op a rank of the team does. Pure arithmetic, no memory.
 */

/** First unit of rank's share when `units` are divided evenly among `ranks`. */
// @ts-ignore: decorator
@inline
export function shareBegin(units: u32, rank: u32, ranks: u32): u32 {
  return ranks == 1 ? units * rank : <u32>((<u64>units * <u64>rank) / <u64>ranks);
}

/** One past the last unit of rank's share. */
// @ts-ignore: decorator
@inline
export function shareEnd(units: u32, rank: u32, ranks: u32): u32 {
  return shareBegin(units, rank + 1, ranks);
}

/** The same in bytes for `count` 4-byte elements, cut on 64-byte lines so that no two ranks write one line. */
// @ts-ignore: decorator
@inline
export function lineBegin(count: u32, rank: u32, ranks: u32): usize {
  return <usize>shareBegin((count + 15) >> 4, rank, ranks) << 6;
}

// @ts-ignore: decorator
@inline
export function lineEnd(count: u32, rank: u32, ranks: u32): usize {
  return lineBegin(count, rank + 1, ranks);
}

/** In elements: shares of `count` columns cut on lines of 16, the last one ending at count. */
// @ts-ignore: decorator
@inline
export function columnBegin(count: u32, rank: u32, ranks: u32): u32 {
  return min(shareBegin((count + 15) >> 4, rank, ranks) << 4, count);
}

// @ts-ignore: decorator
@inline
export function columnEnd(count: u32, rank: u32, ranks: u32): u32 {
  return columnBegin(count, rank + 1, ranks);
}
