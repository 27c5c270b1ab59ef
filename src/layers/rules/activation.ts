/** Activations at work: one op each, softmax and logSoftmax by rows. */
import { type ActivationName, activations } from "../../activations.ts";
import { checkOptions } from "../../check.ts";
import type { Value } from "../../program/builder.ts";
import { perRow } from "../../program/count.ts";
import { sizeOf } from "../../shape.ts";
import { checkElu, checkGelu, checkLeakyRelu, type EluLayer, type GeluLayer, type LeakyReluLayer } from "../activation.ts";
import type { Layer } from "../layer.ts";
import type { ForwardContext, LayerRule } from "../rule.ts";

/** y = f(x) elementwise; the compiler moves it into the product before it where there is one, a relu also into a batch normalization. */
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

/** p: of relu the factor of its gradient, which a dropout behind it may raise (program/maskless.ts); else unused. */
const simple = (name: ActivationName, p = 0): LayerRule =>
  rule(
    [],
    () => {},
    (_, context) => apply(context, name, p),
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
  relu: simple("relu", 1),
  softplus: simple("softplus"),
  sigmoid: simple("sigmoid"),
  tanh: simple("tanh"),
  softsign: simple("softsign"),
  silu: simple("silu"),
  mish: simple("mish"),
  selu: simple("selu"),
  hardtanh: simple("hardtanh"),
  relu6: simple("relu6"),
  leakyRelu: rule<LeakyReluLayer>(["slope"], checkLeakyRelu, ({ slope = 0.01 }, context) => apply(context, "leakyRelu", slope)),
  elu: rule<EluLayer>(["alpha"], checkElu, ({ alpha = 1 }, context) => apply(context, "elu", alpha)),
  gelu: rule<GeluLayer>(["approximate"], checkGelu, ({ approximate = "none" }, context) =>
    apply(context, approximate === "tanh" ? "geluTanh" : "gelu", 0),
  ),
  softmax: byRows("softmax"),
  logSoftmax: byRows("logSoftmax"),
};

export const activationRules = rules as unknown as Readonly<Record<string, LayerRule>>;
