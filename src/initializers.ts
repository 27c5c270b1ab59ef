/**
 * Initializers as plain data, and how each fills a tensor. Fans follow PyTorch: a weight [out, in] has fan-in `in`, fan-out `out`.
 * Formulas: Glorot & Bengio 2010 (Xavier), He et al. 2015.
 */
import { checkFinite, checkOneOf, checkOptions, checkPositive, fail } from "./check.ts";
import { OptionError } from "./errors.ts";
import type { Shape } from "./shape.ts";
import { sizeOf } from "./shape.ts";

export type FanMode = "fanIn" | "fanOut";

export type InitializerSpec =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "xavierNormal" | "xavierUniform"; readonly gain: number }
  | { readonly kind: "heNormal" | "heUniform"; readonly mode: FanMode; readonly slope: number };

/** What an initializer comes down to for a tensor of a given shape. */
export type Fill =
  | { readonly distribution: "constant"; readonly value: number }
  | { readonly distribution: "normal"; readonly std: number }
  | { readonly distribution: "uniform"; readonly bound: number };

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
  };
  if (kind === undefined || !Object.hasOwn(makers, kind)) fail(where, "an initializer such as heNormal() or zeros()", spec);
  try {
    makers[kind]!(options as never);
  } catch (error) {
    throw new OptionError(`${where}: ${(error as Error).message}`);
  }
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
  }
}
