/**
 * Initializers as plain data, and how each fills a tensor. Fans follow PyTorch: a weight [out, in] has fan-in `in`, fan-out `out`.
 * Formulas: Glorot & Bengio 2010 (Xavier), He et al. 2015, LeCun et al. 1998, Saxe et al. 2014 (orthogonal).
 */
import { checkFinite, checkOneOf, checkOptions, checkPositive, fail } from "./check.ts";
import { DataError, OptionError, ShapeError } from "./errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "./shape.ts";
import { type NestedNumbers, type Tensor, tensor } from "./tensor.ts";

export type FanMode = "fanIn" | "fanOut";
export type ScalingMode = FanMode | "fanAverage";
export type Distribution = "normal" | "truncatedNormal" | "uniform";

export type InitializerSpec =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal" | "truncatedNormal"; readonly std: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "xavierNormal" | "xavierUniform"; readonly gain: number }
  | { readonly kind: "heNormal" | "heUniform"; readonly mode: FanMode; readonly slope: number }
  | { readonly kind: "lecunNormal" | "lecunUniform" }
  | { readonly kind: "varianceScaling"; readonly scale: number; readonly mode: ScalingMode; readonly distribution: Distribution }
  | { readonly kind: "orthogonal"; readonly gain: number }
  | { readonly kind: "fromArray"; readonly values: readonly number[]; readonly shape: Shape };

/** What an initializer comes down to for a tensor of a given shape. */
export type Fill =
  | { readonly distribution: "constant"; readonly value: number }
  | { readonly distribution: "normal"; readonly std: number }
  | { readonly distribution: "uniform"; readonly bound: number }
  /** Deviates within two `std`: their own deviation is 0.88 std. */
  | { readonly distribution: "truncatedNormal"; readonly std: number }
  | { readonly distribution: "orthogonal"; readonly gain: number }
  | { readonly distribution: "values"; readonly values: readonly number[] };

/** All 0. Only for biases: units with equal weights stay equal. */
export const zeros = (): InitializerSpec => ({ kind: "constant", value: 0 });

/** All `value`. */
export function constant(value: number): InitializerSpec {
  checkFinite("constant: value", value);
  return { kind: "constant", value };
}

/** N(0, std²). std 0.01 is the classic choice of the notes; deep nets need heNormal or xavierNormal. */
export function normal({ std = 0.01, ...rest }: { std?: number } = {}): InitializerSpec {
  checkOptions("normal", rest, ["std"]);
  checkPositive("normal: std", std);
  return { kind: "normal", std };
}

/** Uniform on [-bound, bound). */
export function uniform({ bound = 0.05, ...rest }: { bound?: number } = {}): InitializerSpec {
  checkOptions("uniform", rest, ["bound"]);
  checkPositive("uniform: bound", bound);
  return { kind: "uniform", bound };
}

/** N(0, std²), std = gain·√(2 / (fanIn + fanOut)). Glorot & Bengio 2010; gain 1 as PyTorch. */
export function xavierNormal({ gain = 1, ...rest }: { gain?: number } = {}): InitializerSpec {
  checkOptions("xavierNormal", rest, ["gain"]);
  checkPositive("xavierNormal: gain", gain);
  return { kind: "xavierNormal", gain };
}

/** Uniform on ±gain·√(6 / (fanIn + fanOut)). Glorot & Bengio 2010; gain 1 as PyTorch. */
export function xavierUniform({ gain = 1, ...rest }: { gain?: number } = {}): InitializerSpec {
  checkOptions("xavierUniform", rest, ["gain"]);
  checkPositive("xavierUniform: gain", gain);
  return { kind: "xavierUniform", gain };
}

/** N(0, std²), std = √(2 / (1 + slope²)) / √fan. He et al. 2015; slope 0 is for ReLU. */
export function heNormal({ mode = "fanIn", slope = 0, ...rest }: { mode?: FanMode; slope?: number } = {}): InitializerSpec {
  checkHe("heNormal", mode, slope, rest);
  return { kind: "heNormal", mode, slope };
}

/** Uniform on ±√3·std, std as in heNormal. */
export function heUniform({ mode = "fanIn", slope = 0, ...rest }: { mode?: FanMode; slope?: number } = {}): InitializerSpec {
  checkHe("heUniform", mode, slope, rest);
  return { kind: "heUniform", mode, slope };
}

/** N(0, std²) without what lies beyond two std: that leaves a deviation of 0.88 std. */
export function truncatedNormal({ std = 0.01, ...rest }: { std?: number } = {}): InitializerSpec {
  checkOptions("truncatedNormal", rest, ["std"]);
  checkPositive("truncatedNormal: std", std);
  return { kind: "truncatedNormal", std };
}

/** N(0, 1 / fanIn): for selu. LeCun et al. 1998. */
export const lecunNormal = (): InitializerSpec => ({ kind: "lecunNormal" });

/** Uniform on ±√(3 / fanIn). LeCun et al. 1998. */
export const lecunUniform = (): InitializerSpec => ({ kind: "lecunUniform" });

export interface VarianceScalingOptions {
  /** Default 1. */
  scale?: number;
  /** Which fan divides; "fanAverage" is the mean of both. Default "fanIn". */
  mode?: ScalingMode;
  /** Default "truncatedNormal". */
  distribution?: Distribution;
}

/** Deviation √(scale / fan) in any of three distributions, as Keras: the truncated one is widened, so that it has it too. */
export function varianceScaling(options: VarianceScalingOptions = {}): InitializerSpec {
  checkOptions("varianceScaling", options, ["scale", "mode", "distribution"]);
  const { scale = 1, mode = "fanIn", distribution = "truncatedNormal" } = options;
  checkPositive("varianceScaling: scale", scale);
  checkOneOf("varianceScaling: mode", mode, ["fanIn", "fanOut", "fanAverage"]);
  checkOneOf("varianceScaling: distribution", distribution, ["normal", "truncatedNormal", "uniform"]);
  return { kind: "varianceScaling", scale, mode, distribution };
}

/**
 * The weight as a matrix [out, rest] has orthogonal rows, or columns where these are fewer, of norm `gain`: signals keep their
 * length. Drawn uniformly from all such matrices. Saxe et al. 2014; for tensors of two or more axes.
 */
export function orthogonal({ gain = 1, ...rest }: { gain?: number } = {}): InitializerSpec {
  checkOptions("orthogonal", rest, ["gain"]);
  checkPositive("orthogonal: gain", gain);
  return { kind: "orthogonal", gain };
}

/** These values: nested arrays or a tensor of the parameter's shape, or as many flat numbers. They become part of the description. */
export function fromArray(values: NestedNumbers | Tensor): InitializerSpec {
  let taken: Tensor;
  try {
    taken = tensor(values as NestedNumbers);
  } catch (error) {
    if (error instanceof DataError || error instanceof ShapeError) throw new DataError(`fromArray: ${error.message}`);
    throw error;
  }
  const bad = taken.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new DataError(`fromArray: values must be finite numbers in float32, got ${taken.data[bad]} at ${bad}`);
  return { kind: "fromArray", values: Array.from(taken.data), shape: [...taken.shape] };
}

function checkHe(where: string, mode: FanMode, slope: number, rest: object): void {
  checkOptions(where, rest, ["mode", "slope"]);
  checkOneOf(`${where}: mode`, mode, ["fanIn", "fanOut"]);
  checkFinite(`${where}: slope`, slope);
}

/** Checks a spec that came from a user or a file, by making it anew. */
export function checkInitializer(where: string, spec: unknown): void {
  const { kind, ...options } = (typeof spec === "object" && spec !== null ? spec : {}) as { kind?: string };
  const makers: Record<string, (options: never) => InitializerSpec> = {
    constant: ({ value }: { value: number }) => constant(value),
    normal,
    uniform,
    xavierNormal,
    xavierUniform,
    heNormal,
    heUniform,
    truncatedNormal,
    lecunNormal: (rest: object) => plain("lecunNormal", rest, lecunNormal),
    lecunUniform: (rest: object) => plain("lecunUniform", rest, lecunUniform),
    varianceScaling,
    orthogonal,
    fromArray: ({ values, shape }: { values: number[]; shape: Shape }) => fromArray(tensor(values, shape)),
  };
  if (kind === undefined || !Object.hasOwn(makers, kind)) fail(where, "an initializer such as heNormal() or zeros()", spec);
  try {
    makers[kind]!(options as never);
  } catch (error) {
    throw new OptionError(`${where}: ${(error as Error).message}`);
  }
}

function plain(where: string, options: object, make: () => InitializerSpec): InitializerSpec {
  checkOptions(where, options, []);
  return make();
}

/** Whether a parameter of this shape can be filled so. @throws ShapeError, OptionError */
export function checkFits(where: string, spec: InitializerSpec, shape: Shape): void {
  if (spec.kind === "orthogonal" && shape.length < 2)
    throw new OptionError(`${where}: orthogonal is for tensors of two or more axes, got shape ${showShape(shape)}`);
  if (spec.kind !== "fromArray" || sameShape(spec.shape, shape)) return;
  if (spec.shape.length !== 1 || spec.values.length !== sizeOf(shape))
    throw new ShapeError(`${where}: fromArray must have shape ${showShape(shape)}, got ${showShape(spec.shape)}`);
}

export function fansOf(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const field = sizeOf(shape.slice(2));
  return { fanIn: shape[1]! * field, fanOut: shape[0]! * field };
}

export function fillOf(spec: InitializerSpec, shape: Shape): Fill {
  const { fanIn, fanOut } = fansOf(shape);
  const xavier = (gain: number) => gain * Math.sqrt(2 / (fanIn + fanOut));
  const he = (mode: FanMode, slope: number) => Math.sqrt(2 / (1 + slope * slope)) / Math.sqrt(mode === "fanIn" ? fanIn : fanOut);
  const fanAverage = (fanIn + fanOut) / 2;
  const root3 = Math.sqrt(3);
  switch (spec.kind) {
    case "constant":
      return { distribution: "constant", value: spec.value };
    case "normal":
      return { distribution: "normal", std: spec.std };
    case "uniform":
      return { distribution: "uniform", bound: spec.bound };
    case "xavierNormal":
      return { distribution: "normal", std: xavier(spec.gain) };
    case "xavierUniform":
      return { distribution: "uniform", bound: root3 * xavier(spec.gain) };
    case "heNormal":
      return { distribution: "normal", std: he(spec.mode, spec.slope) };
    case "heUniform":
      return { distribution: "uniform", bound: root3 * he(spec.mode, spec.slope) };
    case "truncatedNormal":
      return { distribution: "truncatedNormal", std: spec.std };
    case "lecunNormal":
      return { distribution: "normal", std: 1 / Math.sqrt(fanIn) };
    case "lecunUniform":
      return { distribution: "uniform", bound: root3 / Math.sqrt(fanIn) };
    case "varianceScaling":
      return scaled(spec.distribution, Math.sqrt(spec.scale / { fanIn, fanOut, fanAverage }[spec.mode]));
    case "orthogonal":
      return { distribution: "orthogonal", gain: spec.gain };
    case "fromArray":
      return { distribution: "values", values: spec.values };
  }
}

/** Deviation of a standard normal deviate that is known to lie within two. */
const TRUNCATED_DEVIATION = 0.8796256610342398;

function scaled(distribution: Distribution, std: number): Fill {
  if (distribution === "uniform") return { distribution, bound: Math.sqrt(3) * std };
  return { distribution, std: distribution === "normal" ? std : std / TRUNCATED_DEVIATION };
}
