/** The pages that browsers open: plain ones that import the package's files, and ones made by Vite and by esbuild. */
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild } from "esbuild";

const root = join(import.meta.dirname, "../..");
const sources = join(import.meta.dirname, "entries");

const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const strict = { ...isolated, "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'" };
const noThreads = "the page is not cross-origin isolated";

/** `path`: what is opened; `options`: for the suite. */
const scenarios = {
  page: { source: "plain", headers: isolated },
  worker: { source: "plain", headers: isolated, path: "worker.html" },
  "not isolated": { source: "plain", headers: {}, options: { noThreads } },
  "strict CSP": { source: "plain", headers: strict, options: { worker: "./whetstone/worker.js" } },
  esbuild: { source: "esbuild", headers: isolated },
  "esbuild, strict CSP": { source: "esbuild", headers: strict, options: { worker: "./whetstoneWorker.js" } },
  Vite: { source: "vite", headers: isolated },
  "Vite, strict CSP": { source: "vite", headers: strict, path: "withWorkerUrl.html" },
};

/**
 * The folder of a user's project: the suite, its entries and the package as npm would install it.
 * Entries of processes run from there as they are.
 */
export async function makeProject(folder) {
  cpSync(sources, folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const whetstone = join(folder, "node_modules", "whetstone");
  cpSync(join(root, "dist"), join(whetstone, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(whetstone, "package.json"));
  const entry = join(import.meta.dirname, "suite.ts");
  await esbuild({ entryPoints: [entry], outfile: join(folder, "suite.js"), bundle: true, format: "esm", logLevel: "warning" });
}

/** Builds all pages from the project. Returns the scenarios by name, each with its folder and its place on the server. */
export async function makePages(project, folder) {
  await plainPages(project, join(folder, "plain"));
  await esbuildPages(project, join(folder, "esbuild"));
  await vitePages(project, join(folder, "vite"));
  return Object.fromEntries(
    Object.entries(scenarios).map(([name, scenario]) => [
      name,
      { ...scenario, slug: name.replace(/\W+/g, "-"), folder: join(folder, scenario.source) },
    ]),
  );
}

const html = (script) => `<!doctype html><meta charset="utf-8"><title>whetstone</title><script type="module" src="./${script}"></script>\n`;

/** Nothing is bundled: only the package's name becomes the path of its files. */
async function plainPages(project, folder) {
  const path = { name: "path", setup: ({ onResolve }) => onResolve({ filter: /^whetstone$/ }, toFiles) };
  await esbuild({
    entryPoints: ["page.mjs", "worker.mjs", "pageWithWorker.mjs"].map((name) => join(project, name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    plugins: [path],
    logLevel: "warning",
  });
  cpSync(join(root, "dist"), join(folder, "whetstone"), { recursive: true });
  writeFileSync(join(folder, "index.html"), html("page.mjs"));
  writeFileSync(join(folder, "worker.html"), html("pageWithWorker.mjs"));
}

const toFiles = () => ({ path: "./whetstone/index.js", external: true });

/** esbuild knows no workers: the worker's file is an entry of its own. */
async function esbuildPages(project, folder) {
  await esbuild({
    entryPoints: { page: join(project, "page.mjs"), whetstoneWorker: "whetstone/worker" },
    absWorkingDir: project,
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    logLevel: "warning",
  });
  writeFileSync(join(folder, "index.html"), html("page.js"));
}

async function vitePages(project, folder) {
  const { build: vite } = await import("vite");
  writeFileSync(join(project, "index.html"), html("page.mjs"));
  writeFileSync(join(project, "withWorkerUrl.html"), html("viteWithWorkerUrl.mjs"));
  await vite({
    root: project,
    base: "./",
    configFile: false,
    logLevel: "error",
    build: {
      outDir: folder,
      emptyOutDir: true,
      rollupOptions: { input: [join(project, "index.html"), join(project, "withWorkerUrl.html")] },
    },
  });
}
