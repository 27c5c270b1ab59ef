/**
 * What a net comes down to before it has memory: its layers with their rules and shapes, its parameters with their names,
 * and the forward ops of all layers in a program. Layers may hold layers; their names are then paths: "3.0".
 */
import { OptionError, ShapeError } from "../errors.ts";
import { checkFits, type InitializerSpec } from "../initializers.ts";
import { BATCH_NORM_EPS } from "../layers/batchNorm.ts";
import type { Layer } from "../layers/layer.ts";
import type { Branch, Fold, LayerRule, ParameterBuffers, ParameterSpec } from "../layers/rule.ts";
import { ruleOf } from "../layers/rules.ts";
import type { Net } from "../net.ts";
import type { Buffer, Builder, Value } from "../program/builder.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { defaultInits } from "./defaultInit.ts";

/** A layer in its place. Names count without the input, as PyTorch's nn.Sequential does. */
export interface PlacedLayer {
  readonly layer: Layer;
  readonly rule: LayerRule;
  /** "3", within a layer "3.0". */
  readonly path: string;
  /** Number of its random stream: its place among all layers, holders before what they hold. */
  readonly stream: number;
  /** "layer 3 (dense)", as messages and profiles name it. */
  readonly where: string;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameters: readonly ParameterSpec[];
  /** The layers that it holds. */
  readonly branches: readonly (readonly PlacedLayer[])[];
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
  /** One after another, without what they hold. */
  readonly layers: readonly PlacedLayer[];
  /** All of them, holders before what they hold. */
  readonly allLayers: readonly PlacedLayer[];
  readonly parameters: readonly PlacedParameter[];
}

/** @throws OptionError or ShapeError naming the layer that does not fit. */
export function layoutOf(net: Net): Layout {
  const inputLayer = net.layers[0]!;
  const rule = ruleOf(inputLayer, "input");
  rule.check(inputLayer, "input");
  const inputShape = rule.outputShape(inputLayer, [], "input");
  checkSize(inputShape, "input");
  let stream = 0;
  const place = (branch: Branch, prefix: string, input: Shape): PlacedLayer[] => {
    let shape = input;
    return branch.map(([name, layer]) => {
      const placed = placeLayer(layer, prefix + name, shape, stream++, (inner, from) => place(inner, `${prefix}${name}.`, from));
      shape = placed.outputShape;
      return placed;
    });
  };
  const layers = place(
    net.layers.slice(1).map((layer, index) => [String(index), layer]),
    "",
    inputShape,
  );
  const allLayers = layers.flatMap(withInner);
  const inits = defaultInits(layers);
  const parameters = allLayers.flatMap((placed) =>
    placed.parameters.map((spec): PlacedParameter => {
      const init = spec.init === "default" ? inits.get(placed)! : spec.init;
      checkFits(`${placed.where}: ${spec.name}`, init, spec.shape);
      return { ...spec, name: `${placed.path}.${spec.name}`, layer: placed, init };
    }),
  );
  return { inputShape, outputShape: layers.at(-1)?.outputShape ?? inputShape, layers, allLayers, parameters };
}

const withInner = (placed: PlacedLayer): PlacedLayer[] => [placed, ...placed.branches.flat().flatMap(withInner)];

function placeLayer(
  layer: Layer,
  path: string,
  inputShape: Shape,
  stream: number,
  place: (branch: Branch, input: Shape) => PlacedLayer[],
): PlacedLayer {
  const where = `layer ${path} (${layer.kind})`;
  if (layer.kind === "input") throw new OptionError(`${where}: only the first layer of a net may be input(...)`);
  const general = ruleOf(layer, where);
  general.check(layer, where);
  const rule = general.at?.(inputShape) ?? general;
  const branches: PlacedLayer[][] = [];
  const outputShape =
    rule.nest?.(layer, inputShape, where, (branch) => {
      const placed = place(branch, inputShape);
      branches.push(placed);
      return placed.at(-1)?.outputShape ?? inputShape;
    }) ?? rule.outputShape(layer, inputShape, where);
  checkSize(outputShape, where);
  return { layer, rule, path, stream, where, inputShape, outputShape, parameters: rule.parameters(layer, inputShape), branches };
}

function checkSize(shape: Shape, where: string): void {
  if (!Number.isSafeInteger(sizeOf(shape))) throw new ShapeError(`${where}: rows of shape [${shape.join(", ")}] are too large`);
}

/** Where a program finds the parameters, by name. */
export type FindParameter = (name: string) => ParameterBuffers;

/**
 * Writes the forward ops of all layers, and tells `visit` the output of each. In inference a batch-norm of features right after a
 * product is folded into it.
 */
export function writeForward(
  layout: Layout,
  builder: Builder,
  x: Value,
  find: FindParameter,
  control: Buffer,
  visit?: (placed: PlacedLayer, output: Value) => void,
): Value {
  const value = writeLayers(layout.layers, builder, x, { find, control, visit });
  builder.label = "";
  return value;
}

interface ForwardParts {
  readonly find: FindParameter;
  readonly control: Buffer;
  readonly visit: ((placed: PlacedLayer, output: Value) => void) | undefined;
}

function writeLayers(layers: readonly PlacedLayer[], builder: Builder, x: Value, parts: ForwardParts): Value {
  const { find, control, visit } = parts;
  let value = x;
  for (let i = 0; i < layers.length; i++) {
    const placed = layers[i]!;
    const { rule, layer, stream, where } = placed;
    const next = layers[i + 1];
    const canFold = builder.mode !== "train" && rule.canFold?.(layer, builder.mode);
    const fold = canFold && next !== undefined && isFoldable(next) ? foldOf(next, find) : undefined;
    const branches = placed.branches.map((branch) => (from: Value) => {
      const inner = writeLayers(branch, builder, from, parts);
      builder.label = where;
      return inner;
    });
    builder.label = where;
    value = rule.forward(layer, { builder, x: value, parameters: parametersOf(placed, find), stream, control, branches, fold });
    visit?.(placed, value);
    if (fold !== undefined) i++;
  }
  return value;
}

function parametersOf(placed: PlacedLayer, find: FindParameter): Record<string, ParameterBuffers> {
  return Object.fromEntries(placed.parameters.map(({ name }) => [name, find(`${placed.path}.${name}`)]));
}

/** A product scales its last axis; of rows of more axes a batch-norm scales the first. */
function isFoldable({ layer, inputShape }: PlacedLayer): boolean {
  return layer.kind === "batchNorm" && inputShape.length === 1;
}

function foldOf(placed: PlacedLayer, find: FindParameter): Fold {
  const { eps } = placed.layer as { eps?: number };
  return { parameters: parametersOf(placed, find), eps: eps ?? BATCH_NORM_EPS };
}
