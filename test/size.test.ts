/**
 * What a page downloads: no bundle grows unnoticed, and README tells the sizes of today (`npm run size`). A change that is worth
 * its bytes raises the limit here and the figure there.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Largest totals, in KB of 1000 bytes. */
const LIMITS: Record<string, number> = { whetstone: 97, "whetstone/data": 28, "whetstone/metrics": 17, "only predicts": 79 };
const NAMES_IN_README: Record<string, string> = { "only predicts": "only loads a model and predicts" };

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("each bundle is within its limit, and README's table is true", async () => {
  const { measureSizes } = (await import(String(new URL("../tools/size.mjs", import.meta.url)))) as {
    measureSizes(): Promise<{ name: string; code: number; wasm: number; total: number }[]>;
  };
  const rows = await measureSizes();
  expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(LIMITS).sort());
  for (const { name, code, total } of rows) {
    expect(code, name).toBeGreaterThan(1000);
    expect(total / 1000, `${name}, KB`).toBeLessThan(LIMITS[name]!);
    const line = readme.split("\n").find((text) => text.startsWith(`| ${NAMES_IN_README[name] ?? `\`${name}\``} |`));
    const told = Number(line?.split("|").at(-2));
    expect(Math.abs(told - total / 1000), `${name}: README says ${told}, and it is ${(total / 1000).toFixed(1)}`).toBeLessThan(0.03 * told);
  }
}, 60_000);
