/** Activations as layers of their own, and softmax and logSoftmax over the last axis. */
import { type ActivationName, activations } from "../activations.ts";
import { checkNotNegative, checkOneOf, checkOptions } from "../check.ts";
import type { Value } from "../program/builder.ts";
import { perRow } from "../program/count.ts";
import { sizeOf } from "../shape.ts";
import type { Layer } from "./layer.ts";
import type { ForwardContext, LayerRule } from "./rule.ts";

export type SameLayer = Layer<{ readonly type: "same" }>;

const plain = (kind: string): SameLayer => ({ kind });

/** max(0, x). Nair & Hinton 2010. Derivative 0 at 0, as PyTorch. */
export const relu = (): SameLayer => plain("relu");
/** ln(1 + eˣ). */
export const softplus = (): SameLayer => plain("softplus");
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = (): SameLayer => plain("sigmoid");
/** Hyperbolic tangent. */
export const tanh = (): SameLayer => plain("tanh");
/** x / (1 + |x|). */
export const softsign = (): SameLayer => plain("softsign");
/** x·sigmoid(x), also called swish. Ramachandran et al. 2017. */
export const silu = (): SameLayer => plain("silu");
/** x·tanh(softplus(x)). Misra 2019. */
export const mish = (): SameLayer => plain("mish");
/** min(max(x, -1), 1). Derivative 0 at ±1, as PyTorch. */
export const hardtanh = (): SameLayer => plain("hardtanh");
/** min(max(x, 0), 6). Krizhevsky 2010. */
export const relu6 = (): SameLayer => plain("relu6");
/** Scaled elu whose fixed point has mean 0 and variance 1. Klambauer et al. 2017. */
export const selu = (): SameLayer => plain("selu");

interface LeakyReluLayer extends SameLayer {
  readonly slope?: number;
}
interface EluLayer extends SameLayer {
  readonly alpha?: number;
}
interface GeluLayer extends SameLayer {
  readonly approximate?: "none" | "tanh";
}

/** x above 0, slope·x below. Slope 0.01, PyTorch's default. Maas et al. 2013. */
export function leakyRelu(options: { slope?: number } = {}): LeakyReluLayer {
  checkOptions("leakyRelu", options, ["slope"]);
  const layer = { kind: "leakyRelu", ...options };
  rules.leakyRelu.check(layer, "leakyRelu");
  return layer;
}

/** x above 0, alpha·(eˣ - 1) below. Alpha 1, PyTorch's default. Clevert et al. 2016. */
export function elu(options: { alpha?: number } = {}): EluLayer {
  checkOptions("elu", options, ["alpha"]);
  const layer = { kind: "elu", ...options };
  rules.elu.check(layer, "elu");
  return layer;
}

/** x·Φ(x); with `approximate: "tanh"` ½x(1 + tanh(√(2/π)(x + 0.044715x³))). Hendrycks & Gimpel 2016. */
export function gelu(options: { approximate?: "none" | "tanh" } = {}): GeluLayer {
  checkOptions("gelu", options, ["approximate"]);
  const layer = { kind: "gelu", ...options };
  rules.gelu.check(layer, "gelu");
  return layer;
}

/** e^xᵢ / Σ e^xⱼ over the last axis. Not before softmaxCrossEntropy, which takes logits. */
export const softmax = (): SameLayer => plain("softmax");
/** ln softmax over the last axis. */
export const logSoftmax = (): SameLayer => plain("logSoftmax");

/** y = f(x) elementwise; the compiler moves it into the product before it where there is one. */
function apply({ builder, x }: ForwardContext, name: ActivationName, p: number): Value {
  const { kind, gradientFrom } = activations[name];
  const count = perRow(sizeOf(x.shape));
  const y: Value = { ...x, buffer: builder.buffer("y", count) };
  builder.emit("activation", { x: x.buffer, y: y.buffer }, { count, kind }, { p });
  return builder.differentiate(y, (dy) => {
    const dx = builder.buffer("dx", count);
    builder.emit("activationGrad", { dy, t: gradientFrom === "x" ? x.buffer : y.buffer, dx }, { count, kind }, { p });
    builder.contribute(x, dx);
  });
}

/** A rule without parameters that keeps the shape. */
function rule<L extends Layer>(
  known: readonly string[],
  check: (layer: L, where: string) => void,
  forward: LayerRule<L>["forward"],
): LayerRule<L> {
  return {
    check(layer, where) {
      const { kind: _, ...options } = layer;
      checkOptions(where, options, known);
      check(layer, where);
    },
    outputShape: (_, input) => input,
    parameters: () => [],
    forward,
  };
}

const simple = (name: ActivationName): LayerRule =>
  rule(
    [],
    () => {},
    (_, context) => apply(context, name, 0),
  );

function byRows(name: "softmax" | "logSoftmax"): LayerRule {
  const forward: LayerRule["forward"] = (_, { builder, x }) => {
    const cols = x.shape.at(-1)!;
    const sizes = { rows: perRow(sizeOf(x.shape) / cols), cols };
    const words = perRow(sizeOf(x.shape));
    const y: Value = { ...x, buffer: builder.buffer("y", words) };
    builder.emit(name, { x: x.buffer, y: y.buffer }, sizes);
    return builder.differentiate(y, (dy) => {
      const dx = builder.buffer("dx", words);
      builder.emit(`${name}Grad`, { dy, y: y.buffer, dx }, sizes);
      builder.contribute(x, dx);
    });
  };
  return rule([], () => {}, forward);
}

const rules = {
  relu: simple("relu"),
  softplus: simple("softplus"),
  sigmoid: simple("sigmoid"),
  tanh: simple("tanh"),
  softsign: simple("softsign"),
  silu: simple("silu"),
  mish: simple("mish"),
  selu: simple("selu"),
  hardtanh: simple("hardtanh"),
  relu6: simple("relu6"),
  leakyRelu: rule<LeakyReluLayer>(
    ["slope"],
    // Not negative: the gradient is taken from the sign of the output, which a negative slope would turn round.
    ({ slope = 0.01 }, where) => checkNotNegative(`${where}: slope`, slope),
    ({ slope = 0.01 }, context) => apply(context, "leakyRelu", slope),
  ),
  elu: rule<EluLayer>(
    ["alpha"],
    ({ alpha = 1 }, where) => checkNotNegative(`${where}: alpha`, alpha),
    ({ alpha = 1 }, context) => apply(context, "elu", alpha),
  ),
  gelu: rule<GeluLayer>(
    ["approximate"],
    ({ approximate = "none" }, where) => checkOneOf(`${where}: approximate`, approximate, ["none", "tanh"]),
    ({ approximate = "none" }, context) => apply(context, approximate === "tanh" ? "geluTanh" : "gelu", 0),
  ),
  softmax: byRows("softmax"),
  logSoftmax: byRows("logSoftmax"),
};

export const activationRules = rules as unknown as Readonly<Record<string, LayerRule>>;
