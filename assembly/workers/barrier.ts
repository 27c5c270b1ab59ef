/**
 * All ranks of a team meet: arrive, then wait until the last one has come (layout: TEAM_* in abi.ts). Waiting spins first
 * (two threads that both run need 0.2 to 0.7 µs), then sleeps on a futex (12 to 100 µs). No wait is endless: rank 0 gives
 * a team up that shows no sign of life for five seconds, and the others then leave too.
 */
import {
  TEAM_ARRIVED,
  TEAM_CALLER_SLEEPS,
  TEAM_HEARTBEATS,
  TEAM_HEARTBEAT_STRIDE,
  TEAM_LOST,
  TEAM_MEETING,
  TEAM_MEETING_SLEEPERS,
  TEAM_SPINS,
  TEAM_SPINS_PER_TICK,
} from "../abi";

const TICK_NANOSECONDS: i64 = 100000000;
/** Ticks without a heartbeat after which a team is lost. */
const LOST_TICKS: u32 = 50;

/** A sign of life: one store to the rank's own line. */
// @ts-ignore: decorator
@inline
export function beat(block: usize, rank: u32): void {
  const at = block + TEAM_HEARTBEATS + <usize>rank * TEAM_HEARTBEAT_STRIDE;
  store<u32>(at, load<u32>(at) + 1);
}

/** False if the team is lost. */
export function barrier(block: usize, rank: u32, team: u32): bool {
  const meeting = atomic.load<u32>(block + TEAM_MEETING);
  if (atomic.add<u32>(block + TEAM_ARRIVED, 1) + 1 == team) {
    atomic.store<u32>(block + TEAM_ARRIVED, 0);
    atomic.store<u32>(block + TEAM_MEETING, meeting + 1);
    if (atomic.load<u32>(block + TEAM_MEETING_SLEEPERS) != 0) atomic.notify(block + TEAM_MEETING, -1);
    return true;
  }
  const spins = load<u32>(block, TEAM_SPINS);
  for (let i: u32 = 0; i < spins; i++) if (atomic.load<u32>(block + TEAM_MEETING) != meeting) return true;
  return waitLong(block, rank, team, meeting);
}

function waitLong(block: usize, rank: u32, team: u32, meeting: u32): bool {
  let beats = heartbeats(block, team);
  let idle: u32 = 0;
  while (atomic.load<u32>(block + TEAM_MEETING) == meeting) {
    if (atomic.load<u32>(block + TEAM_LOST) != 0) return false;
    if (rank == 0 && load<u32>(block, TEAM_CALLER_SLEEPS) == 0) spinTick(block, meeting);
    else sleepTick(block, meeting);
    if (rank != 0) continue;
    const now = heartbeats(block, team);
    idle = now == beats ? idle + 1 : 0;
    beats = now;
    if (idle >= LOST_TICKS) {
      atomic.store<u32>(block + TEAM_LOST, 1);
      atomic.notify(block + TEAM_MEETING, -1);
      return false;
    }
  }
  return true;
}

function sleepTick(block: usize, meeting: u32): void {
  atomic.add<u32>(block + TEAM_MEETING_SLEEPERS, 1);
  atomic.wait<i32>(block + TEAM_MEETING, meeting, TICK_NANOSECONDS);
  atomic.sub<u32>(block + TEAM_MEETING_SLEEPERS, 1);
}

function spinTick(block: usize, meeting: u32): void {
  const turns = load<u32>(block, TEAM_SPINS_PER_TICK);
  for (let i: u32 = 0; i < turns; i++) if (atomic.load<u32>(block + TEAM_MEETING) != meeting) return;
}

function heartbeats(block: usize, team: u32): u32 {
  let sum: u32 = 0;
  for (let rank: u32 = 0; rank < team; rank++) sum += atomic.load<u32>(block + TEAM_HEARTBEATS + <usize>rank * TEAM_HEARTBEAT_STRIDE);
  return sum;
}
