/**
 * `npm run bench:peers`: the tasks of tasks.mjs in every peer that is here, written to results/, by the name of the processor.
 * Each peer is a process of its own; within a task they take turns, so that a busy machine or a changing clock hits all of them,
 * and the least time is the figure. Peers that cannot run are named with the reason.
 * Flags: --only TASK,TASK, --peers WORD,WORD, --rounds 6, --seconds 0.5 (a peer's turn).
 * With --only the other tasks keep the results that they have, if they are of the same machine and Node.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeData } from "./data.mjs";
import * as processes from "./processes.mjs";
import { report, tableOf } from "./report.mjs";
import { tasks } from "./tasks.mjs";

const here = import.meta.dirname;
const root = join(here, "../..");
const folder = join(root, "build/peers");
/** Seconds of a whole training from which on it is not repeated: it needs no second run to be told from the others. */
const SLOW_FIT = 10;

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    peers: { type: "string", default: "" },
    rounds: { type: "string", default: "6" },
    seconds: { type: "string", default: "0.5" },
  },
});

const all = ["step", "predict", "fit"];
const peers = [
  { name: "whetstone", file: "whetstone", threads: 1, does: all },
  { name: "whetstone, 2 threads", file: "whetstone", threads: 2, does: all },
  { name: "jax-js wasm", file: "jax", threads: 1, does: all },
  { name: "jax-js wasm, dropout", file: "jax-dropout", threads: 1, does: all },
  { name: "tfjs wasm", file: "tfjs-wasm", threads: 1, does: all },
  { name: "tfjs cpu", file: "tfjs-cpu", threads: 1, does: all },
  { name: "brain.js", file: "brain", threads: 1, does: all, hasOwnWeights: true },
  { name: "onnxruntime-web", file: "onnxruntime", threads: 1, does: ["predict"] },
  { name: "PyTorch", file: "torch_peer.py", threads: 1, does: all, python: "torch" },
  { name: "PyTorch, 2 threads", file: "torch_peer.py", threads: 2, does: all, python: "torch" },
  { name: "scikit-learn", file: "sklearn_peer.py", threads: 1, does: all, python: "sklearn", hasOwnWeights: true },
];

const isChosen = ({ name, file }) =>
  flags.peers === "" || file === "whetstone" || flags.peers.split(",").some((word) => name.includes(word));
const isAble = (peer, { kind, dropout }) => isChosen(peer) && peer.does.includes(kind) && (dropout || peer.file !== "jax-dropout");
/** The first line of an error, without its class. */
const short = (error) =>
  /ModuleNotFound|ENOENT/.test(error)
    ? "not installed"
    : error
        .trim()
        .split("\n")[0]
        .replace(/^\w*Error: /, "")
        .slice(0, 120);

const mean = (numbers) => numbers.reduce((sum, v) => sum + v, 0) / numbers.length;

/** What the first steps show: losses that fall from one pass over the batches to the third, or outputs. */
function learning({ batches }, { hasOwnWeights }, { losses, outputs }) {
  if (outputs) return hasOwnWeights ? {} : { outputs };
  const passes = [0, 1, 2].map((pass) => mean(losses.slice(pass * batches, (pass + 1) * batches)));
  return { firstLoss: losses[0], lossFrom: passes[0], lossTo: losses.length > 1 ? passes[2] : undefined };
}

async function measureSteps(task, rounds, seconds) {
  const able = peers.filter((peer) => isAble(peer, task));
  const results = [];
  const running = [];
  for (const peer of able) {
    const result = { peer: peer.name, threads: peer.threads };
    results.push(result);
    const process = await processes.start(peer);
    result.versions = process.versions;
    const shown = process.error ? process : await process.ask({ prepare: task, folder });
    if (shown.error) result.note = short(shown.error);
    else Object.assign(result, learning(task, peer, shown));
    if (result.note) process.end();
    else running.push({ process, result, turns: [], isSlow: shown.losses?.length === 1 });
  }
  for (let round = 0; round <= rounds; round++) {
    for (const { process, result, turns, isSlow } of running) {
      if (isSlow && round !== Math.min(1, rounds)) continue; // its turn is a step of many seconds
      const turn = await process.ask({ round: seconds });
      if (turn.error) result.note = turn.error;
      else if (round > 0 || rounds === 0) turns.push(turn);
    }
  }
  for (const { process, result, turns, isSlow } of running) {
    process.end();
    if (turns.length === 0) continue;
    if (isSlow) result.hasOneTurn = true;
    result.min = Math.min(...turns.map(({ min }) => min));
    result.median = turns.map(({ median }) => median).sort((a, b) => a - b)[turns.length >> 1];
  }
  return results;
}

async function measureFits(task, rounds) {
  const able = peers.filter((peer) => isAble(peer, task));
  const results = able.map(({ name, threads }) => ({ peer: name, threads, times: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, peer] of able.entries()) {
      const result = results[i];
      if (result.note || result.times[0] > SLOW_FIT) continue;
      const { accuracy, error, seconds } = await processes.fit(peer, task, folder);
      if (error) result.note = short(error);
      else Object.assign(result, { accuracy, times: [...result.times, seconds] });
    }
  }
  return results.map(({ times, ...result }) => {
    if (times.length === 0) return result;
    const sorted = [...times].sort((a, b) => a - b);
    return { ...result, min: sorted[0], median: sorted[sorted.length >> 1] };
  });
}

function machine() {
  const text = (command, ...words) => spawnSync(command, words, { encoding: "utf8", cwd: root }).stdout?.trim();
  // Of the library that is measured: the bench itself may be newer.
  const measured = ["--", "src", "assembly"];
  const changed = text("git", "status", "--porcelain", ...measured) ? " with changes" : "";
  return {
    cpu: processor(),
    cores: cpus().length,
    node: text(processes.node, "-p", "process.versions.node + ' (V8 ' + process.versions.v8 + ')'"),
    commit: `${text("git", "log", "-1", "--format=%h", ...measured) || "unknown"}${changed}`,
  };
}

/** Its name and, where Linux tells them, family and model: a server's processor may be named after its maker alone. */
function processor() {
  const text = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  const [, family] = /^cpu family\s*: (.+)$/m.exec(text) ?? [];
  const [, model] = /^model\s*: (.+)$/m.exec(text) ?? [];
  return [cpus()[0]?.model.trim(), family && `family ${family}`, model && `model ${model}`].filter(Boolean).join(", ");
}

/** "Intel(R) Xeon(R) Processor @ 2.50GHz, family 6" as "intel-xeon-processor-2.50ghz-family-6". */
function fileNameOf(cpu) {
  const words = (cpu || "unknown").toLowerCase().replace(/\([^)]*\)/g, "");
  return words.match(/[a-z0-9.]+/g).join("-");
}

function install() {
  const run = (command, words) => spawnSync(command, words, { cwd: root, stdio: "inherit" }).status === 0;
  if (!existsSync(join(here, "node_modules")) && !run("npm", ["ci", "--prefix", here])) process.exit(1);
}

install();
const own = machine();
const file = join(here, "results", `${fileNameOf(own.cpu)}.json`);
const old = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
const isKept = flags.only !== "" && old.machine?.node === own.node;
const results = isKept ? old.results : {};
const words = flags.only.split(",").filter(Boolean);
const unknown = words.filter((word) => !tasks.some(({ name }) => name === word));
if (unknown.length > 0) {
  console.error(`bench:peers: --only must name some of ${tasks.map(({ name }) => name).join(", ")}, got ${unknown.join(", ")}`);
  process.exit(1);
}
const chosen = tasks.filter(({ name }) => words.length === 0 || words.includes(name));
for (const task of chosen) {
  writeData(task, folder);
  const rounds = Number(flags.rounds);
  const rows = task.kind === "fit" ? await measureFits(task, rounds) : await measureSteps(task, rounds, Number(flags.seconds));
  const measured = { commit: own.commit, date: new Date().toISOString().slice(0, 10), rows };
  results[task.name] = measured;
  console.log(tableOf(task, measured));
  writeFileSync(file, `${JSON.stringify({ machine: { cpu: own.cpu, cores: own.cores, node: own.node }, results }, undefined, 1)}\n`);
  writeFileSync(file.replace(/json$/, "md"), report({ machine: own, results }));
}
