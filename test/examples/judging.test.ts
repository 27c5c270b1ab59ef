import { expect, test, vi } from "vitest";

test("examples/judging.ts: chooses a net for the wines, and says what it is worth", async () => {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(line));
  await import("../../examples/judging.ts");
  log.mockRestore();
  const scores = lines.slice(0, 3).map((line) => Number(/accuracy ([\d.]+) ±/.exec(line)![1]));
  expect(scores[2]).toBeGreaterThan(0.95);
  expect(scores[2]! - scores[0]!).toBeGreaterThan(0.05);
  expect(lines[3]).toMatch(/^diagnosis: bias/);
  expect(lines[4]).toMatch(/^diagnosis: none/);
  expect(Number(/^test accuracy of (?:4|32) units: (.*)$/.exec(lines[5]!)![1])).toBeGreaterThan(0.94);
});
