/**
 * What a net comes down to before it has memory: its layers with their rules and shapes, its parameters with their names,
 * and the forward ops of all layers in a program.
 */
import { activations } from "../activations.ts";
import { ShapeError } from "../errors.ts";
import { checkFits, heNormal, type InitializerSpec, xavierUniform } from "../initializers.ts";
import { BATCH_NORM_EPS } from "../layers/batchNorm.ts";
import type { Layer } from "../layers/layer.ts";
import { PRELU_SLOPE } from "../layers/prelu.ts";
import type { Fold, LayerRule, ParameterBuffers, ParameterSpec } from "../layers/rule.ts";
import { ruleOf } from "../layers/rules.ts";
import type { Net } from "../net.ts";
import type { Buffer, Builder, Value } from "../program/builder.ts";
import { type Shape, sizeOf } from "../shape.ts";

/** A layer in its place. `index` counts without the input, as PyTorch's nn.Sequential does. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly rule: LayerRule;
  readonly index: number;
  /** "layer 3 (dense)", as messages and profiles name it. */
  readonly where: string;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameters: readonly ParameterSpec[];
}

export interface PlacedParameter extends Omit<ParameterSpec, "init"> {
  /** "0.weight" */
  readonly name: string;
  readonly layer: PlacedLayer;
  readonly init: InitializerSpec;
}

export interface Layout {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly layers: readonly PlacedLayer[];
  readonly parameters: readonly PlacedParameter[];
}

/** @throws OptionError or ShapeError naming the layer that does not fit. */
export function layoutOf(net: Net): Layout {
  const layers: PlacedLayer[] = [];
  let shape: Shape = [];
  net.layers.forEach((layer, position) => {
    const index = position - 1;
    const where = index < 0 ? "input" : `layer ${index} (${layer.kind})`;
    const rule = ruleOf(layer, where);
    rule.check(layer, where);
    const inputShape = shape;
    shape = rule.outputShape(layer, shape, where);
    if (!Number.isSafeInteger(sizeOf(shape))) throw new ShapeError(`${where}: rows of shape [${shape.join(", ")}] are too large`);
    if (index < 0) return;
    layers.push({ layer, rule, index, where, inputShape, outputShape: shape, parameters: rule.parameters(layer, inputShape) });
  });
  const inputLayer = net.layers[0]!;
  const inputShape = ruleOf(inputLayer, "input").outputShape(inputLayer, [], "input");
  const parameters = layers.flatMap((placed) =>
    placed.parameters.map((spec): PlacedParameter => {
      const init = spec.init === "default" ? defaultInit(layers, placed.index) : spec.init;
      checkFits(`${placed.where}: ${spec.name}`, init, spec.shape);
      return { ...spec, name: `${placed.index}.${spec.name}`, layer: placed, init };
    }),
  );
  return { inputShape, outputShape: shape, layers, parameters };
}

/** Layers through which the search for the activation after a weight looks. */
const TRANSPARENT = ["batchNorm", "layerNorm", "dropout", "flatten", "reshape"];

/** He's normal before a rectifier, Xavier's uniform else (He et al. 2015; Glorot & Bengio 2010). */
function defaultInit(layers: readonly PlacedLayer[], index: number): InitializerSpec {
  const next = layers.slice(index + 1).find(({ layer }) => !TRANSPARENT.includes(layer.kind))?.layer;
  if (next?.kind === "prelu") return heNormal({ slope: PRELU_SLOPE });
  if (next === undefined || !Object.hasOwn(activations, next.kind)) return xavierUniform();
  if (!activations[next.kind as keyof typeof activations].isRectifier) return xavierUniform();
  const { slope = 0.01 } = next as { slope?: number };
  return heNormal({ slope: next.kind === "leakyRelu" ? slope : 0 });
}

/** Where a program finds the parameters, by name. */
export type FindParameter = (name: string) => ParameterBuffers;

/** Writes the forward ops of all layers. In inference a batch-norm right after a product is folded into it. */
export function writeForward(layout: Layout, builder: Builder, x: Value, find: FindParameter, control: Buffer): Value {
  let value = x;
  for (let i = 0; i < layout.layers.length; i++) {
    const placed = layout.layers[i]!;
    const next = layout.layers[i + 1];
    const fold = builder.mode !== "train" && placed.rule.canFold && next?.layer.kind === "batchNorm" ? foldOf(next, find) : undefined;
    builder.label = placed.where;
    const parameters = parametersOf(placed, find);
    value = placed.rule.forward(placed.layer, { builder, x: value, parameters, stream: placed.index, control, fold });
    if (fold !== undefined) i++;
  }
  builder.label = "";
  return value;
}

function parametersOf(placed: PlacedLayer, find: FindParameter): Record<string, ParameterBuffers> {
  return Object.fromEntries(placed.parameters.map(({ name }) => [name, find(`${placed.index}.${name}`)]));
}

function foldOf(placed: PlacedLayer, find: FindParameter): Fold {
  const { eps } = placed.layer as { eps?: number };
  return { parameters: parametersOf(placed, find), eps: eps ?? BATCH_NORM_EPS };
}
