/**
 * Compiles assembly/ to build/*.wasm when a source is newer, with the exports that tests of kernels call, and makes of each the
 * binary that ships, build/*.shipped.wasm. That one, and the worker's text, are also written as modules that embed them.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import zopfli from "@gfx/zopfli";
import { withoutInOrder } from "./in-order.mjs";
import { orderedByLikeness } from "./order-functions.mjs";
import { poolConstants } from "./pool-constants.mjs";
import { shipped, withHash } from "./ship-wasm.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const build = join(root, "build");

/** The files beside this one that make of a binary what ships. */
const TOOLS = ["abi.mjs", "build-wasm.mjs", "in-order.mjs", "order-functions.mjs", "pool-constants.mjs", "ship-wasm.mjs"];

const newest = (folder) =>
  Math.max(
    ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
    }),
  );
const age = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

async function compile(target) {
  const { default: asc } = await import("assemblyscript/asc");
  const config = ["--config", "asconfig.json", "--target", target, "--baseDir", "."];
  // 112: that not all hosts can pass vectors to an import. The only one, inOrder, is taken out again.
  const { error, stderr } = await asc.main(["assembly/index.ts", ...config, "--disableWarning", "112"]);
  const messages = stderr.toString();
  if (error || messages) process.stderr.write(messages);
  if (error) process.exit(1);
}

const requested = process.argv.slice(2);
const targets = requested.length > 0 ? requested : ["portable", "fast"];
process.chdir(root);
mkdirSync(build, { recursive: true });
const tools = TOOLS.map((name) => age(join(root, "tools", name)));
const sources = Math.max(newest(join(root, "assembly")), age(join(root, "asconfig.json")), ...tools);
const worker = join(root, "src", "runtime", "worker.ts");
if (age(join(build, "worker.ts")) < Math.max(age(worker), age(fileURLToPath(import.meta.url)))) {
  const { transformSync } = await import("esbuild");
  const { code } = transformSync(readFileSync(worker, "utf8"), { loader: "ts", format: "iife", target: "es2022", minifyWhitespace: true });
  writeFileSync(
    join(build, "worker.ts"),
    `/** The text of src/runtime/worker.ts, for hosts that start threads from text. */\nexport const text =\n  ${JSON.stringify(code)};\n`,
  );
}
for (const target of targets) {
  const wasm = join(build, `${target}.wasm`);
  const module = join(build, `${target}.ts`);
  if (age(wasm) > sources && age(module) > sources) continue;
  await compile(target);
  writeFileSync(wasm, poolConstants(withoutInOrder(readFileSync(wasm))));
  const code = orderedByLikeness(shipped(readFileSync(wasm)));
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const binary = withHash(code, hash);
  writeFileSync(join(build, `${target}.shipped.wasm`), binary);
  const text = Buffer.from(await zopfli.deflateAsync(binary, {})).toString("base64"); // 5% shorter than zlib's best
  writeFileSync(join(build, `${target}Hash.ts`), `/** The last bytes of the ${target} binary. */\nexport const hash = "${hash}";\n`);
  writeFileSync(module, `/** The ${target} binary, deflated, written by tools/build-wasm.mjs. */\nexport const base64 =\n  "${text}";\n`);
}
