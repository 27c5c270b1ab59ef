/**
 * `npm run check:model-file`: 100,000 damaged and forged model files, each a FormatError or a sound model; and what forged
 * files of some MB take at most (Linux: the peak of the process), four times their size. Tests take a sample of the first.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime } from "../../src/index.ts";
import { RandomStream } from "../../src/random.ts";
import { FORGERIES, peakOf } from "./forgedFiles.ts";
import { loadOrRefusal, mutated, soundFiles } from "./mutateFile.ts";

const [what = "100000", more = "1"] = process.argv.slice(2);
const print = (line: string) => process.stdout.write(`${line}\n`);

async function sweep(count: number, seed: number): Promise<void> {
  const runtime = await createRuntime();
  const files = await soundFiles(runtime);
  for (const file of files) if ((await loadOrRefusal(file, runtime)) === "refused") throw new Error("a sound file was refused");
  const random = new RandomStream(seed, 1);
  const { used } = runtime.info.memory;
  let refused = 0;
  let slowest = 0;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const bytes = mutated(files, random);
    const start = performance.now();
    try {
      if ((await loadOrRefusal(bytes, runtime)) === "refused") refused++;
    } catch (error) {
      throw new Error(`file ${i} of seed ${seed}: ${Buffer.from(bytes).toString("latin1")}`, { cause: error });
    }
    slowest = Math.max(slowest, performance.now() - start);
    largest = Math.max(largest, bytes.length);
  }
  const left = runtime.info.memory.used - used;
  if (left > 0) throw new Error(`${left} bytes were not given back`);
  print(`${count} files of at most ${largest} bytes: ${refused} refused, ${count - refused} sound, slowest ${slowest.toFixed(1)} ms`);
}

/** Each is loaded in a process of its own, which does nothing else. */
function measurePeaks(): void {
  const folder = mkdtempSync(join(tmpdir(), "whetstone-"));
  try {
    for (const [name, { make }] of Object.entries(FORGERIES)) {
      const file = join(folder, "forged");
      writeFileSync(file, make());
      const flags = ["--max-semi-space-size=1", "--expose-gc"];
      const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, process.argv[1]!, "peak", name, file], {
        encoding: "utf8",
      });
      print(stdout.trimEnd());
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (what === "peak") print(await peakOf(more, process.argv[4]!));
else {
  await sweep(Number(what), Number(more));
  if (existsSync("/proc/self/clear_refs")) measurePeaks();
}
