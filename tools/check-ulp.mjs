/**
 * npm run check:ulp: walks every finite float32 and both infinities through exp, log, tanh, erf, sigmoid, expm1, log1p of both
 * binaries, compares with float64, prints a table, and exits with 1 if a bound is broken. Takes minutes.
 *   --sample N      every N-th bit pattern, and every one near the breakpoints of the function
 *   --only NAME     one function         --build DIR   another folder of binaries         --bound U   another bound, in ulp
 * An ulp is the distance of float32 numbers in the binade of the exact result. Exact results below 2^-126 are judged by
 * absolute error, exact results that are infinite, NaN or round to infinity must be met exactly.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { abiNumber } from "./abi.mjs";

const FLAG = "--experimental-wasm-relaxed-simd"; // Node 20 needs it for the fast binary; later versions refuse it
if (process.versions.node.startsWith("20.") && !process.execArgv.includes(FLAG)) {
  const child = spawnSync(process.execPath, [FLAG, ...process.execArgv, ...process.argv.slice(1)], { stdio: "inherit" });
  process.exit(child.status ?? 1);
}

const SMALLEST_NORMAL = 2 ** -126;
const OVERFLOW = 2 ** 128 - 2 ** 103; // from here float32 rounds to infinity
const CHUNK = 1 << 16;

/** Float64 erf, relative error below 1e-14: the series of Abramowitz & Stegun 7.1.6, whose terms are all positive. */
function erf(x) {
  const square = x * x;
  if (square < 1e-6) return 1.1283791670955126 * (x - (x * square) / 3 + (x * square * square) / 10);
  if (square > 36) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * square) / (2 * n + 1);
    sum += term;
  }
  return 1.1283791670955126 * Math.exp(-square) * sum;
}

// Near 0 and where a function is constant, short forms that are exact to 1e-13 save most of the time.
const references = {
  exp: (x) => (x > 89 ? Infinity : x < -104 ? 0 : Math.abs(x) < 1e-5 ? 1 + x + (x * x) / 2 : Math.exp(x)),
  log: (x) => Math.log(x),
  tanh: (x) => (Math.abs(x) < 1e-3 ? x - x ** 3 / 3 + (2 / 15) * x ** 5 : Math.abs(x) > 20 ? Math.sign(x) : Math.tanh(x)),
  erf,
  sigmoid: (x) => (x > 40 ? 1 : x < -104 ? 0 : Math.abs(x) < 1e-5 ? 0.5 + x / 4 : 1 / (1 + Math.exp(-x))),
  expm1: (x) => (x > 89 ? Infinity : x < -40 ? -1 : Math.abs(x) < 1e-5 ? x + (x * x) / 2 + x ** 3 / 6 : Math.expm1(x)),
  log1p: (x) => (Math.abs(x) < 1e-5 ? x - (x * x) / 2 + x ** 3 / 3 : Math.log1p(x)),
};

/** Largest ulp allowed, as the header of each file in assembly/math states it. */
const bounds = { exp: 2, log: 2, tanh: 4, erf: 4, sigmoid: 4, expm1: 4, log1p: 4 };

/** Where a formula changes or the result saturates; a sampled run looks at 4096 numbers round each. */
const everywhere = [0, -0, SMALLEST_NORMAL, -SMALLEST_NORMAL, 1, -1, 3.4028234663852886e38, -3.4028234663852886e38];
const breakpoints = {
  exp: [88.72283935546875, -87.33654022216797, 0.34657359, -0.34657359],
  log: [Math.SQRT1_2, Math.SQRT2, 2],
  tanh: [9.1, -9.1, 0.17328679, -0.17328679],
  erf: [3.93, -3.93, 0.28, -0.28],
  sigmoid: [88.72283935546875, -88.72283935546875, -87.33654022216797, 16.7],
  expm1: [88.72283935546875, 89, -18, 0.34657359, -0.34657359, -1.0397207],
  log1p: [0.41421356, -0.29289322, 1.8284271, 16777216, 33554432, 2 ** 127],
};

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);
function bitsOf(x) {
  f32[0] = x;
  return u32[0];
}

/** [from, to) of bit patterns, positive numbers up to infinity and negative ones; with a step, and the neighbourhoods. */
function ranges(name, step) {
  const all = [
    { from: 0, to: 0x7f800001, step },
    { from: 0x80000000, to: 0xff800001, step },
  ];
  if (step === 1) return all;
  const near = [...everywhere, ...breakpoints[name]].map((x) => {
    const bits = bitsOf(x);
    const sign = bits & 0x80000000 ? 0x80000000 : 0;
    return { from: Math.max(sign, bits - 2048), to: Math.min(sign + 0x7f800001, bits + 2048), step: 1 };
  });
  return [...all, ...near];
}

class Binary {
  constructor(variant, folder) {
    this.variant = variant;
    const bytes = readFileSync(join(folder, `${variant}.wasm`));
    this.isSupported = WebAssembly.validate(bytes);
    if (!this.isSupported) return;
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    memory.grow((CHUNK * 8) / 65536);
    const module = new WebAssembly.Module(bytes);
    this.call = new WebAssembly.Instance(module, { env: { memory } }).exports;
    new Uint32Array(memory.buffer).set(
      new Uint32Array(WebAssembly.Module.customSections(module, "constants")[0]),
      abiNumber("CONSTANTS") / 4,
    );
    this.x = new Float32Array(memory.buffer, 65536, CHUNK);
    this.bits = new Uint32Array(memory.buffer, 65536, CHUNK);
    this.y = new Float32Array(memory.buffer, 65536 + CHUNK * 4, CHUNK);
  }

  run(name, count) {
    this.call[`${name}Array`](65536, 65536 + CHUNK * 4, 0, Math.ceil(count / 4) * 16);
  }
}

const f64 = new Float64Array(1);
const words = new Uint32Array(f64.buffer);
/** 1 / ulp by biased float64 exponent, for results in [2^-126, 2^128). */
const perUlp = Float64Array.from({ length: 1023 + 128 }, (_, exponent) => 2 ** (1023 + 23 - exponent));

/** Adds the errors of got against want to a tally: largest in ulp, largest below 2^-126, and results that had to be exact. */
function compare(x, want, got, count, tally) {
  for (let i = 0; i < count; i++) {
    const exact = want[i];
    const size = Math.abs(exact);
    if (size >= SMALLEST_NORMAL && size < OVERFLOW) {
      f64[0] = size;
      const ulps = Math.abs(got[i] - exact) * perUlp[words[1] >>> 20];
      if (!(ulps <= tally.ulps)) {
        tally.ulps = Number.isNaN(ulps) ? Infinity : ulps;
        tally.at = x[i];
      }
    } else if (size < SMALLEST_NORMAL) {
      const error = Math.abs(got[i] - exact);
      if (!(error <= tally.absolute)) tally.absolute = Number.isNaN(error) ? Infinity : error;
    } else if (Number.isNaN(exact) ? !Number.isNaN(got[i]) : got[i] !== (exact > 0 ? Infinity : -Infinity)) {
      tally.wrong++;
      tally.at = x[i];
    }
  }
  tally.count += count;
}

function sweep(name, binaries, step) {
  const reference = references[name];
  const want = new Float64Array(CHUNK);
  const tallies = binaries.map(() => ({ ulps: 0, at: 0, absolute: 0, wrong: 0, count: 0 }));
  for (const range of ranges(name, step)) {
    for (let from = range.from; from < range.to; from += CHUNK * range.step) {
      const count = Math.min(CHUNK, Math.ceil((range.to - from) / range.step));
      const [first, ...others] = binaries;
      for (let i = 0; i < count; i++) first.bits[i] = from + i * range.step;
      for (const other of others) other.bits.set(first.bits);
      for (let i = 0; i < count; i++) want[i] = reference(first.x[i]);
      binaries.forEach((binary, b) => {
        binary.run(name, count);
        compare(binary.x, want, binary.y, count, tallies[b]);
      });
    }
  }
  return tallies;
}

const { values: options } = parseArgs({
  options: { sample: { type: "string" }, only: { type: "string" }, build: { type: "string" }, bound: { type: "string" } },
});
const step = options.sample === undefined ? 1 : Number(options.sample);
if (!(Number.isInteger(step) && step >= 1)) throw new Error(`check-ulp: --sample must be an integer of at least 1, got ${options.sample}`);
const folder = options.build ?? fileURLToPath(new URL("../build", import.meta.url));
let isBroken = false;
const binaries = ["portable", "fast"]
  .map((variant) => new Binary(variant, folder))
  .filter((binary) => {
    if (!binary.isSupported) {
      console.log(`SKIPPED: this engine does not validate the ${binary.variant} binary`);
      if (process.env.CI) isBroken = true;
    }
    return binary.isSupported;
  });
const names = Object.keys(references).filter((name) => options.only === undefined || name === options.only);
if (names.length === 0) throw new Error(`check-ulp: --only must be one of ${Object.keys(references).join(", ")}, got ${options.only}`);

const columns = ["function", "binary", "max ulp", "bound", "at", "max error below 2^-126", "not exact", "checked", "seconds"];
const print = (cells) => console.log(cells.map((cell, i) => String(cell).padEnd([10, 10, 9, 7, 26, 24, 11, 12][i] ?? 0)).join(""));
print(columns);
for (const name of names) {
  const bound = options.bound === undefined ? bounds[name] : Number(options.bound);
  const start = performance.now();
  const tallies = sweep(name, binaries, step);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  binaries.forEach(({ variant }, b) => {
    const { ulps, at, absolute, wrong, count } = tallies[b];
    const holds = ulps <= bound && absolute <= SMALLEST_NORMAL && wrong === 0;
    if (!holds) isBroken = true;
    const below = absolute === 0 ? "0" : `${(absolute / SMALLEST_NORMAL).toFixed(4)} * 2^-126`;
    print([name, variant, ulps.toFixed(3), bound, at, below, wrong, count, seconds, ...(holds ? [] : ["  BROKEN"])]);
  });
}
process.exit(isBroken ? 1 : 0);
