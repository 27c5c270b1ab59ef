/** The table of activations: name of the layer, kind of the kernel, and which value its gradient is made from. */
import * as abi from "../assembly/abi.ts";

export interface Activation {
  /** ACTIVATION_* of the kernels. */
  readonly kind: number;
  /** Whether the derivative is computed from the output y or from the input x. */
  readonly gradientFrom: "x" | "y";
  /** Whether He's initialization suits the weights before it (He et al. 2015: rectifiers halve the variance). */
  readonly isRectifier: boolean;
}

const row = (kind: number, gradientFrom: "x" | "y", isRectifier = false): Activation => ({ kind, gradientFrom, isRectifier });

export const activations = {
  relu: row(abi.ACTIVATION_RELU, "y", true),
  leakyRelu: row(abi.ACTIVATION_LEAKY_RELU, "y", true),
  elu: row(abi.ACTIVATION_ELU, "y", true),
  selu: row(abi.ACTIVATION_SELU, "y"),
  gelu: row(abi.ACTIVATION_GELU, "x", true),
  geluTanh: row(abi.ACTIVATION_GELU_TANH, "x", true),
  silu: row(abi.ACTIVATION_SILU, "x", true),
  softplus: row(abi.ACTIVATION_SOFTPLUS, "x"),
  sigmoid: row(abi.ACTIVATION_SIGMOID, "y"),
  tanh: row(abi.ACTIVATION_TANH, "y"),
  softsign: row(abi.ACTIVATION_SOFTSIGN, "x"),
  mish: row(abi.ACTIVATION_MISH, "x", true),
  hardtanh: row(abi.ACTIVATION_HARDTANH, "y"),
  relu6: row(abi.ACTIVATION_RELU6, "y", true),
} as const satisfies Record<string, Activation>;

export type ActivationName = keyof typeof activations;
