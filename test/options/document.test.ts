/** docs/OPTIONS.md is what the types say. After a change: npm run options:table. */
import { expect, test } from "vitest";
import { optionsDocument } from "./document.ts";
import { table } from "./table.ts";

const text = optionsDocument();

test("the committed table of options is up to date", async () => {
  await expect(text).toMatchFileSnapshot("../../docs/OPTIONS.md");
});

test("it has a row for each row of the table that is tested, and no other", () => {
  const places = Object.values(table) as unknown as Record<string, { rows: object }>[];
  const count = places.flatMap((entries) => Object.values(entries)).reduce((sum, { rows }) => sum + Object.keys(rows).length, 0);
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| function |"));
  expect(rows.length).toBe(count);
});
