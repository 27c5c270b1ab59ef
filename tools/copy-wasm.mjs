/** The .wasm files as entry points of the package, for hosts that forbid compiling bytes. */
import { copyFileSync } from "node:fs";

for (const variant of ["portable", "fast"]) copyFileSync(`build/${variant}.shipped.wasm`, `dist/${variant}.wasm`);
