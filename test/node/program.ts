/** Runs the program in this process: argv in, exit code and texts out. Folders for its files vanish with the test. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { main } from "../../src/node/main.ts";

export async function runProgram(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const stdout = {
    write(text: string) {
      out += text;
    },
  };
  const stderr = {
    write(text: string) {
      err += text;
    },
  };
  const code = await main(argv, { stdout, stderr });
  return { code, out, err };
}

/** A folder with these files. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "whetstone-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** 60 flowers, two species that a line divides, with a text column and a code that looks like a number. */
export function flowersCsv(): string {
  const rows = Array.from({ length: 60 }, (_, i) => {
    const isRose = i % 2 === 0;
    const length = (isRose ? 2 : 6) + ((i * 7) % 10) / 10;
    return `${length},${i % 3},${isRose ? "red" : i % 4 === 1 ? "white" : "blue"},${isRose ? "rose" : '"lily, white"'}`;
  });
  return `length,bed,colour,species\n${rows.join("\n")}\n`;
}

/** 120 houses whose price is 1000 area + 5000 for the north, in the hundred thousands. */
export function housesCsv(): string {
  const rows = Array.from({ length: 120 }, (_, i) => {
    const area = 50 + ((i * 37) % 101);
    const isNorth = (i * 5) % 3 === 0;
    return `${area},${isNorth ? "north" : "south"},${1000 * area + (isNorth ? 5000 : 0) + 0.5}`;
  });
  return `area,side,price\n${rows.join("\n")}\n`;
}
