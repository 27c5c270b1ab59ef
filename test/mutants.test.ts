/** The table of mutants (npm run check:mutants) fits the sources: each place is there once, and no file of kernels is left out. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("every mutant is found in its file, its tests are there, and every file of kernels that could be broken has one", () => {
  const tool = fileURLToPath(new URL("../tools/mutants.mjs", import.meta.url));
  const lines = execFileSync(process.execPath, [tool, "--list"], { encoding: "utf8", maxBuffer: 2 ** 24 })
    .trim()
    .split("\n");
  expect(lines.at(-1)).toMatch(/^(\d+) of \1 mutants$/);
});
