/**
 * Runs a TypeScript file of examples/ or bench/ under any Node from 20 on: `node tools/run.mjs FILE.ts [arguments]`.
 * Imports of packages stay imports, "whetstone" among them: what runs is the built package.
 */
import { spawnSync } from "node:child_process";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [file, ...rest] = process.argv.slice(2);
const outfile = join(root, "build", "run", `${basename(file, ".ts")}.mjs`);
// Without tsconfig.json, whose paths lead to the sources.
const options = { bundle: true, packages: "external", platform: "node", format: "esm", tsconfigRaw: {}, logLevel: "warning" };
await build({ ...options, entryPoints: [file], outfile });
const { status } = spawnSync(process.execPath, [outfile, ...rest], { stdio: "inherit" });
process.exit(status ?? 1);
