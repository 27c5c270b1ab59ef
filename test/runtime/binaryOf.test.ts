/** Where a runtime's binary comes from: the .wasm file beside the package's code, if it is of this version, else what is embedded. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hash } from "../../build/portableHash.ts";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "whetstone-binary-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Builds a model with a copy of the package; says its first weight, and whether anything was inflated. */
function run(name: string, change: (wasm: string) => void): { weight: number; isInflated: boolean } {
  const copy = join(folder, name);
  cpSync(dist, copy, { recursive: true });
  change(join(copy, "portable.wasm"));
  const program = `
    const w = await import(${JSON.stringify(String(pathToFileURL(join(copy, "index.js"))))});
    const runtime = await w.createRuntime({ numerics: "portable", threads: 1 });
    const model = await w.build(w.sequential(w.input(3), w.dense(2)), { seed: 1, runtime });
    const isInflated = process.moduleLoadList.includes("NativeModule zlib");
    console.log(JSON.stringify({ weight: model.stateDict()["0.weight"].data[0], isInflated }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

describe("the binary of a package on a disk", () => {
  test("is the file, and nothing is inflated", () => {
    expect(run("whole", () => {}).isInflated).toBe(false);
  });

  test("is embedded where the file is missing, empty, of another version or something else: the same weights", () => {
    const whole = run("again", () => {});
    const otherVersion = (wasm: string) => {
      const bytes = readFileSync(wasm);
      expect(bytes.subarray(-hash.length).toString()).toBe(hash);
      bytes.fill("0", bytes.length - hash.length);
      writeFileSync(wasm, bytes);
    };
    const changes: [string, (wasm: string) => void][] = [
      ["missing", (wasm) => rmSync(wasm)],
      ["empty", (wasm) => writeFileSync(wasm, "")],
      ["other version", otherVersion],
      ["text", (wasm) => writeFileSync(wasm, "not found")],
    ];
    for (const [name, change] of changes) expect(run(name, change), name).toEqual({ ...whole, isInflated: true });
  });
});
