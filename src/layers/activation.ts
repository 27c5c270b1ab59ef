import { checkNotNegative, checkOneOf, checkOptions } from "../check.ts";
import type { Layer } from "./layer.ts";

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

export interface LeakyReluLayer extends SameLayer {
  readonly slope?: number;
}
export interface EluLayer extends SameLayer {
  readonly alpha?: number;
}
export interface GeluLayer extends SameLayer {
  readonly approximate?: "none" | "tanh";
}

/** x above 0, slope·x below. Slope 0.01, PyTorch's default. Maas et al. 2013. */
export function leakyRelu(options: { slope?: number } = {}): LeakyReluLayer {
  checkOptions("leakyRelu", options, ["slope"]);
  const layer = { kind: "leakyRelu", ...options };
  checkLeakyRelu(layer, "leakyRelu");
  return layer;
}

/** x above 0, alpha·(eˣ - 1) below. Alpha 1, PyTorch's default. Clevert et al. 2016. */
export function elu(options: { alpha?: number } = {}): EluLayer {
  checkOptions("elu", options, ["alpha"]);
  const layer = { kind: "elu", ...options };
  checkElu(layer, "elu");
  return layer;
}

/** x·Φ(x); with `approximate: "tanh"` ½x(1 + tanh(√(2/π)(x + 0.044715x³))). Hendrycks & Gimpel 2016. */
export function gelu(options: { approximate?: "none" | "tanh" } = {}): GeluLayer {
  checkOptions("gelu", options, ["approximate"]);
  const layer = { kind: "gelu", ...options };
  checkGelu(layer, "gelu");
  return layer;
}

/** e^xᵢ / Σ e^xⱼ over the last axis. Not before softmaxCrossEntropy, which takes logits. */
export const softmax = (): SameLayer => plain("softmax");
/** ln softmax over the last axis. */
export const logSoftmax = (): SameLayer => plain("logSoftmax");

// Not negative: the gradient is taken from the sign of the output, which a negative slope would turn round.
export const checkLeakyRelu = ({ slope = 0.01 }: LeakyReluLayer, where: string): void => checkNotNegative(`${where}: slope`, slope);
export const checkElu = ({ alpha = 1 }: EluLayer, where: string): void => checkNotNegative(`${where}: alpha`, alpha);
export const checkGelu = ({ approximate = "none" }: GeluLayer, where: string): void =>
  checkOneOf(`${where}: approximate`, approximate, ["none", "tanh"]);
