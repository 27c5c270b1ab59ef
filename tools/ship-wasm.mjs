/**
 * From a binary as the tests of kernels see it, the one that ships: without the exports that only they call, and what nothing reaches
 * then. Every function that stays has the instructions that were tested (test/binary.test.ts holds both against each other).
 */
import binaryen from "assemblyscript/binaryen";

/** What src/runtime and src/model call. */
export const SHIPPED_EXPORTS = [
  "areFinite",
  "combine",
  "dismiss",
  "fillConstant",
  "fillNormal",
  "fillTruncatedNormal",
  "fillUniform",
  "probeFused",
  "runProgram",
  "runTeam",
  "serve",
  "setTileRows",
  "shuffle",
  "spinTurns",
  "usesRelaxedSimd",
];

export function shipped(bytes) {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(binaryen.Features.All);
  const names = Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)).name);
  const missing = SHIPPED_EXPORTS.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`the binary does not export ${missing.join(", ")}`);
  for (const name of names) if (!SHIPPED_EXPORTS.includes(name)) module.removeExport(name);
  module.runPasses(["remove-unused-module-elements"]);
  const result = module.emitBinary();
  module.dispose();
  return result;
}

/** The binary with 16 letters at its end that tell it from those of other versions: the custom section "build". */
export function withHash(binary, hash) {
  const content = Buffer.from(`\x05build${hash}`);
  return Buffer.concat([binary, Buffer.from([0, content.length]), content]);
}
