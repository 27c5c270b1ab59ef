import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    data: "src/data/index.ts",
    metrics: "src/metrics/index.ts",
    node: "src/node/index.ts",
    cli: "src/node/cli.ts",
    worker: "src/runtime/worker.ts",
    beside: "src/runtime/host/beside.ts",
  },
  format: "esm",
  target: "es2022",
  platform: "neutral",
  external: [/^node:/],
  // The package has no runtime dependency: the loader is part of it.
  noExternal: ["@assemblyscript/loader"],
  // It asks whether it was given a Response, which nobody gives it here: the mere question costs Node 18 ms, as it loads undici.
  define: { Response: "undefined" },
  splitting: true,
  treeshake: true,
  clean: true,
  // Parsing what nobody reads costs 4 ms of a cold start (Node 26, Zen 5); maps bring the names back.
  minify: true,
  sourcemap: true,
  dts: { entry: { index: "src/index.ts", data: "src/data/index.ts", metrics: "src/metrics/index.ts", node: "src/node/index.ts" } },
});
