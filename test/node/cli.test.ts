/** The built program as users start it: a process of its own, in a folder of theirs. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { flowersCsv, folderWith } from "./program.ts";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const isBuilt = existsSync(cli);
if (!isBuilt && process.env.CI) throw new Error("dist/cli.js is missing: run npm run build before the tests");
if (!isBuilt) console.warn("SKIPPED: dist/cli.js is not built");

function start(folder: string, ...argv: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [cli, ...argv], { cwd: folder, encoding: "utf8" });
}

describe.skipIf(!isBuilt)("dist/cli.js", () => {
  test("is what the package's bin says, and a script", () => {
    const { bin, version } = JSON.parse(readFileSync(join(cli, "../../package.json"), "utf8"));
    expect(join(cli, "../..", bin.whetstone)).toBe(cli);
    expect(readFileSync(cli, "utf8").startsWith("#!/usr/bin/env node\n")).toBe(true);
    expect(start(folderWith({}), "--version")).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("without arguments trains on the digits and ends", () => {
    const folder = folderWith({});
    const { status, stdout, stderr } = start(folder);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\ntest accuracy: 0\.9\d\d\d\n$/);
    expect(stderr).toMatch(/^epoch +1\/\d+ /);
    expect(stderr).not.toContain("\r");
    expect(stderr.split("\n").length).toBeLessThan(14);
    expect(existsSync(join(folder, "digits.safetensors"))).toBe(true);
  });

  test("train, then predict to standard output: results only", () => {
    const folder = folderWith({ "flowers.csv": flowersCsv() });
    expect(start(folder, "train", "flowers.csv", "--target", "species")).toMatchObject({ status: 0 });
    const { status, stdout, stderr } = start(folder, "predict", "model.safetensors", "flowers.csv");
    expect([status, stderr]).toEqual([0, ""]);
    const classes = stdout.split("\n").map((line) => line.replace(/,[\d.e-]+,[\d.e-]+$/, ""));
    expect(classes.slice(1, 5)).toEqual(["rose", '"lily, white"', "rose", '"lily, white"']);
  });

  test("exit codes: 2 for the command line, 1 for data, and no stack", () => {
    const folder = folderWith({ "bad.csv": "a,b\n1,2\n3\n" });
    expect(start(folder, "tarin")).toEqual(
      expect.objectContaining({ status: 2, stdout: "", stderr: 'whetstone: unknown command "tarin". Did you mean train?\n' }),
    );
    const bad = start(folder, "train", "bad.csv", "--target", "b");
    expect([bad.status, bad.stdout]).toEqual([1, ""]);
    expect(bad.stderr).toMatch(/^whetstone: bad\.csv: readCsv: line 3[^\n]*\n$/);
  });

  test.skipIf(process.platform === "win32")("a reader that closes early is no error", () => {
    const folder = folderWith({ "flowers.csv": flowersCsv(), "many.csv": `length,bed,colour\n${"2.5,1,red\n".repeat(20_000)}` });
    start(folder, "train", "flowers.csv", "--target", "species", "--epochs", "1");
    const pipe = `"${process.execPath}" "${cli}" predict model.safetensors many.csv | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", pipe], { cwd: folder, encoding: "utf8" });
    expect([stdout, stderr]).toEqual(['class,"probability_lily, white",probability_rose\n0\n', ""]);
  });
});
