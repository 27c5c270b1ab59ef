/**
 * The gradients of a model against differences of its own loss: whether a layer, a loss or a net of them is differentiated
 * right. float32 resolves a loss to seven digits only, so a derivative is fitted to the differences over several steps, and
 * their scatter says how far the fit can be trusted.
 */
import { checkCount, checkOptions, checkPositive } from "../check.ts";
import type { Loss } from "../losses/loss.ts";
import { checkSeed, RandomStream, STREAM_CHECK } from "../random.ts";
import { sizeOf } from "../shape.ts";
import type { CheckedGradient, CheckGradientsOptions, GradientCheck } from "./checkGradients.ts";
import { type GradientBatch, type PreparedGradients, prepareGradients } from "./gradients.ts";
import { isTrainable } from "./isTrainable.ts";
import type { ModelState } from "./state.ts";

/** Steps of the differences: 1 to this many parts of the largest one. */
const STEPS = 8;
/** The largest step moves the loss by about this share of it, and is at most this. */
const LARGEST_STEP = 1 / 64;
/** Half a unit in the last place of float32. */
const ROUNDING = 1 / 16777216;

/** See checkGradients.ts. */
export function compareGradients(state: ModelState, batch: GradientBatch, loss: Loss, options: CheckGradientsOptions): GradientCheck {
  checkOptions("checkGradients", options, ["samples", "tolerance", "seed"]);
  const { samples = 16, tolerance = 0.02, seed = 0 } = options;
  checkCount("checkGradients: samples", samples);
  checkPositive("checkGradients: tolerance", tolerance);
  checkSeed("checkGradients: seed", seed);
  state.checkUsable("checkGradients");
  const region = state.runtime.region();
  try {
    const prepared = prepareGradients(state, batch, loss, "checkGradients", region);
    const { gradientOf, inputs, inputGradient } = prepared;
    prepared.run("backward");
    const scale = Math.abs(prepared.preciseLoss());
    const { f32 } = state.runtime.arena.views;
    // All of them before the first difference: a run forward may write where the input's gradient lies.
    const parts = [
      ...state.parameters.filter(isTrainable).map(({ name, address, shape }) => ({ name, address, from: gradientOf.get(name)!, shape })),
      { name: "input", address: inputs.address, from: inputGradient, shape: [inputs.rows, ...state.layout.inputShape] },
    ].map((part) => ({ ...part, computed: f32.slice(part.from >>> 2, (part.from >>> 2) + sizeOf(part.shape)) }));
    const tensors = parts.map(({ name, address, shape, computed }, stream): CheckedGradient => {
      const values = f32.subarray(address >>> 2, (address >>> 2) + computed.length);
      const entries = drawEntries(computed, samples, new RandomStream(seed, STREAM_CHECK, 0, stream));
      const { at, ...worst } = worstOf(prepared, values, computed, entries, { scale, tolerance });
      return { name, checked: entries.length, index: indexOf(at, shape), ...worst };
    });
    const worst = tensors.reduce((worst, tensor) => (tensor.relativeError > worst.relativeError ? tensor : worst));
    return { passed: tensors.every(({ relativeError }) => relativeError <= tolerance), worst, tensors };
  } finally {
    region.free();
  }
}

/** Numbers of the entries to look at, the one with the largest gradient first. */
function drawEntries(gradient: Float32Array, samples: number, random: RandomStream): number[] {
  if (gradient.length <= samples) return [...gradient.keys()];
  let largest = 0;
  for (let i = 1; i < gradient.length; i++) if (Math.abs(gradient[i]!) > Math.abs(gradient[largest]!)) largest = i;
  const entries = new Set([largest]);
  while (entries.size < samples) entries.add(random.below(gradient.length));
  return [...entries];
}

interface Accuracy {
  /** Size of the loss. */
  readonly scale: number;
  readonly tolerance: number;
}

type Worst = Pick<CheckedGradient, "computed" | "measured" | "uncertainty" | "relativeError"> & { at: number };

function worstOf(prepared: PreparedGradients, values: Float32Array, gradient: Float32Array, entries: number[], spec: Accuracy): Worst {
  const largest = Math.max(...entries.map((i) => Math.abs(gradient[i]!)));
  const first = Math.min(LARGEST_STEP, (LARGEST_STEP * spec.scale) / largest || LARGEST_STEP);
  const measured = entries.map((at) => {
    let best = measure(prepared, values, at, first, spec.scale);
    // Smaller steps meet fewer kinks, and drown in rounding.
    for (let step = first / 4; step >= first / 64 && best.uncertainty > (spec.tolerance / 16) * largest; step /= 4) {
      const next = measure(prepared, values, at, step, spec.scale);
      if (next.uncertainty < best.uncertainty) best = next;
    }
    return best;
  });
  const size = Math.sqrt(measured.reduce((sum, { slope }) => sum + slope * slope, 0) / entries.length);
  const results = entries.map((at, k): Worst => {
    const { slope, uncertainty } = measured[k]!;
    const computed = gradient[at]!;
    const error = Math.max(0, Math.abs(computed - slope) - 4 * uncertainty);
    const relativeError = error === 0 ? 0 : error / Math.max(size, Math.abs(computed), Math.abs(slope));
    return { at, computed, measured: slope, uncertainty, relativeError };
  });
  const distance = ({ computed, measured }: Worst) => Math.abs(computed - measured);
  return results.reduce((worst, result) => {
    const more = result.relativeError - worst.relativeError;
    return more > 0 || (more === 0 && distance(result) > distance(worst)) ? result : worst;
  });
}

interface Measured {
  readonly slope: number;
  readonly uncertainty: number;
}

/** Slope of the loss by one entry, which is as before when it returns. `scale`: of the loss, whose rounding is uncertain too. */
function measure({ run, preciseLoss }: PreparedGradients, values: Float32Array, at: number, largest: number, scale: number): Measured {
  const before = values[at]!;
  const lossAt = (value: number): number => {
    values[at] = value;
    run("forward");
    return preciseLoss();
  };
  const [widths, odd, even]: [number[], number[], number[]] = [[], [], []];
  try {
    const middle = lossAt(before);
    for (let k = 1; k <= STEPS; k++) {
      const [high, low] = [Math.fround(before + (largest * k) / STEPS), Math.fround(before - (largest * k) / STEPS)];
      const [above, below] = [lossAt(high), lossAt(low)];
      widths.push((high - low) / largest); // of order 1: sums of powers stay in range
      odd.push(above - below);
      even.push(above + below - 2 * middle);
    }
  } finally {
    values[at] = before;
  }
  const slope = fit(odd, widths, (h) => h * h * h);
  // Of a smooth loss h² and h⁴; what is left is rounding, or a kink: four times (slope.error + 3 bend.error) covers what one does.
  const bend = fit(
    even,
    widths.map((h) => h * h),
    (h) => h * h,
  );
  return { slope: slope.value / largest, uncertainty: (slope.error + 3 * bend.error + scale * ROUNDING) / largest };
}

/** Least squares of y = value x + c power(x): value and its standard error. */
function fit(y: readonly number[], x: readonly number[], power: (x: number) => number): { value: number; error: number } {
  const z = x.map(power);
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const [xx, xz, zz, xy, zy] = [dot(x, x), dot(x, z), dot(z, z), dot(x, y), dot(z, y)];
  const determinant = xx * zz - xz * xz;
  const value = (zz * xy - xz * zy) / determinant;
  const c = (xx * zy - xz * xy) / determinant;
  const rest = y.map((v, i) => v - value * x[i]! - c * z[i]!);
  return { value, error: Math.sqrt(((dot(rest, rest) / (STEPS - 2)) * zz) / determinant) };
}

function indexOf(at: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(at % shape[axis]!);
    at = Math.floor(at / shape[axis]!);
  }
  return index;
}
