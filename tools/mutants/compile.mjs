/**
 * Compiles the tree in the current folder once per message, a target's name, as tools/build-wasm.mjs does. It stays because the
 * second compilation takes a third of the first one's time. Answers with what asc complained about, or "".
 */
import { readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import { poolConstants } from "../pool-constants.mjs";

process.on("message", async (target) => {
  const { error, stderr } = await asc.main(["assembly/index.ts", "--config", "asconfig.json", "--target", target, "--baseDir", "."]);
  if (!error) {
    const binary = poolConstants(readFileSync(`build/${target}.wasm`));
    writeFileSync(`build/${target}.wasm`, binary);
    // What Node loads: its tests have no use for the deflated one.
    writeFileSync(`build/${target}.plain.ts`, `export const base64 =\n  "${Buffer.from(binary).toString("base64")}";\n`);
  }
  process.send(error ? `${stderr}${error}` : "");
});
