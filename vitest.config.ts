import { defineConfig } from "vitest/config";

// Node 20 validates relaxed SIMD only behind a flag that later versions refuse as unknown.
const relaxedSimd = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/hosts/**"],
    pool: "forks",
    execArgv: [...relaxedSimd, "--expose-gc"],
    testTimeout: 60_000,
    typecheck: { enabled: false },
  },
});
