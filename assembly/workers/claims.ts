/**
 * Who does which part of an op that is cut finer than one share a rank: each rank takes from its own share first, in pieces
 * that get smaller, and then what others have not come to. Cores of a shared machine run at changing speeds, and a meeting
 * waits for the slowest; the bits are the same whoever does a part.
 */
import { TEAM_CLAIMS, TEAM_HEARTBEATS, TEAM_HEARTBEAT_STRIDE } from "../abi";

/** The parts that a rank's share began with, over all ops of the job so far, and that somebody has taken: one word a rank. */
// @ts-ignore: decorator
@inline
function wordOf(block: usize, rank: u32): usize {
  return block + TEAM_HEARTBEATS + <usize>rank * TEAM_HEARTBEAT_STRIDE + TEAM_CLAIMS;
}

/** Nothing is taken: before a job. */
export function resetClaims(block: usize, team: u32): void {
  for (let rank: u32 = 0; rank < team; rank++) atomic.store<u32>(wordOf(block, rank), 0);
}

/**
 * Takes one or more of the parts [base, base + parts) of `owner`. Returns the first one, counted from base, plus how many
 * there are << 16; 0 if none is left. The owner takes half of what is left, a power of two that divides the first one, so
 * that they are one part of a coarser cut; others take one.
 */
export function claim(block: usize, owner: u32, base: u32, parts: u32, isOwn: bool): u32 {
  const word = wordOf(block, owner);
  while (true) {
    const seen = atomic.load<u32>(word);
    // Ops of a dropped branch have left their parts behind.
    const first = max(seen, base) - base;
    if (first >= parts) return 0;
    const count = isOwn ? ownCount(first, parts) : 1;
    if (atomic.cmpxchg<u32>(word, seen, base + first + count) == seen) return first | (count << 16);
  }
}

function ownCount(first: u32, parts: u32): u32 {
  let count: u32 = parts >> 1;
  while (count > 1 && ((first & (count - 1)) != 0 || count > (parts - first) >> 1)) count >>= 1;
  return max(count, 1);
}
