/** README's table of techniques: what it names is exported, its tests and examples exist, and an example uses what its row is about. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { claims } from "../examples/notes/claims.ts";
import * as data from "../src/data/index.ts";
import * as whetstone from "../src/index.ts";
import * as metrics from "../src/metrics/index.ts";
import * as node from "../src/node/index.ts";

interface Row {
  technique: string;
  /** Code in the column "in the API", without backticks. */
  code: string[];
  notes: string[];
  tests: string[];
  examples: string[];
}

const text = readFileSync("README.md", "utf8");
const list = (cell: string): string[] => (cell === "–" || cell === "" ? [] : cell.split(",").map((part) => part.trim()));

const rows = text
  .slice(text.indexOf("| technique |"), text.indexOf("### Which decay is which"))
  .split("\n")
  .slice(2)
  .filter((line) => line.startsWith("|"))
  .map((line): Row => {
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    const [technique = "", api = "", notes = "", tests = "", examples = ""] = cells.map((cell) => cell.trim());
    return {
      technique,
      code: [...api.matchAll(/`([^`]+)`/g)].map((match) => match[1]!),
      notes: list(notes),
      tests: list(tests),
      examples: list(examples).map((link) => /^\[[^\]]+\]\(([^)]+)\)$/.exec(link)?.[1] ?? link),
    };
  });

const exported = new Set([whetstone, data, metrics, node].flatMap((entry) => Object.keys(entry)));
const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(`src/${file}`, "utf8"))
  .join("\n");
/** Whether some interface or options object of the sources has a property or method of this name. */
const isMember = (name: string): boolean => new RegExp(`^\\s+(readonly )?${name}(\\?:|:|\\()`, "m").test(sources);

/** "model.freeze(…)" → freeze; "l1(λ)" → l1; "batchSize: 32" → batchSize. */
const nameOf = (code: string): string => /^(?:\w+\.)*(\w+)/.exec(code)?.[1] ?? code;
/** Options in braces: "{ scale: …, steps }" → scale, steps. */
const optionsOf = (code: string): string[] =>
  [...code.matchAll(/\{([^{}]*)\}/g)].flatMap(([, inside]) =>
    inside!
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map((part) => part.split(":")[0]!),
  );
const isEntryPoint = (code: string): boolean => code.startsWith("whetstone/");

describe("the table of techniques", () => {
  test("has rows for all files of the notes", () => {
    expect(rows.length).toBeGreaterThan(40);
    const named = new Set(rows.flatMap(({ notes }) => notes));
    expect([...named].sort()).toEqual(["000", "001", "002", "003", "004"]);
  });

  test.each(rows)("$technique", ({ code, tests, examples }) => {
    expect(code.length).toBeGreaterThan(0);
    for (const piece of code.filter((piece) => !isEntryPoint(piece))) {
      const name = nameOf(piece);
      expect(exported.has(name) || isMember(name), `${name} is exported, or a member`).toBe(true);
      for (const option of optionsOf(piece)) expect(isMember(option), `${option} is an option`).toBe(true);
    }
    expect(tests.length).toBeGreaterThan(0);
    for (const path of tests) expect(existsSync(path), path).toBe(true);
    for (const path of examples) {
      expect(existsSync(path), path).toBe(true);
      const source = readFileSync(path, "utf8");
      const used = code.flatMap((piece) => [nameOf(piece), ...optionsOf(piece)]).filter((name) => new RegExp(`\\b${name}\\b`).test(source));
      expect(used.length, `${path} uses something of the row`).toBeGreaterThan(0);
    }
  });

  test("links every script of examples/notes", () => {
    const linked = new Set(rows.flatMap(({ examples }) => examples));
    expect(Object.keys(claims).filter((name) => !linked.has(`examples/notes/${name}.ts`))).toEqual([]);
  });
});
