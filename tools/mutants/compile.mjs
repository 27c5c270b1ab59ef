/**
 * Compiles the tree in the current folder once per message, a target's name, as tools/build-wasm.mjs does. It stays because the
 * second compilation takes a third of the first one's time. Answers with what asc complained about, or "".
 */
import { readFileSync, writeFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import asc from "assemblyscript/asc";
import { poolConstants } from "../pool-constants.mjs";

process.on("message", async (target) => {
  const { error, stderr } = await asc.main(["assembly/index.ts", "--config", "asconfig.json", "--target", target, "--baseDir", "."]);
  if (!error) {
    const binary = poolConstants(readFileSync(`build/${target}.wasm`));
    writeFileSync(`build/${target}.wasm`, binary);
    const text = deflateRawSync(binary).toString("base64");
    writeFileSync(`build/${target}.ts`, `export const base64 =\n  "${text}";\n`);
  }
  process.send(error ? `${stderr}${error}` : "");
});
