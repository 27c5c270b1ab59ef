/** Mutants of what makes ranks a team: shares, barriers and their places, the parked workers, the guard, the probe. */
import { rows } from "./place.mjs";

const order = ["test/program/threadsOrder.test.ts"];
const threads = ["test/program/threadsLayers.test.ts", "test/runtime/teamStress.test.ts"];
const verify = ["test/program/verify.test.ts"];
const faults = ["test/runtime/faults.test.ts"];

export const mutants = rows([
  {
    file: "assembly/workers/share.ts",
    tests: [...order, ...threads],
    changes: [
      {
        name: "every share begins at 0",
        find: "(<u64>units * <u64>rank) / <u64>ranks",
        replace: "(<u64>units * <u64>rank) / <u64>ranks * 0",
      },
      {
        name: "the next rank's share",
        find: "(<u64>units * <u64>rank) / <u64>ranks",
        replace: "(<u64>units * <u64>(rank + 1)) / <u64>ranks",
      },
      {
        name: "shares end where they begin",
        find: "return shareBegin(units, rank + 1, ranks);",
        replace: "return shareBegin(units, rank, ranks);",
      },
      {
        name: "the last line is left out",
        find: "shareBegin((count + 15) >> 4, rank, ranks) << 6",
        replace: "shareBegin(count >> 4, rank, ranks) << 6",
      },
      {
        name: "shares of bytes end one line early",
        find: "return lineBegin(count, rank + 1, ranks);",
        replace: "return lineBegin(count, rank + 1, ranks) - 64;",
      },
      {
        name: "shares of columns pass the last one",
        find: "min(shareBegin((count + 15) >> 4, rank, ranks) << 4, count)",
        replace: "shareBegin((count + 15) >> 4, rank, ranks) << 4",
      },
      {
        name: "shares of columns overlap",
        find: "return columnBegin(count, rank + 1, ranks);",
        replace: "return min(columnBegin(count, rank + 1, ranks) + 16, count);",
      },
    ],
  },
  {
    file: "assembly/workers/claims.ts",
    tests: ["test/runtime/claims.test.ts"],
    changes: [
      {
        name: "parts are not given back for the next job",
        find: "atomic.store<u32>(wordOf(block, rank), 0);",
        replace: "{}",
        tests: threads,
      },
      { name: "one word for all shares", find: "+ <usize>rank * TEAM_HEARTBEAT_STRIDE + TEAM_CLAIMS", replace: "+ TEAM_CLAIMS" },
      { name: "an op left out keeps its parts", find: "max(seen, base) - base", replace: "seen - base" },
      { name: "a part too many", find: "if (first >= parts) return 0;", replace: "if (first > parts) return 0;" },
      { name: "an owner takes one part", find: "isOwn ? ownCount(first, parts) : 1", replace: "1" },
      { name: "others take what an owner would", find: "isOwn ? ownCount(first, parts) : 1", replace: "ownCount(first, parts)" },
      {
        name: "taken without looking again",
        find: "if (atomic.cmpxchg<u32>(word, seen, base + first + count) == seen) return",
        replace: "atomic.store<u32>(word, base + first + count);\n    return",
      },
      { name: "half of the share, wherever it begins", find: "(first & (count - 1)) != 0 ||", replace: "" },
      { name: "more than half of what is left", find: "count > (parts - first) >> 1", replace: "count > parts - first" },
    ],
  },
  {
    file: "assembly/workers/barrier.ts",
    tests: threads,
    changes: [
      { name: "nobody waits", find: "if (atomic.add<u32>(block + TEAM_ARRIVED, 1) + 1 == team) {", replace: "if (true) {" },
      { name: "all but one have come", find: "+ 1 == team) {", replace: "+ 2 == team) {" },
      { name: "who has come is not forgotten", find: "atomic.store<u32>(block + TEAM_ARRIVED, 0);", replace: "" },
      { name: "the meeting's number stays", find: "atomic.store<u32>(block + TEAM_MEETING, meeting + 1);", replace: "" },
      {
        name: "sleepers are not woken",
        find: "if (atomic.load<u32>(block + TEAM_MEETING_SLEEPERS) != 0) atomic.notify(block + TEAM_MEETING, -1);",
        replace: "",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "a rank that has slept leaves at once",
        find: "if (rank != 0) continue;",
        replace: "if (rank != 0) return true;",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "a lost team is waited for",
        find: "if (atomic.load<u32>(block + TEAM_LOST) != 0) return false;",
        replace: "",
        tests: ["test/runtime/barrier.test.ts"],
      },
      { name: "a team is never lost", find: "if (idle >= LOST_TICKS) {", replace: "if (false) {", tests: ["test/runtime/barrier.test.ts"] },
      {
        name: "heartbeats do not count",
        find: "idle = now == beats ? idle + 1 : 0;",
        replace: "idle++;",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "a beat on another rank's line",
        find: "<usize>rank * TEAM_HEARTBEAT_STRIDE;\n  store",
        replace: "<usize>(rank ^ 1) * TEAM_HEARTBEAT_STRIDE;\n  store",
        tests: ["test/runtime/barrier.test.ts"],
      },
      { name: "no beats", find: "store<u32>(at, load<u32>(at) + 1);", replace: "", tests: ["test/runtime/barrier.test.ts"] },
      {
        name: "the others are not told of a loss",
        find: "atomic.store<u32>(block + TEAM_LOST, 1);",
        replace: "",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "a page's rank 0 sleeps",
        find: "rank == 0 && load<u32>(block, TEAM_CALLER_SLEEPS) == 0",
        replace: "false",
        tests: ["test/runtime/barrier.test.ts"],
      },
    ],
  },
  {
    file: "assembly/team.ts",
    tests: threads,
    changes: [
      {
        name: "nobody is told of a job",
        find: "  announce(block);\n  return runProgram",
        replace: "  return runProgram",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "runTeam: runs from the first record",
        find: "store<u32>(block, from, TEAM_FROM);",
        replace: "store<u32>(block, 0, TEAM_FROM);",
      },
      {
        name: "serve: one rank more than there is",
        find: "const team = load<u32>(block, TEAM_RANKS);",
        replace: "const team = load<u32>(block, TEAM_RANKS) + 1;",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "serve: all are rank 1",
        find: "from, to, rank, team, block) == STATUS_LOST",
        replace: "from, to, 1, team, block) == STATUS_LOST",
      },
      {
        name: "serve: one job only",
        find: "to, rank, team, block) == STATUS_LOST) return;",
        replace: "to, rank, team, block) != 99) return;",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "serve: stays when dismissed",
        find: "if (atomic.load<u32>(block + TEAM_QUIT) != 0 || atomic.load<u32>(block + TEAM_LOST) != 0) return;",
        replace: "",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "sleepers do not hear of a job",
        find: "if (atomic.load<u32>(block + TEAM_JOB_SLEEPERS) != 0) atomic.notify(block + TEAM_JOB, -1);",
        replace: "",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "dismiss: those who wait at a barrier are not told",
        find: "  atomic.store<u32>(block + TEAM_LOST, 1);\n",
        replace: "",
        tests: ["test/runtime/barrier.test.ts"],
      },
      {
        name: "spinTurns: a sixteenth of them",
        find: "for (let i: u32 = 0; i < turns; i++) last",
        replace: "for (let i: u32 = 0; i < turns >> 4; i++) last",
        tests: ["test/runtime/spins.test.ts"],
      },
    ],
  },
  {
    file: "assembly/guard.ts",
    tests: ["test/model/nonFinite.test.ts", "test/model/clipLayerNorm.test.ts", "test/model/trajectories.test.ts"],
    changes: [
      {
        name: "never fails",
        find: "if (norm - norm == 0 && loss - loss == 0) return true;",
        replace: "if (norm == norm || norm != norm) return true;",
      },
      { name: "always fails", find: "if (norm - norm == 0 && loss - loss == 0) return true;", replace: "" },
      { name: "the loss is not asked", find: "norm - norm == 0 && loss - loss == 0", replace: "norm - norm == 0" },
      { name: "the gradients are not asked", find: "norm - norm == 0 && loss - loss == 0", replace: "loss - loss == 0" },
      { name: "infinity is finite", find: "norm - norm == 0 && loss - loss == 0", replace: "norm == norm && loss == loss" },
      { name: "the status is not written", find: "  atomic.store<u32>(control + CONTROL_STATUS, STATUS_NOT_FINITE);\n", replace: "" },
      { name: "the square of the norm", find: "sqrt<f64>(sumPieces(sums, pieces))", replace: "sumPieces(sums, pieces)" },
      {
        name: "gradients below the norm are scaled up",
        find: "<f32>min<f64>(1, max / (norm + 1e-6))",
        replace: "<f32>(max / (norm + 1e-6))",
      },
      { name: "no clipping", find: "<f32>min<f64>(1, max / (norm + 1e-6))", replace: "<f32>1" },
      {
        name: "the norm is not told",
        find: "  store<f32>(control, <f32>norm, CONTROL_GRADIENT_NORM);\n",
        replace: "",
        tests: ["test/kernels/guard.test.ts"],
      },
    ],
  },
  {
    file: "assembly/probe.ts",
    tests: ["test/model/model.test.ts", "test/runtime/probe.test.ts"],
    changes: [
      { name: "fused where it is not", find: "!= 0 ? 1 : 0", replace: "== 0 ? 1 : 0" },
      { name: "usesRelaxedSimd: the other binary", find: "ASC_FEATURE_RELAXED_SIMD ? 1 : 0", replace: "ASC_FEATURE_RELAXED_SIMD ? 0 : 1" },
    ],
  },
  {
    file: "src/program/encode.ts",
    tests: [...verify, ...order],
    changes: [
      { name: "no barriers", find: "if (needed) open = [];", replace: "if (needed) return false;" },
      { name: "no barrier after the guard", find: "(isShared && earlier.isGuard) ||", replace: "" },
      { name: "no barrier between a write and its reader", find: "(x.isWritten || y.isWritten)", replace: "(x.isWritten && y.isWritten)" },
      { name: "no barrier before a place is written again", find: "(x.isWritten || y.isWritten)", replace: "x.isWritten" },
      {
        name: "no barrier after what rank 0 does alone",
        find: "(isShared || earlier.isShared) &&",
        replace: "(isShared && earlier.isShared) &&",
      },
      { name: "no barrier before what rank 0 does alone", find: "(isShared || earlier.isShared) &&", replace: "isShared &&" },
      {
        name: "a barrier that a jump passes over counts",
        find: "if (before) open = [...new Set([...before, ...open])];",
        replace: "",
        tests: ["test/program/skips.test.ts"],
      },
      {
        name: "the first of two jumps to one place is forgotten",
        find: "[...(jumps.get(end) ?? []), ...open]",
        replace: "[...open]",
        tests: ["test/program/skips.test.ts"],
      },
      { name: "barriers are placed but not written", find: "barriers[index] ? abi.FLAG_BARRIER : 0", replace: "0" },
      {
        name: "sizes per row are written as numbers",
        find: "(count.perRow | abi.SIZE_PER_ROW) >>> 0",
        replace: "count.perRow",
        tests: ["test/model/trajectories.test.ts"],
      },
      {
        name: "constants are not written",
        find: "op.constants[name]!, true",
        replace: "0, true",
        tests: ["test/layers/golden.test.ts", "test/layers/dropout.test.ts"],
      },
      { name: "spans overlap by a record", find: "from = to;", replace: "from = to - 1;", tests: ["test/model/trajectories.test.ts"] },
      { name: "ranges are half as long", find: "operand.words(sizes) * 4", replace: "operand.words(sizes) * 2", tests: verify },
    ],
  },
  {
    file: "src/runtime/team.ts",
    tests: faults,
    changes: [
      {
        name: "a lost team is used again",
        find: 'if (status === abi.STATUS_LOST) this.#fail("a worker gave no sign of life for 5 s within a step");',
        replace: "",
      },
      { name: "a rank is missing", find: "Array.from({ length: ranks - 1 }", replace: "Array.from({ length: ranks - 2 }", tests: threads },
      { name: "two of rank 1", find: "this.#startRank(i + 1)", replace: "this.#startRank(1)", tests: threads },
      {
        name: "always one rank",
        find: 'this.state === "running" ? this.#parts.ranks : 1',
        replace: "1",
        tests: ["test/runtime/cost.test.ts"],
      },
      {
        name: "dismissed workers stay",
        find: "this.#parts.kernels.dismiss!(this.#block);",
        replace: "undefined;",
        equivalent:
          "Node ends a thread that is told to terminate even while it waits in wasm: the dismissal before it is for hosts that do not",
      },
    ],
  },
]);
