/**
 * npm run check:mutants: breaks one line at a time in copies of the tree (build/mutants), in the places that tools/mutants/ lists,
 * and expects the tests named there to fail. Prints a table, and exits with 1 if a mutant survives that is not explained.
 *   --list          check that every place is found exactly once, and print the table without running anything
 *   --filter TEXT   mutants whose file or name contains TEXT          --sample N   every N-th mutant
 *   --jobs N        copies that work side by side                     --only-base  stop after the tests of the unbroken tree
 * Binaries are compiled with less optimization than shipped ones; the unbroken tree must pass all tests built like this.
 */
import { fork, spawn } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { mutants as interpreter } from "./mutants/interpreter.mjs";
import { mutants as kernels } from "./mutants/kernels.mjs";
import { mutants as losses } from "./mutants/losses.mjs";
import { mutants as math } from "./mutants/math.mjs";
import { mutants as optimizers } from "./mutants/optimizers.mjs";
import { sourceOf } from "./mutants/place.mjs";
import { mutants as products } from "./mutants/products.mjs";
import { mutants as team } from "./mutants/team.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const home = join(root, "build", "mutants");
const DEADLINE_MILLISECONDS = 90_000;
const BASE_DEADLINE_MILLISECONDS = 900_000;

const { values: options } = parseArgs({
  options: {
    list: { type: "boolean", default: false },
    filter: { type: "string", default: "" },
    sample: { type: "string", default: "1" },
    jobs: { type: "string", default: String(Math.max(1, Math.min(4, availableParallelism() >> 1))) },
    "only-base": { type: "boolean", default: false },
  },
});

const fail = (message) => {
  console.error(message);
  process.exit(1);
};

const countOf = (name) => {
  const count = Number(options[name]);
  return Number.isInteger(count) && count > 0 ? count : fail(`--${name} must be an integer above 0, got ${options[name]}`);
};
const sample = countOf("sample");
const jobs = countOf("jobs");

const all = [interpreter, kernels, losses, math, optimizers, products, team].flat();
const faults = [];
const read = (path) => readFileSync(join(root, path), "utf8");
for (const mutant of all) {
  try {
    sourceOf(mutant, read(mutant.file));
    for (const test of mutant.tests) if (!statSync(join(root, test), { throwIfNoEntry: false })) throw new Error(`${test} is missing`);
  } catch (error) {
    faults.push(`${mutant.file}, "${mutant.name}": ${error.message}`);
  }
}
const names = new Set();
for (const { file, name } of all) {
  const id = `${file}, "${name}"`;
  if (names.has(id)) faults.push(`${id} is there twice`);
  names.add(id);
}
const broken = new Set(all.map(({ file }) => file));
for (const folder of ["kernels", "math", "optimizers"]) {
  for (const file of readdirSync(join(root, "assembly", folder), { recursive: true })) {
    const path = `assembly/${folder}/${file.replaceAll("\\", "/")}`;
    if (!path.endsWith(".ts") || broken.has(path)) continue;
    const hasBody = read(path).includes("{"); // else it only declares: nothing there could be broken
    if (hasBody) faults.push(`${path} has no mutant`);
  }
}
if (faults.length > 0) fail(`The table of mutants does not fit the sources:\n${faults.join("\n")}`);

const chosen = all
  .filter(({ file, name }) => file.includes(options.filter) || name.includes(options.filter))
  .filter((_, index) => index % sample === 0);
if (chosen.length === 0) fail(`no mutant contains "${options.filter}"`);
if (options.list) {
  const lines = chosen.map(({ file, name, equivalent }) => `${file.padEnd(44)} ${name}${equivalent ? ` (equivalent: ${equivalent})` : ""}`);
  const text = `${lines.join("\n")}\n${chosen.length} of ${all.length} mutants\n`;
  await new Promise((written) => process.stdout.write(text, written)); // exit would cut off what a pipe has not taken
  process.exit(0);
}

/** Ends what runs now: tests are groups of processes of their own, which a signal to this one does not reach. */
const running = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    for (const kill of running) kill();
    process.exit(130);
  });
}

/** Runs node with `args` in `cwd`; what came of it, and all that it wrote. At the deadline it ends with all its children. */
function run(cwd, args, milliseconds) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CI: "" },
    });
    let text = "";
    let isLate = false;
    const kill = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    };
    const end = () => {
      isLate = true;
      kill();
    };
    running.add(kill);
    const timer = setTimeout(end, milliseconds);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
    child.on("close", (code) => {
      clearTimeout(timer);
      running.delete(kill);
      resolve({ code, isLate, text });
    });
  });
}

const vitest = (tests, ...flags) => ["node_modules/vitest/vitest.mjs", "run", "--reporter=dot", ...flags, ...tests];
const build = (targets) => ["tools/build-wasm.mjs", ...targets];

/** A copy of the tree that a job may break, built as all mutants are. */
async function copyTree(number) {
  const folder = join(home, String(number));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "test"), { recursive: true });
  for (const name of ["assembly", "src", "tools", "bench", "examples", "package.json", "tsconfig.json", "vitest.config.ts", "README.md"]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  for (const name of readdirSync(join(root, "test"))) {
    if (name !== "hosts") cpSync(join(root, "test", name), join(folder, "test", name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  const config = JSON.parse(read("asconfig.json"));
  Object.assign(config.options, { optimizeLevel: 1, converge: false });
  writeFileSync(join(folder, "asconfig.json"), JSON.stringify(config));
  const { code, text } = await run(folder, build(["portable", "fast"]), BASE_DEADLINE_MILLISECONDS);
  if (code !== 0) fail(`the unbroken tree does not compile:\n${text}`);
  cpSync(join(folder, "build"), join(folder, "clean"), { recursive: true });
  return { folder, compiler: undefined };
}

/** Compiles a job's tree; what the compiler complains about, or "". At the deadline the compiler ends, and a new one is started. */
function compile(job, target) {
  job.compiler ??= fork(join(root, "tools", "mutants", "compile.mjs"), { cwd: job.folder });
  const { compiler } = job;
  return new Promise((resolve) => {
    const end = (text) => {
      clearTimeout(timer);
      compiler.removeAllListeners();
      resolve(text);
    };
    const timer = setTimeout(() => compiler.kill("SIGKILL"), DEADLINE_MILLISECONDS);
    compiler.once("message", end);
    compiler.once("exit", () => {
      job.compiler = undefined;
      end("the compiler ended");
    });
    compiler.send(target);
  });
}

/** "killed", "hung" (killed by the deadline), "survived" or "invalid", with what was written on the way. */
async function judge(job, mutant) {
  const { folder } = job;
  const path = join(folder, mutant.file);
  const source = read(mutant.file);
  const start = Date.now();
  writeFileSync(path, sourceOf(mutant, source));
  try {
    if (mutant.file.startsWith("assembly/")) {
      const text = await compile(job, mutant.variant ?? "fast");
      if (text !== "") return { verdict: "invalid", text };
    }
    const left = DEADLINE_MILLISECONDS - (Date.now() - start);
    const { code, isLate, text } = await run(folder, vitest(mutant.tests, "--bail=1"), left);
    return { verdict: isLate ? "hung" : code === 0 ? "survived" : "killed", text };
  } finally {
    writeFileSync(path, source);
    for (const name of readdirSync(join(folder, "clean"))) copyFileSync(join(folder, "clean", name), join(folder, "build", name));
  }
}

const trees = await Promise.all(Array.from({ length: Math.min(jobs, chosen.length) }, (_, number) => copyTree(number)));
const tests = [...new Set(chosen.flatMap((mutant) => mutant.tests))].sort();
console.log(`${chosen.length} of ${all.length} mutants, ${tests.length} test files; first the tests of the unbroken tree`);
const base = await run(trees[0].folder, vitest(tests), BASE_DEADLINE_MILLISECONDS);
if (base.code !== 0) fail(`the unbroken tree fails:\n${base.text}`);
if (options["only-base"]) process.exit(0);

const results = new Map();
const queue = [...chosen];
await Promise.all(
  trees.map(async (job) => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const start = Date.now();
      const result = await judge(job, mutant);
      const seconds = ((Date.now() - start) / 1000).toFixed(1);
      results.set(mutant, result);
      const note = result.verdict === "survived" && mutant.equivalent ? "equivalent" : result.verdict;
      console.log(`${note.padEnd(10)} ${seconds.padStart(5)} s  ${mutant.file.padEnd(44)} ${mutant.name}`);
    }
    job.compiler?.kill();
  }),
);

const having = (test) => chosen.filter((mutant) => test(results.get(mutant).verdict, mutant.equivalent !== undefined));
const survivors = having((verdict, isEquivalent) => verdict === "survived" && !isEquivalent);
const equivalents = having((verdict, isEquivalent) => verdict === "survived" && isEquivalent);
const wrong = having((verdict, isEquivalent) => verdict !== "survived" && verdict !== "invalid" && isEquivalent);
const invalid = having((verdict) => verdict === "invalid");
const hung = having((verdict) => verdict === "hung");
const killed = having((verdict) => verdict === "killed" || verdict === "hung");
const show = (title, list, more = () => "") => {
  if (list.length > 0) console.log(`\n${title}\n${list.map((mutant) => `  ${mutant.file}: ${mutant.name}${more(mutant)}`).join("\n")}`);
};
show("Equivalent: no test can tell", equivalents, ({ equivalent }) => `\n    ${equivalent}`);
show("Ended by the deadline, which counts as red", hung);
show("Invalid: does not compile", invalid, (mutant) => `\n${results.get(mutant).text}`);
show("Called equivalent, but a test tells", wrong);
show("SURVIVED", survivors);
console.log(
  `\n${chosen.length} mutants: ${killed.length} killed (${hung.length} of them by the deadline), ${equivalents.length} equivalent, ` +
    `${survivors.length} survived, ${invalid.length} invalid`,
);
process.exit(survivors.length + invalid.length + wrong.length > 0 ? 1 : 0);
