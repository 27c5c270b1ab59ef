/**
 * `npm run size`: what a page downloads, minified and gzipped: whetstone with all that it exports, programs that use some of it,
 * and the other entry points. Chunks that import() asks for are loaded when they are wanted: each is counted in the column of
 * what wants it, with the chunks that it imports, as far as the page has not loaded them before. Of the two binaries only the
 * one that runs is ever loaded, so one is counted, the larger.
 */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const entries = {
  whetstone: "src/index.ts",
  "whetstone/data": "src/data/index.ts",
  "whetstone/metrics": "src/metrics/index.ts",
  "whetstone/node": "src/node/index.ts",
};

/** Files of src/chunks in the order in which programs ask for them, and the columns that they count in. */
const CHUNKS = { models: "run", training: "train", progress: "train" };
const BINARIES = ["portable", "fast"];

const TEN_LINES = `
  import { adam, batchNorm, build, dense, dropout, earlyStopping, input, relu, sequential, softmaxCrossEntropy } from "whetstone";
  import { accuracy } from "whetstone/metrics";
  export async function run(x, y, newRows) {
    const net = sequential(input(64), dense(128), batchNorm(), relu(), dropout(0.2), dense(10));
    const model = await build(net, { seed: 42 });
    await model.fit({ x, y }, {
      loss: softmaxCrossEntropy(), optimizer: adam({ learningRate: 1e-3 }), epochs: 50,
      validation: 0.2, metrics: { accuracy }, callbacks: [earlyStopping({ patience: 10 })],
    });
    return [model.predict(newRows, { as: "classes" }), model.save()];
  }`;
const PREDICTS = 'import { load } from "whetstone"; export const predict = async (bytes, x) => (await load(bytes)).predict(x);';

/** What is bundled, and the chunks that it loads. */
export const bundles = {
  whetstone: { contents: 'export * from "whetstone";', chunks: Object.keys(CHUNKS) },
  "ten lines": { contents: TEN_LINES, chunks: ["models", "training"] },
  "only predicts": { contents: PREDICTS, chunks: ["models"] },
  "whetstone/data": { contents: 'export * from "whetstone/data";', chunks: [] },
  "whetstone/metrics": { contents: 'export * from "whetstone/metrics";', chunks: [] },
};

async function bundle(contents) {
  return build({
    stdin: { contents, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    splitting: true,
    outdir: "out",
    entryNames: "page",
    chunkNames: "[name]-[hash]",
    write: false,
    metafile: true,
    external: ["node:*"],
    define: { Response: "undefined" }, // as in tsup.config.ts
    logLevel: "silent",
    plugins: [
      {
        name: "whetstone",
        setup(context) {
          context.onResolve({ filter: /^whetstone/ }, ({ path }) => ({ path: `${process.cwd()}/${entries[path]}`, sideEffects: false }));
        },
      },
    ],
  });
}

/** Bytes of a program, minified and gzipped: at once, to run models, to train them, and of one binary if it has any. */
export async function sizeOf({ contents, chunks }) {
  const { outputFiles, metafile } = await bundle(contents);
  const sizes = new Map(outputFiles.map(({ path, contents: bytes }) => [path.split("/").pop(), gzipSync(bytes, { level: 9 }).length]));
  const loaded = new Set();
  const load = (file) => {
    if (loaded.has(file)) return 0;
    loaded.add(file);
    const statics = metafile.outputs[`out/${file}`].imports.filter(({ kind, external }) => kind === "import-statement" && !external);
    return statics.reduce((sum, { path }) => sum + load(path.slice("out/".length)), sizes.get(file));
  };
  const find = (name) => [...sizes.keys()].find((file) => file.startsWith(`${name}-`));
  const result = { once: load("page.js"), run: 0, train: 0, wasm: 0 };
  for (const name of chunks) {
    const file = find(name);
    if (file === undefined) throw new Error(`there is no chunk ${name}: what it holds is loaded with something else`);
    result[CHUNKS[name]] += load(file);
  }
  if (chunks.length > 0) result.wasm = Math.max(...BINARIES.map((name) => sizes.get(find(name))));
  return result;
}

/** Rows of the table, in bytes: the columns, all code, and that with the wasm. */
export async function measureSizes() {
  const rows = [];
  for (const [name, program] of Object.entries(bundles)) {
    const sizes = await sizeOf(program);
    const code = sizes.once + sizes.run + sizes.train;
    rows.push({ name, ...sizes, code, total: code + sizes.wasm });
  }
  return rows;
}

if (process.argv[1]?.endsWith("size.mjs")) {
  const kb = (bytes) => (bytes === 0 ? "–" : (bytes / 1000).toFixed(1)).padStart(5);
  console.log("| bundle, KB | at once | to run models | to train | one wasm | together |\n|---|---|---|---|---|---|");
  for (const { name, once, run, train, wasm, total } of await measureSizes())
    console.log(`| ${[name, ...[once, run, train, wasm, total].map(kb)].join(" | ")} |`);
  console.log("\nminified, gzip -9; KB = 1000 bytes");
}
