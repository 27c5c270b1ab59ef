/** Scripts that use threads end by themselves: each runs in a process of its own, without process.exit and with a deadline. */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = join(root, "build", "run");

/** Runs a script that finds whetstone as `w` and `net`, `data`, `options` for a small fit; resolves to what it printed. */
async function run(name: string, body: string, milliseconds: number): Promise<string> {
  const contents = `
    import * as w from "./src/index.ts";
    const net = w.sequential(w.input(4), w.dense(32), w.relu(), w.dense(3));
    const x = Float32Array.from({ length: 60 * 4 }, (_, i) => Math.fround(((i * 37) % 101) / 50 - 1));
    const data = { x, y: Int32Array.from({ length: 60 }, (_, i) => (x[4 * i] > 0 ? 1 : 0) + (x[4 * i + 1] > 0 ? 1 : 0)) };
    const options = { loss: w.softmaxCrossEntropy(), optimizer: w.adam(), epochs: 3, batchSize: 10 };
    const start = (given) => w.createRuntime({ threads: 3, share: "always", ...given });
    ${body}`;
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `exit-${name}.mjs`);
  const stdin = { contents, resolveDir: root, loader: "ts" as const };
  await build({ stdin, outfile, bundle: true, packages: "external", platform: "node", format: "esm", logLevel: "warning" });
  const child = spawn(process.execPath, [outfile], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += String(text);
  });
  return new Promise((resolve, reject) => {
    const watchdog = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the script did not end within ${milliseconds} ms; it printed: ${printed}`));
    }, milliseconds);
    child.on("exit", (code) => {
      clearTimeout(watchdog);
      if (code === 0) resolve(printed.trim());
      else reject(new Error(`the script ended with code ${code}; it printed: ${printed}`));
    });
  });
}

const scripts: Record<string, [seconds: number, body: string, printed: RegExp]> = {
  "that trained": [
    5,
    `const model = await w.build(net, { runtime: await start() });
     await model.fit(data, options);
     console.log(model.runtime.info.workers, model.runtime.info.threads);`,
    /^running 3$/,
  ],
  "that did not wait for its threads": [
    5,
    `const model = await w.build(net, { runtime: await start() });
     console.log(model.predict(x).shape.join(), model.runtime.info.workers);`,
    /^60,3 starting$/,
  ],
  "whose runtime was disposed during fit": [
    5,
    `const runtime = await start();
     const model = await w.build(net, { runtime });
     setTimeout(() => runtime.dispose(), 50);
     await model.fit(data, { ...options, epochs: 1e7 }).catch((error) => console.log(error.code));`,
    /^OptionError$/,
  ],
  "that was aborted": [
    5,
    `const model = await w.build(net, { runtime: await start() });
     await model.fit(data, { ...options, epochs: 1e7, signal: AbortSignal.timeout(50) }).catch((error) => console.log(error.name));`,
    /^TimeoutError$/,
  ],
  "that failed in a callback": [
    5,
    `const model = await w.build(net, { runtime: await start() });
     const callbacks = [{ onStep() { throw new Error("my own"); } }];
     await model.fit(data, { ...options, callbacks }).catch((error) => console.log(error.message));`,
    /^my own$/,
  ],
  "that lost a thread": [
    10,
    `let lost;
     process.on("worker", (worker) => { lost ??= worker; });
     const model = await w.build(net, { runtime: await start() });
     const trainer = await w.createTrainer(model, options.epochs && { loss: options.loss, optimizer: options.optimizer, batchSize: 60 });
     trainer.step(data);
     lost.terminate();
     try { for (;;) trainer.step(data); } catch (error) { console.log(error.code); }`,
    /^WorkerError$/,
  ],
  "whose worker never got ready": [
    10,
    `const worker = new URL("data:text/javascript,setInterval(() => {}, 1000)");
     const model = await w.build(net, { runtime: await start({ worker }) });
     await model.fit(data, options);
     console.log(model.runtime.info.workers, model.runtime.info.threads);`,
    /^failed 1$/,
  ],
};

describe("a script ends by itself", () => {
  test.each(Object.keys(scripts))(
    "%s",
    async (name) => {
      const [seconds, body, printed] = scripts[name];
      expect(await run(name.replaceAll(" ", "-"), body, seconds * 1000)).toMatch(printed);
    },
    20_000,
  );
});
