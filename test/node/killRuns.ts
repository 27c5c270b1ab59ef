/** A run that is killed again and again while it writes checkpoints, and goes on from the last one each time. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build as bundle } from "esbuild";
import * as w from "../../src/index.ts";
import { decodeRun } from "../../src/model/runFile.ts";
import { RandomStream } from "../../src/random.ts";

/** Trains for `process.argv[3]` epochs of one step, with a checkpoint after each; says "." when the first is written. */
const script = `
  import { existsSync, readFileSync } from "node:fs";
  import * as w from "./src/index.ts";
  import { toFile } from "./src/node/index.ts";
  import { data, make, options } from "./test/node/killRuns.ts";
  const [path, epochs] = process.argv.slice(2);
  const write = toFile(path);
  const save = async (bytes, { epoch }) => {
    await write(bytes);
    process.stdout.write(".");
  };
  const resume = existsSync(path) ? readFileSync(path) : undefined;
  const model = await make();
  await model.fit(data, { ...options, epochs: Number(epochs), resume, callbacks: [w.ema({ decay: 0.9 }), w.checkpoint({ save })] });
`;

const uniform = new RandomStream(7, 7);
export const data = {
  x: Float32Array.from({ length: 32 * 20 }, () => uniform.uniform() - 0.5),
  y: Int32Array.from({ length: 32 }, (_, row) => row % 4),
};
export const options = { loss: w.softmaxCrossEntropy(), optimizer: w.adam(), batchSize: 32, seed: 3 };

/** Some 90 KB a checkpoint: a write takes a while. */
export async function make(): Promise<w.Model> {
  const runtime = await w.createRuntime({ numerics: "portable", threads: 1 });
  return w.build(w.sequential(w.input(20), w.dense(120), w.batchNorm(), w.relu(), w.dropout(0.2), w.dense(4)), { runtime, seed: 1 });
}

export interface Killed {
  /** Epochs in the checkpoint after each kill. */
  readonly epochs: readonly number[];
  /** Bytes of the last checkpoint, of a life that was let end. */
  readonly last: Uint8Array;
}

/** Kills `kills` processes at random moments; each checkpoint that is found must be whole. */
export async function killRuns(folder: string, kills: number, seed: number): Promise<Killed> {
  const outfile = join(process.cwd(), "build", "run", "killed.mjs");
  mkdirSync(join(outfile, ".."), { recursive: true });
  const stdin = { contents: script, resolveDir: process.cwd(), loader: "ts" as const };
  await bundle({ stdin, outfile, bundle: true, packages: "external", platform: "node", format: "esm", logLevel: "warning" });
  const path = join(folder, "run.safetensors");
  const random = new RandomStream(seed, 1);
  const epochs: number[] = [];
  for (let k = 0; k < kills; k++) {
    const child = spawn(process.execPath, [outfile, path, "1000000"], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve, reject) => {
      child.stdout.once("data", resolve);
      child.once("exit", () => reject(new Error("the run ended before it was killed")));
    });
    await new Promise((resolve) => setTimeout(resolve, 60 * random.uniform()));
    child.kill("SIGKILL");
    await ended(child);
    epochs.push(await wholeEpochs(path));
  }
  const child = spawn(process.execPath, [outfile, path, String((epochs.at(-1) ?? 0) + 5)], { stdio: ["ignore", "ignore", "inherit"] });
  if ((await ended(child)) !== 0) throw new Error("the last run failed");
  return { epochs, last: readFileSync(path) };
}

const ended = (child: ChildProcess) =>
  new Promise((resolve) => ((child.exitCode ?? child.signalCode) === null ? child.once("exit", resolve) : resolve(child.exitCode)));

/** Reads a checkpoint in every way there is. */
async function wholeEpochs(path: string): Promise<number> {
  if (!existsSync(path)) throw new Error("there is no checkpoint");
  const bytes = readFileSync(path);
  const { record } = decodeRun(bytes); // compares a checksum of all bytes
  (await w.load(bytes)).dispose();
  return record.position.epoch;
}
