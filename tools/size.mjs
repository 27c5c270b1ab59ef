/**
 * `npm run size`: what a page downloads, minified and gzipped: each entry point with everything it imports, and a bundle that
 * only loads a model and predicts. Of the two binaries only the one that runs is ever loaded, so one is counted.
 */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const variant = { portable: "portable", fast: "fast" };

/** Bytes of a program, minified and gzipped, without wasm, and of each embedded binary. */
export async function sizeOf(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    splitting: true,
    outdir: "out",
    write: false,
    metafile: true,
    external: ["node:*"],
    define: { Response: "undefined" }, // as in tsup.config.ts
    logLevel: "silent",
    plugins: [
      {
        name: "whetstone",
        setup(context) {
          const files = {
            whetstone: "src/index.ts",
            "whetstone/data": "src/data/index.ts",
            "whetstone/metrics": "src/metrics/index.ts",
            "whetstone/node": "src/node/index.ts",
          };
          context.onResolve({ filter: /^whetstone/ }, ({ path }) => ({ path: `${process.cwd()}/${files[path]}`, sideEffects: false }));
        },
      },
    ],
  });
  const sizes = { code: 0, portable: 0, fast: 0 };
  for (const { path, contents: bytes } of outputFiles) {
    const name = Object.keys(variant).find((key) => new RegExp(`${key}-`).test(path));
    sizes[name ?? "code"] += gzipSync(bytes, { level: 9 }).length;
  }
  return sizes;
}

export const bundles = {
  whetstone: 'export * from "whetstone";',
  "whetstone/data": 'export * from "whetstone/data";',
  "whetstone/metrics": 'export * from "whetstone/metrics";',
  "only predicts": 'import { load } from "whetstone"; export const predict = async (bytes, x) => (await load(bytes)).predict(x);',
};

/** Rows of the table: code, the larger of the two binaries where there is one, and their sum, in bytes. */
export async function measureSizes() {
  const rows = [];
  for (const [name, contents] of Object.entries(bundles)) {
    const { code, portable, fast } = await sizeOf(contents);
    const wasm = Math.max(portable, fast);
    rows.push({ name, code, wasm, total: code + wasm });
  }
  return rows;
}

if (process.argv[1]?.endsWith("size.mjs")) {
  const kb = (bytes) => (bytes / 1000).toFixed(1).padStart(6);
  console.log("| bundle | code, KB | one wasm, KB | together, KB |\n|---|---|---|---|");
  for (const { name, code, wasm, total } of await measureSizes()) console.log(`| ${name} | ${kb(code)} | ${kb(wasm)} | ${kb(total)} |`);
  console.log("\nminified, gzip -9; KB = 1000 bytes");
}
