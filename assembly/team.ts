/**
 * How a team of ranks gets its work: rank 0 writes a job into the team block and takes its own part; workers stay in serve(),
 * parked between jobs, and never return to JavaScript while the runtime lives.
 */
import {
  STATUS_LOST,
  TEAM_CONTROL,
  TEAM_FROM,
  TEAM_JOB,
  TEAM_JOB_SLEEPERS,
  TEAM_LOST,
  TEAM_MEETING,
  TEAM_QUIT,
  TEAM_RANKS,
  TEAM_RECORDS,
  TEAM_SPINS,
  TEAM_TO,
} from "./abi";
import { runProgram } from "./interpreter";
import { resetClaims } from "./workers/claims";

/** Runs records [from, to) on `team` ranks, as rank 0, and returns STATUS_* when all of them have finished. */
export function runTeam(records: usize, control: usize, from: u32, to: u32, team: u32, block: usize): u32 {
  store<u32>(block, <u32>records, TEAM_RECORDS);
  store<u32>(block, <u32>control, TEAM_CONTROL);
  store<u32>(block, from, TEAM_FROM);
  store<u32>(block, to, TEAM_TO);
  store<u32>(block, team, TEAM_RANKS);
  resetClaims(block, team);
  announce(block);
  return runProgram(records, control, from, to, 0, team, block);
}

/** A worker's life, which every job of its team is for: wait for a job, do this rank's part, until the team quits or is lost. */
export function serve(block: usize, rank: u32, seen: u32): void {
  const spins = load<u32>(block, TEAM_SPINS);
  while (true) {
    for (let i: u32 = 0; i < spins && atomic.load<u32>(block + TEAM_JOB) == seen; i++) {}
    while (atomic.load<u32>(block + TEAM_JOB) == seen) {
      atomic.add<u32>(block + TEAM_JOB_SLEEPERS, 1);
      atomic.wait<i32>(block + TEAM_JOB, seen, -1);
      atomic.sub<u32>(block + TEAM_JOB_SLEEPERS, 1);
    }
    seen = atomic.load<u32>(block + TEAM_JOB);
    if (atomic.load<u32>(block + TEAM_QUIT) != 0 || atomic.load<u32>(block + TEAM_LOST) != 0) return;
    const team = load<u32>(block, TEAM_RANKS);
    const from = load<u32>(block, TEAM_FROM);
    const to = load<u32>(block, TEAM_TO);
    if (runProgram(load<u32>(block, TEAM_RECORDS), load<u32>(block, TEAM_CONTROL), from, to, rank, team, block) == STATUS_LOST) return;
  }
}

/** Wakes all workers so that they leave. */
export function dismiss(block: usize): void {
  atomic.store<u32>(block + TEAM_QUIT, 1);
  atomic.store<u32>(block + TEAM_LOST, 1);
  announce(block);
  atomic.notify(block + TEAM_MEETING, -1);
}

function announce(block: usize): void {
  atomic.add<u32>(block + TEAM_JOB, 1);
  if (atomic.load<u32>(block + TEAM_JOB_SLEEPERS) != 0) atomic.notify(block + TEAM_JOB, -1);
}

/** Turns of a spinning wait, for measuring how many make a tick. Returns the word it looked at. */
export function spinTurns(block: usize, turns: u32): u32 {
  let last: u32 = 0;
  for (let i: u32 = 0; i < turns; i++) last += atomic.load<u32>(block + TEAM_MEETING);
  return last;
}
