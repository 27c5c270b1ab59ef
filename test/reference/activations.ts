/** The activations in float64: value and derivative at x. `from` says whether the gradient kernel is given the input or the output. */
import * as abi from "../../assembly/abi.ts";

export interface Activation {
  kind: number;
  from: "input" | "output";
  value(x: number, p: number): number;
  derivative(x: number, p: number): number;
}

const SCALE = 1.0507009873554805;
const ALPHA = 1.6732632423543772;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const density = (x: number) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Φ(x): the series ½ + φ(x) (x + x³/3 + x⁵/(3·5) + ...), and Laplace's continued fraction φ(x) / (|x| + 1 / (|x| + 2 / ...)) far left. */
export function normalCdf(x: number): number {
  if (x < -4) {
    let fraction = -x;
    for (let k = 60; k > 0; k--) fraction = -x + k / fraction;
    return density(x) / fraction;
  }
  if (x > 4) return 1 - normalCdf(-x);
  let term = x;
  let sum = x;
  for (let k = 3; k < 140; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + density(x) * sum;
}

const INNER = Math.sqrt(2 / Math.PI);

export const activations: Record<string, Activation> = {
  relu: { kind: abi.ACTIVATION_RELU, from: "output", value: (x) => Math.max(x, 0), derivative: (x, p) => (x > 0 ? p : 0) },
  leakyRelu: {
    kind: abi.ACTIVATION_LEAKY_RELU,
    from: "output",
    value: (x, p) => (x > 0 ? x : p * x),
    derivative: (x, p) => (x > 0 ? 1 : p),
  },
  elu: {
    kind: abi.ACTIVATION_ELU,
    from: "output",
    value: (x, p) => (x > 0 ? x : p * Math.expm1(x)),
    derivative: (x, p) => (x > 0 ? 1 : p * Math.exp(x)),
  },
  selu: {
    kind: abi.ACTIVATION_SELU,
    from: "output",
    value: (x) => SCALE * (x > 0 ? x : ALPHA * Math.expm1(x)),
    derivative: (x) => SCALE * (x > 0 ? 1 : ALPHA * Math.exp(x)),
  },
  gelu: {
    kind: abi.ACTIVATION_GELU,
    from: "input",
    value: (x) => x * normalCdf(x),
    derivative: (x) => normalCdf(x) + x * density(x),
  },
  geluTanh: {
    kind: abi.ACTIVATION_GELU_TANH,
    from: "input",
    value: (x) => x * sigmoid(2 * INNER * (x + 0.044715 * x * x * x)),
    derivative: (x) => {
      const s = sigmoid(2 * INNER * (x + 0.044715 * x * x * x));
      return s + x * s * (1 - s) * 2 * INNER * (1 + 3 * 0.044715 * x * x);
    },
  },
  silu: {
    kind: abi.ACTIVATION_SILU,
    from: "input",
    value: (x) => x * sigmoid(x),
    derivative: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  },
  hardtanh: {
    kind: abi.ACTIVATION_HARDTANH,
    from: "output",
    value: (x) => Math.min(Math.max(x, -1), 1),
    derivative: (x) => (x > -1 && x < 1 ? 1 : 0),
  },
  relu6: {
    kind: abi.ACTIVATION_RELU6,
    from: "output",
    value: (x) => Math.min(Math.max(x, 0), 6),
    derivative: (x) => (x > 0 && x < 6 ? 1 : 0),
  },
  softplus: { kind: abi.ACTIVATION_SOFTPLUS, from: "input", value: softplus, derivative: sigmoid },
  sigmoid: { kind: abi.ACTIVATION_SIGMOID, from: "output", value: sigmoid, derivative: (x) => sigmoid(x) * sigmoid(-x) },
  tanh: { kind: abi.ACTIVATION_TANH, from: "output", value: Math.tanh, derivative: (x) => 1 - Math.tanh(x) ** 2 },
  softsign: {
    kind: abi.ACTIVATION_SOFTSIGN,
    from: "input",
    value: (x) => x / (1 + Math.abs(x)),
    derivative: (x) => 1 / (1 + Math.abs(x)) ** 2,
  },
  mish: {
    kind: abi.ACTIVATION_MISH,
    from: "input",
    value: (x) => x * Math.tanh(softplus(x)),
    derivative: (x) => {
      const t = Math.tanh(softplus(x));
      return t + x * (1 - t * t) * sigmoid(x);
    },
  },
};
