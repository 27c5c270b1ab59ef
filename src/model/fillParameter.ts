/** Writes initial values into a parameter's place. Every parameter has a random stream of its own: its number in the net. */
import type { Fill } from "../initializers.ts";
import { seedWords } from "../random.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { orthonormalize } from "./orthonormalize.ts";
import type { StoredParameter } from "./state.ts";

/** Fills the parameter and zeroes its pads. */
export function fillParameter(runtime: Runtime, parameter: StoredParameter, fill: Fill, seed: number): void {
  const { kernels } = runtime;
  const [low, high] = seedWords(seed);
  const { address, bytes, words, shape, stream } = parameter;
  const normal = (std: number) => kernels.fillNormal!(address, 0, std, low, high, stream, 0, bytes);
  const values = () => runtime.arena.views.f32.subarray(address >>> 2, (address >>> 2) + words);
  switch (fill.distribution) {
    case "constant":
      kernels.fillConstant!(address, fill.value, 0, bytes);
      break;
    case "normal":
      normal(fill.std);
      break;
    case "truncatedNormal":
      kernels.fillTruncatedNormal!(address, 0, fill.std, low, high, stream, 0, bytes);
      break;
    case "uniform":
      kernels.fillUniform!(address, -fill.bound, fill.bound, low, high, stream, 0, bytes);
      break;
    case "orthogonal":
      normal(1);
      makeOrthogonal(values(), shape[0]!, fill.gain);
      break;
    case "values":
      values().set(fill.values);
  }
  runtime.arena.views.f32.fill(0, (address >>> 2) + words, (address + bytes) >>> 2);
}

/** w: [rows, rest] of normal deviates; orthonormal rows times gain, or columns where these are fewer. In place. */
function makeOrthogonal(w: Float32Array, rows: number, gain: number): void {
  const cols = w.length / rows;
  const isWide = rows <= cols;
  const [count, length] = isWide ? [rows, cols] : [cols, rows];
  const at = (i: number, j: number) => (isWide ? i * cols + j : j * cols + i);
  const vectors = new Float64Array(w.length);
  for (let i = 0; i < count; i++) for (let j = 0; j < length; j++) vectors[i * length + j] = w[at(i, j)]!;
  orthonormalize(vectors, count, length);
  for (let i = 0; i < count; i++) for (let j = 0; j < length; j++) w[at(i, j)] = gain * vectors[i * length + j]!;
}
