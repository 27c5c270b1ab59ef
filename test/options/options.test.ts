/** Every option of every exported function has an effect: two settings of it differ in what the table of options looks at. */
import { afterAll, describe, expect, test } from "vitest";
import { runtime } from "./scenes.ts";
import { table } from "./table.ts";
import type { Entry, Row } from "./types.ts";

type AnyRow = Row<object, unknown> | Row<object, unknown>["effect"];

const isPair = (row: AnyRow): row is Row<object, unknown>["effect"] => Array.isArray(row);

/** Without what is not given, so that a default counts as one. */
const given = (options: Record<string, unknown>) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

const failed = (seen: unknown): boolean => typeof seen === "object" && seen !== null && "error" in seen;

for (const [place, entries] of Object.entries(table)) {
  for (const [name, entry] of Object.entries(entries) as unknown as [string, Entry<Record<string, unknown>>][]) {
    describe(`${place}: ${name}`, () => {
      test.each(Object.entries(entry.rows) as [string, AnyRow][])("%s", async (option, row) => {
        const { effect, with: more, see = entry.see, differs = entry.differs } = isPair(row) ? { effect: row } : row;
        const look = (setting: unknown) => see.call(entry, given({ ...entry.base, ...more, [option]: setting }));
        const [first, again, second] = [await look(effect[0]), await look(effect[0]), await look(effect[1])];
        expect(again, "the same setting twice: nothing else may move what is looked at").toEqual(first);
        expect(failed(first) && failed(second), "one of the settings must be legal").toBe(false);
        expect(second, `${option} has no effect on ${differs}`).not.toEqual(first);
      });
    });
  }
}

afterAll(async () => (await runtime()).dispose());
