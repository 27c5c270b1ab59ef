import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Node 20 validates relaxed SIMD only behind a flag that later versions refuse as unknown.
const relaxedSimd = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];

// Examples import the package by its name; their tests run its sources.
const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^whetstone$/, replacement: source("index.ts") },
      { find: /^whetstone\/(data|metrics|node)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/hosts/**"],
    pool: "forks",
    execArgv: [...relaxedSimd, "--expose-gc"],
    testTimeout: 60_000,
    typecheck: { enabled: false },
  },
});
