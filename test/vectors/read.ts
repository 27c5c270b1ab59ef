/** The golden vectors: tests/vectors/*.json, whose README says how they were made. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Golden {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export function readVectors<Case>(file: string): Case[] {
  const path = fileURLToPath(new URL(`./${file}.json`, import.meta.url));
  return (JSON.parse(readFileSync(path, "utf8")) as { cases: Case[] }).cases;
}
