/** Numbers of assembly/abi.ts for tools, which also run on a Node that reads no TypeScript. */
import { readFileSync } from "node:fs";

const abi = readFileSync(new URL("../assembly/abi.ts", import.meta.url), "utf8");

/** @throws Error if abi.ts has no such number. */
export function abiNumber(name) {
  const found = new RegExp(`^export const ${name} = (\\d+);`, "m").exec(abi);
  if (found === null) throw new Error(`assembly/abi.ts has no number ${name}`);
  return Number(found[1]);
}
