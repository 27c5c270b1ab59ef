/** Peers as processes: one that answers requests, and one that trains from a cold start. The protocol is child.mjs's. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { currentNode } from "../node.mjs";

const here = import.meta.dirname;
const ANSWER_WITHIN = 120e3;

export const node = currentNode();

function commandOf({ file, threads, python }) {
  if (python) return [process.env.PYTHON ?? "python3", [join(here, "peers", file), String(threads)]];
  return [node, [join(here, "child.mjs"), file, String(threads)]];
}

const environmentOf = ({ threads }) => ({ ...process.env, OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) });

/** The answers behind "@@" in the output of a process. */
function listen(child) {
  let text = "";
  const waiting = [];
  const settle = (message) => waiting.shift()?.(message);
  child.stdout.setEncoding("utf8").on("data", (part) => {
    const lines = (text + part).split("\n");
    text = lines.pop();
    for (const line of lines) if (line.startsWith("@@")) settle(JSON.parse(line.slice(2)));
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (part) => {
    errors = (errors + part).slice(-4000);
  });
  child.on("error", (error) => settle({ error: String(error) }));
  child.on("close", (code) => {
    const lines = errors.trim().split("\n");
    settle({ error: lines.findLast((line) => /Error/.test(line)) ?? `ended with ${code}: ${lines.at(-1)}` });
  });
  return () =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        child.kill();
        resolve({ error: `no answer within ${ANSWER_WITHIN / 1e3} s` });
      }, ANSWER_WITHIN);
      waiting.push((message) => {
        clearTimeout(timer);
        resolve(message);
      });
    });
}

export async function start(peer) {
  const [command, words] = commandOf(peer);
  const child = spawn(command, words, { cwd: here, env: environmentOf(peer), stdio: "pipe" });
  child.stdin.on("error", () => {});
  const next = listen(child);
  const { versions, error } = await next();
  const ask = (message) => {
    if (child.exitCode !== null || child.signalCode !== null) return { error: `ended with ${child.exitCode ?? child.signalCode}` };
    child.stdin.write(`${JSON.stringify(message)}\n`);
    return next();
  };
  return { peer, versions, error, ask, end: () => child.stdin.end() };
}

/** One whole training in a fresh process: seconds from its start to its answer. */
export async function fit(peer, task, folder) {
  const [command, words] = commandOf(peer);
  const began = performance.now();
  const child = spawn(command, [...words, "--fit", JSON.stringify(task), folder], { cwd: here, env: environmentOf(peer), stdio: "pipe" });
  const { accuracy, error } = await listen(child)();
  const seconds = (performance.now() - began) / 1e3;
  child.kill();
  return { accuracy, error, seconds };
}
