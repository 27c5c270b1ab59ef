/**
 * What a page downloads: no bundle grows unnoticed, and README tells the sizes of today (`npm run size`). A change that is worth
 * its bytes raises the limit here and the figure there.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Largest totals, in KB of 1000 bytes. */
const LIMITS: Record<string, number> = {
  whetstone: 105,
  "ten lines": 94,
  "only predicts": 68,
  "whetstone/data": 28,
  "whetstone/metrics": 17,
};
/** And of what all of `whetstone` costs a page before it makes a model, with the binary. */
const ENTRY = 45;
const NAMES_IN_README: Record<string, string> = {
  whetstone: "`whetstone`, all of it",
  "ten lines": "the ten lines above",
  "only predicts": "only loads a model and predicts",
};

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("each bundle is within its limit, and README's table is true", async () => {
  const { measureSizes } = (await import(String(new URL("../tools/size.mjs", import.meta.url)))) as {
    measureSizes(): Promise<{ name: string; once: number; run: number; train: number; wasm: number; code: number; total: number }[]>;
  };
  const rows = await measureSizes();
  expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(LIMITS).sort());
  for (const { name, once, run, train, wasm, code, total } of rows) {
    expect(code, name).toBeGreaterThan(1000);
    if (name === "whetstone") expect((once + wasm) / 1000, "the entry point with one wasm, KB").toBeLessThan(ENTRY);
    expect(total / 1000, `${name}, KB`).toBeLessThan(LIMITS[name]!);
    const line = readme.split("\n").find((text) => text.startsWith(`| ${NAMES_IN_README[name] ?? `\`${name}\``} |`));
    const told =
      line
        ?.split("|")
        .slice(2, -1)
        .map((cell) => (cell.trim() === "–" ? 0 : 1000 * Number(cell))) ?? [];
    const measured = [once, run, train, wasm, total];
    const isTrue = measured.every((bytes, i) => Math.abs(told[i]! - bytes) <= 0.03 * bytes);
    expect(isTrue, `${name}: README says ${told}, and it is ${measured}`).toBe(true);
  }
}, 60_000);
