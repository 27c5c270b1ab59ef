/** `npm run check:kill`: 50 processes killed while they write checkpoints; in the end the bits of a run that nobody killed. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as w from "../../src/index.ts";
import { decodeRun } from "../../src/model/runFile.ts";
import { data, killRuns, make, options } from "./killRuns.ts";

const KILLS = 50;
const folder = mkdtempSync(join(tmpdir(), "whetstone-kill-"));
const seed = Date.now() % 1_000_000;
try {
  const { epochs, last } = await killRuns(folder, KILLS, seed);
  const model = await make();
  const { state } = await model.fit(data, { ...options, epochs: epochs.at(-1)! + 5, callbacks: [w.ema({ decay: 0.9 })] });
  const textOf = (bytes: Uint8Array) => {
    const { tensors, record } = decodeRun(bytes);
    return JSON.stringify([Object.entries(tensors).map(([name, tensor]) => [name, [...tensor.data]]), record.history?.loss]);
  };
  if (textOf(last) !== textOf(state!)) throw new Error("the run that was killed ends with other bits than one that was not");
  console.log(
    `${KILLS} kills (seed ${seed}): every checkpoint was whole; ${epochs.at(-1)! + 5} epochs with the bits of a run that nobody killed`,
  );
  console.log(`beside the file in the end: ${readdirSync(folder).filter((name) => name.endsWith(".tmp")).length} temporary files`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
